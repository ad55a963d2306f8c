"""What one statement says, frozen: the one value that every document of it is made from."""

from collections import Counter
from collections.abc import Mapping
from datetime import date, datetime
from types import MappingProxyType

import msgspec

from partner_network.kernel.sentences import Sentence
from partner_network.languages import spoken
from partner_network.languages.catalogs import translated
from partner_network.languages.spoken import Language

KIND_LABELS: Mapping[str, Sentence] = MappingProxyType(
    {
        "earned": Sentence("Commission"),
        "bonus": Sentence("Bonuses"),
        "late": Sentence("Late commission"),
        "adjustment": Sentence("Adjustments"),
        "reversed": Sentence("Reversals"),
        "recovered": Sentence("Recovered clawbacks"),
        "tax_recovered": Sentence("Recovered tax of credit notes"),
        "held": Sentence("Held back"),
        "released": Sentence("Let go"),
        "dispute": Sentence("Disputed and released"),
    }
)


class Party(msgspec.Struct, frozen=True):
    """A company as a statement names it; the address is one line each."""

    legal_name: str
    address: tuple[str, ...]
    tax_id: str | None = None


class Line(msgspec.Struct, frozen=True):
    """What moved the account, for which order, under which clause; minor units, plus is the payee's."""

    on: date
    kind: str
    amount_minor: int
    order_id: str | None = None
    program: str | None = None
    component: str | None = None
    earning_period: str | None = None
    clause: str | None = None
    base_minor: int | None = None


class Tax(msgspec.Struct, frozen=True):
    """Tax on what the statement newly credits: base and amount in minor units, the rate in ppm."""

    label: str
    base_minor: int
    rate_ppm: int
    amount_minor: int
    clause: str | None = None


class Movement(msgspec.Struct, frozen=True):
    """Money that left the account by a payment or by netting; `reference` names the transfer or statement."""

    on: date
    reference: str
    amount_minor: int
    clause: str | None = None


class SignOff(msgspec.Struct, frozen=True):
    """Who prepared or approved, and when."""

    name: str
    at: datetime


class StatementDocument(msgspec.Struct, frozen=True, kw_only=True):
    """Everything a statement shows; amounts are minor units of `currency`, plus is in the payee's favour.

    `last_day` belongs to the period. Errors: ValueError when the amounts do not add up to the closing.
    """

    number: str
    payer: Party
    payee: Party
    operator_name: str
    period_label: str
    first_day: date
    last_day: date
    time_zone: str
    currency: str
    issued_on: date
    opening_minor: int
    closing_minor: int
    content_hash: str
    verify_url: str
    language: Language = spoken.SOURCE
    lines: tuple[Line, ...] = ()
    taxes: tuple[Tax, ...] = ()
    netted: tuple[Movement, ...] = ()
    paid: tuple[Movement, ...] = ()
    carried_reason: str | None = None
    last_reason: str | None = None
    """Why it is paid though it is below the minimum."""
    prepared_by: SignOff | None = None
    approved_by: SignOff | None = None

    def __post_init__(self) -> None:
        sum_minor = self.opening_minor + sum(
            part.amount_minor for parts in (self.lines, self.taxes, self.netted, self.paid) for part in parts
        )
        if sum_minor != self.closing_minor:
            raise ValueError(
                f"statement {self.number} adds up to {sum_minor} minor units, "
                f"not to its closing {self.closing_minor}"
            )
        unknown = {line.kind for line in self.lines} - KIND_LABELS.keys()
        if unknown:
            raise ValueError(f"statement {self.number} has lines of unknown kinds {sorted(unknown)}")


class KindTotal(msgspec.Struct, frozen=True):
    """How many lines of one kind there are, and their sum in minor units."""

    label: str
    count: int
    amount_minor: int


def kind_totals(document: StatementDocument) -> list[KindTotal]:
    """Return the lines summed by kind, in the order a statement names them."""
    counts = Counter(line.kind for line in document.lines)
    sums = Counter[str]()
    for line in document.lines:
        sums[line.kind] += line.amount_minor
    return [
        KindTotal(translated(label), counts[kind], sums[kind])
        for kind, label in KIND_LABELS.items()
        if counts[kind]
    ]
