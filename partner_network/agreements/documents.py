"""The contract as people read it and as they sign it: filled in, fingerprinted, ready for the printer."""

import hashlib
from base64 import b64encode
from collections.abc import Callable
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Any, cast

import msgspec
from jinja2 import BaseLoader, Environment, PackageLoader, StrictUndefined, Template
from markupsafe import Markup

from partner_network.agreements import contracts, terms_reading, wording
from partner_network.agreements.plain_text import plain_text
from partner_network.agreements.terms import Terms

FORM = "Agreement text, form 1"


class Party(msgspec.Struct, frozen=True):
    """A company as the contract names it; the address is one line each."""

    name: str
    legal_name: str
    address: tuple[str, ...]


class Parties(msgspec.Struct, frozen=True):
    """Who agrees on what program, through whose network, under which law."""

    advertiser: Party
    partner: Party
    operator: Party
    program: str
    governing_law: str
    courts: str


class Signature(msgspec.Struct, frozen=True):
    """One brand's signing: by whom, as what, when, from which shortened network address."""

    brand: str
    name: str
    role: str
    at: datetime
    truncated_address: str


class AgreementDocument(msgspec.Struct, frozen=True):
    """All that the printed agreement shows; without signatures it is the copy for reading."""

    number: str
    contract_name: str
    contract_version: str
    terms_toml: str
    parties: Parties
    signatures: tuple[Signature, ...] = ()


def agreement_html(document: AgreementDocument) -> str:
    """Return the agreement as one printable page of HTML, its terms and its plain text attached as files."""
    unsigned = unsigned_text(
        document.contract_name, document.contract_version, document.terms_toml, document.parties
    )
    signed = {signature.brand: signature for signature in document.signatures}
    return _template("agreement.html").render(
        document=document,
        clauses=Markup(_clauses(document)),  # noqa: S704 - our own template, escaped as it was filled
        terms=_by_key(terms_reading.read_terms(document.terms_toml)),
        content_hash=_hash(unsigned),
        signers=[(party, signed.get(party.name)) for party in _signing(document.parties)],
        signed_at=max((signature.at.astimezone(UTC) for signature in document.signatures), default=None),
        terms_attachment=_attachment(document.terms_toml),
        text_attachment=_attachment(unsigned),
    )


def unsigned_text(contract_name: str, version: str, terms_toml: str, parties: Parties) -> str:
    """Return the plain text that both sides sign: the filled-in clauses, the parties, the terms verbatim."""
    terms_toml = terms_toml.replace("\r\n", "\n")
    document = AgreementDocument("", contract_name, version, terms_toml, parties)
    return "\n".join(
        [
            FORM,
            f"Contract {contract_name}, version {version}\n",
            plain_text(_clauses(document)),
            f"Parties\n{msgspec.json.encode(parties, order='sorted').decode()}\n",
            f"Annex A: terms\n{terms_toml}",
        ]
    )


def content_hash(contract_name: str, version: str, terms_toml: str, parties: Parties) -> str:
    """Return the fingerprint that both sides sign: the SHA-256 of the unsigned text in UTF-8, as hex digits.

    Errors: NotFoundError for a contract that was never published, InvalidError for terms it cannot take.
    """
    return _hash(unsigned_text(contract_name, version, terms_toml, parties))


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _signing(parties: Parties) -> tuple[Party, Party]:
    return parties.advertiser, parties.partner


def clauses_html(contract: contracts.Contract, parties: Parties, terms: Terms) -> str:
    """Return the contract's numbered clauses with the parties and terms filled in, escaped."""
    return _contract_template(contract.template).render(parties=parties, terms=_by_key(terms))


def _clauses(document: AgreementDocument) -> str:
    contract = contracts.published(document.contract_name, document.contract_version)
    return clauses_html(contract, document.parties, terms_reading.read_terms(document.terms_toml))


def _by_key(terms: Terms) -> dict[str, Any]:
    # Keys as in the file, whatever the structs call them: the published templates outlive our names.
    return cast("dict[str, Any]", msgspec.to_builtins(terms, builtin_types=(date,)))


def _attachment(text: str) -> str:
    return f"data:text/plain;charset=utf-8;base64,{b64encode(text.encode()).decode()}"


@lru_cache(maxsize=32)
def _contract_template(source: str) -> Template:
    return _environment(None).from_string(source)


def _template(name: str) -> Template:
    return _environment(PackageLoader("partner_network.agreements")).get_template(name)


@lru_cache(maxsize=4)
def _environment(loader: BaseLoader | None) -> Environment:
    environment = Environment(loader=loader, autoescape=True, undefined=StrictUndefined)
    filters: dict[str, Callable[..., str]] = {
        "counted": wording.counted,
        "percent": wording.percent,
        "percent_words": wording.percent_in_words,
        "money": wording.amount,
        "money_words": wording.amount_in_words,
        "times": wording.times,
        "day": wording.long_date,
        "instant": wording.instant,
        "listed": wording.listed,
    }
    environment.filters.update(filters)
    return environment
