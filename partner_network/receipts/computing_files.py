"""Compute what facts from a file pay under terms from files, as JSON; mistakes are told in one line."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import msgspec

from partner_network.agreements.terms import Terms
from partner_network.attribution import facts_file
from partner_network.attribution.fact_rows import Instant
from partner_network.attribution.facts_file import FactsFile
from partner_network.commissions.rules import computing, plan
from partner_network.commissions.rules.computing import Computed, FactError
from partner_network.commissions.rules.facts import TermsVersion
from partner_network.commissions.rules.plan import Plan
from partner_network.kernel import reading
from partner_network.kernel.errors import InvalidError
from partner_network.receipts import faults, given_files


def computed(terms_paths: Sequence[Path], facts_path: Path, as_of: str | None = None) -> bytes:
    """Return every commission and bonus of a facts file as JSON, under one terms file or several dated ones.

    `as_of` is an instant after which nothing was recorded yet. Units: minor units. Rows of nothing are left
    out. Errors: InvalidError of one line, which names the file and the path of the key at fault.
    """
    instant = None if as_of is None else _instant(as_of)
    versions, prepared = _versions(given_files.terms_of(terms_paths))
    written = given_files.rows_of(facts_path)
    facts = facts_file.distinct(written)
    if instant is not None:
        facts = facts_file.as_of(facts, instant)
    try:
        found = _compute(facts, written, versions, prepared)
    except InvalidError as error:
        raise given_files.in_one_line("facts", error) from None
    except RecursionError:
        why = given_files.line("facts", "refunds", "undo each other too many times over")
        raise InvalidError(why) from None
    return msgspec.json.format(msgspec.json.encode(_answer(found)), indent=2) + b"\n"


def _instant(text: str) -> datetime:
    try:
        return msgspec.convert(text, Instant)
    except msgspec.ValidationError:
        why = given_files.line("as-of", repr(text), "write an instant, like 2026-03-31T22:00:00Z")
        raise InvalidError(why) from None


def _versions(files: Sequence[Terms]) -> tuple[list[TermsVersion], Plan]:
    try:
        versions = computing.versions_of(files)
        return versions, plan.plan_of(versions)
    except InvalidError as error:
        raise given_files.in_one_line("terms", error) from None


def _compute(
    facts: FactsFile, written: FactsFile, versions: Sequence[TermsVersion], prepared: Plan
) -> Computed:
    reading.refuse(list(faults.in_facts(facts, written, prepared)), "facts")
    try:
        return computing.compute(facts, versions)
    except FactError as error:
        path = f"{written.place_of(error.noun, error.row)}.{error.key}"
        raise InvalidError(error.sentence, fields={path: error.sentence}) from None


def _answer(found: Computed) -> dict[str, object]:
    answer: dict[str, object] = {
        "commissions": [
            {
                "conversion": row.conversion,
                "partner": partner,
                "component": row.component,
                "period": row.period,
                "minor": row.minor,
                "currency": row.currency,
            }
            for partner, row in found.commissions
            if row.minor
        ],
        "bonuses": [
            {"partner": partner, "bonus": row.bonus, "period": row.period, "minor": row.minor}
            for partner, row in found.bonuses
            if row.minor
        ],
        "by_partner": found.by_partner(),
    }
    if found.donations is not None:
        answer["donations"] = [
            {
                "conversion": row.conversion,
                "partner": partner,
                "donation": row.component,
                "charity": row.charity,
                "period": row.period,
                "minor": row.minor,
                "currency": row.currency,
            }
            for partner, row in found.donations
        ]
    return answer
