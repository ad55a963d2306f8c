"""What is kept about members who spoke for their company to its tax office."""

from collections.abc import Sequence

from partner_network.kernel.sentences import Sentence
from partner_network.privacy.rules.holdings import Holding, columns

_AS_LONG_AS_INVOICES = Sentence("as long as the invoices that rest on it")

HOLDINGS: Sequence[Holding] = (
    Holding(
        table="tax_profiles",
        about="members",
        holds=Sentence("who recorded a company's tax profile; its name and address may be a person's own"),
        ground="legal duty",
        kept=_AS_LONG_AS_INVOICES,
        erasure="keep",
        columns=columns("recorded_by", "legal_name", "address", "country"),
        actors=("recorded_by",),
        shown=("valid_from", "recorded_at"),
    ),
    Holding(
        table="self_billing_agreements",
        about="members",
        holds=Sentence("who agreed that another company writes its invoices, and who ended that"),
        ground="contract",
        kept=_AS_LONG_AS_INVOICES,
        erasure="keep",
        columns=columns("agreed_by", "ended_by"),
        actors=("agreed_by", "ended_by"),
        shown=("agreed_at", "ended_at"),
    ),
)
