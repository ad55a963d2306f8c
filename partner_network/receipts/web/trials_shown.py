"""What the pages show of a trial: its headline, its table, what it changes, and the same as a file."""

import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from types import MappingProxyType
from typing import Any

from babel.numbers import format_decimal
from litestar import Response
from litestar.response import Template

from partner_network.identity.rules.permissions import Member
from partner_network.identity.web.listings import Listing, csv_answer
from partner_network.kernel import ids
from partner_network.kernel.sentences import Sentence
from partner_network.languages import spoken
from partner_network.languages.catalogs import say, translated
from partner_network.receipts.trials import fields, numbers, plain, queries, reading, result
from partner_network.receipts.trials.queries import Subject, Trial
from partner_network.receipts.trials.result import Amounts, Paid, Result
from partner_network.receipts.trials.rules import Preset
from partner_network.receipts.what_if.values import Figures

TRIALS_MAX = 500
_STATES = ("waiting", "running", "done", "failed")
_ORDERS: Mapping[str, Callable[[Trial], Any]] = MappingProxyType(
    {"asked": lambda one: one.asked_at, "program": lambda one: one.program_name.casefold()}
)
PRESET_WORDS: Mapping[Preset, Sentence] = MappingProxyType(
    {
        "last_30_days": Sentence("The last 30 days"),
        "last_90_days": Sentence("The last 90 days"),
        "last_365_days": Sentence("The last 365 days"),
        "last_month": Sentence("Last month"),
        "last_quarter": Sentence("Last quarter"),
        "other": Sentence("Other days"),
    }
)
_NUMBER = re.compile(r"\[(\d+)\]")
_OF_COMPONENT = re.compile(r"commission\.components\[(\d+)\]\.(.+)")
_OF_TIER = re.compile(r"tiers\[(\d+)\]\.(.+)")
COLUMNS = (
    "trial", "from", "to", "partner", "partner_id", "partnership", "currency", "credits_before",
    "credits_after", "net_before", "net_after", "commission_before", "commission_after", "bonus_before",
    "bonus_after", "paid_before", "paid_after", "difference", "unpriced",
)  # fmt: skip
NUMBERS = frozenset(range(COLUMNS.index("credits_before"), COLUMNS.index("unpriced")))


def label_of(path: str) -> str:
    """Return what an input is called by the path of its key; the path itself where it has no input."""
    if found := _OF_COMPONENT.fullmatch(path):
        component, key = int(found[1]) + 1, found[2]
        if tier := _OF_TIER.fullmatch(key):
            label: str = fields.LABELS.get(f"tier.{tier[2]}", Sentence(tier[2]))
            return say(
                "Component {component}, tier {tier}, {label}",
                component=component,
                tier=int(tier[1]) + 1,
                label=translated(label),
            )
        label = Sentence("Tiers") if key == "tiers" else fields.LABELS.get(f"component.{key}", Sentence(key))
        return say("Component {component}, {label}", component=component, label=translated(label))
    return translated(fields.LABELS[path]) if path in fields.LABELS else path


async def all_of(member: Member, query: Mapping[str, str]) -> Response[Any]:
    """List the trials of somebody's brand, the newest first, or give them as a file."""
    listing, found = Listing.read(query, _ORDERS, "-asked", filters={"state": _STATES}).cut(
        await queries.newest_trials_of(member, limit=TRIALS_MAX),
        by=_ORDERS,
        text=lambda one: f"{one.program_name} {one.partner_name or ''} {one.advertiser_name}",
        values={"state": lambda one: one.status},
    )
    if listing.wants_csv:
        return csv_answer("trials", COLUMNS, [row for one in found for row in _rows(one)], numbers=NUMBERS)
    return Template(
        "receipts/trials_list.html",
        context={
            "trials": [(one, headline(one)) for one in found],
            "listing": listing,
            "at_operator": member.is_operator,
        },
    )


