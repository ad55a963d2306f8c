"""What people read for the fields of forms, and of the records in the audit trail."""

from collections.abc import Mapping
from types import MappingProxyType

from partner_network.kernel.sentences import Sentence
from partner_network.languages import catalogs

_WORDS: Mapping[str, Sentence] = MappingProxyType(
    {
        "address": Sentence("address"),
        "agreement": Sentence("agreement"),
        "amount_minor": Sentence("amount in minor units"),
        "brand": Sentence("brand"),
        "by": Sentence("who"),
        "code": Sentence("code"),
        "content_hash": Sentence("hash of the content"),
        "contract": Sentence("contract"),
        "contract_version": Sentence("version of the contract"),
        "country": Sentence("country"),
        "currency": Sentence("currency"),
        "customer_language": Sentence("language of customers"),
        "destination_url": Sentence("destination"),
        "email": Sentence("e-mail"),
        "expires_at": Sentence("ends at"),
        "file": Sentence("file"),
        "has_given_factor": Sentence("gave a second factor"),
        "in_review": Sentence("in review"),
        "is_in_force": Sentence("in force"),
        "kind": Sentence("kind"),
        "language": Sentence("language"),
        "lasts_days": Sentence("lasts for days"),
        "legal_name": Sentence("registered name"),
        "mode": Sentence("mode"),
        "name": Sentence("name"),
        "new": Sentence("new password"),
        "note": Sentence("note"),
        "number": Sentence("number"),
        "old": Sentence("present password"),
        "overlap_hours": Sentence("overlap in hours"),
        "partnership": Sentence("partnership"),
        "password": Sentence("password"),
        "period": Sentence("period"),
        "program": Sentence("program"),
        "reason": Sentence("reason"),
        "replaced_by": Sentence("followed by"),
        "revoked_at": Sentence("revoked at"),
        "role": Sentence("role"),
        "roles": Sentence("roles"),
        "rows": Sentence("rows"),
        "scopes": Sentence("rights"),
        "since": Sentence("from"),
        "slug": Sentence("short name"),
        "status": Sentence("status"),
        "tax_id": Sentence("tax number"),
        "tax_rate_ppm": Sentence("tax rate in ppm"),
        "terms": Sentence("terms"),
        "time_zone": Sentence("time zone"),
        "title": Sentence("title"),
        "until": Sentence("until"),
        "version": Sentence("version"),
    }
)


def words(name: str) -> str:
    """Name a field in the present language; one that nobody placed here is named as the code has it."""
    return catalogs.translated(_WORDS[name]) if name in _WORDS else name.replace("_", " ")