async def page_of(member: Member, trial: Trial) -> Template:
    """Show how far a trial is, or what came out."""
    subject = await queries.subject_of(member, trial.program_id, trial.partnership_id)
    after = plain.document_of(reading.read(trial.terms_toml))
    return Template(
        "receipts/trials_one.html",
        context={
            "trial": trial,
            "subject": subject,
            "headline": headline(trial),
            "rows": [] if trial.result is None else shifts(trial.result),
            "changes": plain.changes(before_of(subject), after),
            "has_policy_alone": "commission" not in after,
            "for_everybody": [] if trial.partnership_id else plain.said({**after, "program": {}}),
            "before_toml": subject.terms_toml if trial.partnership_id else None,
            "name_of": {} if trial.result is None else names_in(trial.result),
            "unpriced": [] if trial.result is None else [one for one in trial.result.rows if one.unpriced],
            "why_unpriced": result.why_unpriced,
            "credits_shown": credits_shown,
        },
    )


def before_of(subject: Subject) -> dict[str, Any]:
    """Return what a trial is compared with in words: one partnership's signed terms, the newest policy."""
    document: dict[str, Any] = {}
    if subject.partnership_id is not None and subject.terms_toml is not None:
        document = plain.document_of(reading.read(subject.terms_toml))
    if subject.policy_toml is not None:
        document["program"] = plain.document_of(reading.read(subject.policy_toml))["program"]
    return document


def headline(trial: Trial) -> list[Paid]:
    """Return what is paid before and after by currency: of the one partnership asked about, or of all."""
    if trial.result is None:
        return []
    rows = trial.result.rows
    if trial.partnership_id is not None:
        rows = [one for one in rows if one.partnership == ids.shown("prt", trial.partnership_id)]
    return result.paid_in_all(rows)


def shifts(found: Result) -> list[Amounts]:
    """Return the rows of the table, the biggest difference first, then by name."""
    rows = result.amounts_of(found)
    return sorted(rows, key=lambda one: (-abs(one.difference), one.row.partner_name, one.currency))


def file_of(trial: Trial) -> Response[bytes]:
    """Give what came out as a file for spreadsheets, a row for each partner and currency."""
    return csv_answer(ids.shown("try", trial.id), COLUMNS, _rows(trial), numbers=NUMBERS)


def _rows(trial: Trial) -> list[tuple[str | int, ...]]:
    if trial.result is None:
        return []
    return [
        (
            ids.shown("try", trial.id),
            trial.days.starts_on.isoformat(),
            trial.days.ends_on.isoformat(),
            one.row.partner_name,
            one.row.partner,
            one.row.partnership,
            one.currency,
            credits_of(one.row.before),
            credits_of(one.row.after),
            *_amounts(one),
            str(result.why_unpriced(one.row)),
        )
        for one in result.amounts_of(trial.result)
    ]


def credits_of(figures: Figures) -> str:
    """Return how many conversions were credited, their weights summed: 2.5, exactly."""
    whole, part = divmod(figures.weight_ppm, 1_000_000)
    return f"{whole}.{part:06}".rstrip("0").rstrip(".")


def credits_shown(figures: Figures) -> str:
    """Return the same as the present language writes it."""
    weight = Decimal(figures.weight_ppm).scaleb(-6)
    return format_decimal(weight, "#,##0.######", locale=spoken.locale())


def names_in(found: Result) -> Mapping[str, str]:
    """Return the partners' names by their partnerships."""
    return {one.partnership: one.partner_name for one in found.rows}


def _amounts(one: Amounts) -> tuple[str, ...]:
    minor = (
        one.net_before, one.net_after, one.commission_before, one.commission_after, one.bonus_before,
        one.bonus_after, one.paid_before, one.paid_after, one.difference,
    )  # fmt: skip
    digits = numbers.exponent(one.currency)
    written = [numbers.shown_amount(amount, digits, ".") for amount in minor]
    # What could not be priced is no zero: the file leaves it empty.
    return tuple(written if one.row.unpriced is None else [*written[:2], *[""] * len(written[2:])])
