"""Read what is known about a batch of conversions, one statement for all of them each time."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import get_args
from uuid import UUID

import asyncpg

from partner_network.agreements import terms_reading
from partner_network.agreements.terms import Event, ProgramPolicy, TouchKind, Windows
from partner_network.attribution import cases as values
from partner_network.attribution import clauses
from partner_network.attribution.cases import (
    Bond,
    Case,
    Customer,
    Found,
    Known,
    Partnership,
    PolicyVersion,
    Signed,
)
from partner_network.attribution.facts import Touch
from partner_network.attribution.queries.decisions import credits_of
from partner_network.attribution.queries.waiting import EARLIER, PLACES, places
from partner_network.database.connections import Connection

WINDOWS_BACK = 2
"""Touches older than so many of the program's longest windows are no candidates: they cannot count, and
receipts still show those that came just too early."""
MOST_TOUCHES = 20_000
"""Of the others the last so many clicks, and as many reported touches, are looked at: nobody who buys comes
so often, and no order costs without bound."""
NOBODY = UUID(int=0)
"""Whose partnership a direct visit is."""
MOST_BONDS = 1_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)  # no click id is older


async def known_about(
    connection: Connection,
    batch: Sequence[Case],
    policies: Mapping[UUID, Sequence[PolicyVersion]],
    *,
    longest_days: int = 0,
) -> Known:
    """Return everything that the decisions of a batch in canonical order depend on.

    `longest_days` is the longest window that may be tried, where it is longer than any that was signed.
    """
    binding = [case for case in batch if _policy(case, policies).binding_months]
    new_only = [case for case in batch if _policy(case, policies).customers == "new_only"]
    touches = await _touches_of(
        connection, batch, await _looked_back(connection, set(policies), longest_days)
    )
    bonds = await _bonds_before(connection, binding) if binding else {}
    partnership_ids = {one.partnership_id for found in touches for one in found}
    for found in bonds.values():
        partnership_ids.update(*(bond.partnership_of.values() for bond in found))
    return Known(
        touches,
        policies,
        await _partnerships(connection, partnership_ids),
        bonds,
        await _converted_before(connection, new_only) if new_only else {},
    )


def _policy(case: Case, policies: Mapping[UUID, Sequence[PolicyVersion]]) -> ProgramPolicy:
    return values.version_at(policies[case.program_id], case.occurred_at).policy


async def policies_of(
    connection: Connection, program_ids: Iterable[UUID]
) -> dict[UUID, tuple[PolicyVersion, ...]]:
    """Return the versions of each program's policy, oldest first."""
    rows = await connection.fetch(
        """SELECT program_id, id, version, policy_toml, recorded_at FROM program_versions
           WHERE program_id = ANY($1::uuid[]) ORDER BY program_id, version""",
        list(program_ids),
    )
    found: dict[UUID, tuple[PolicyVersion, ...]] = {}
    for row in rows:
        policy = values.read_policy(row["policy_toml"])
        version = PolicyVersion(row["id"], row["version"], row["recorded_at"], policy)
        found[row["program_id"]] = (*found.get(row["program_id"], ()), version)
    return found


_CLICK = """k.click_id::text AS id, k.partner_id::text AS partner, k.program_id::text AS program, k.at,
    k.consent, k.excluded, k.partnership_id, 'click' AS kind, 'click_id' AS evidence, 'partner' AS channel"""
_TOUCH = """k.id::text AS id, k.partner_id::text AS partner, k.program_id::text AS program, k.at,
    k.consent, NULL AS excluded, k.partnership_id, k.kind, k.evidence, k.channel, k.recorded_at"""


async def _looked_back(
    connection: Connection, program_ids: Iterable[UUID], longest_days: int
) -> dict[UUID, timedelta]:
    """Return how far before a conversion of each program touches are candidates."""
    rows = await connection.fetch(
        """SELECT p.program_id, g.terms_toml FROM partnerships p JOIN terms t ON t.partnership_id = p.id
           JOIN agreements g ON g.id = t.agreement_id
           WHERE p.program_id = ANY($1::uuid[]) GROUP BY p.program_id, g.terms_toml""",
        list(program_ids),
    )
    longest = dict.fromkeys(program_ids, longest_days)
    for row in rows:
        days = _longest_days(terms_reading.read_terms(row["terms_toml"]).windows)
        longest[row["program_id"]] = max(longest[row["program_id"]], days)
    return {program_id: timedelta(days=WINDOWS_BACK * days) for program_id, days in longest.items()}


@lru_cache(maxsize=1024)
def _longest_days(windows: Windows) -> int:
    return max(windows.days(kind, event) for kind in get_args(TouchKind) for event in get_args(Event))


async def _touches_of(
    connection: Connection, batch: Sequence[Case], looked_back: Mapping[UUID, timedelta]
) -> list[list[Found]]:
    """Return for each conversion its customer's last touches up to it, its own click and its own code.

    Click ids carry their millisecond, so that the span of a customer's clicks is found by index. An
    identified click counts as recorded when both it and who stands behind it were.
    """
    rows = await connection.fetch(
        f"""SELECT w.n, t.*
            FROM unnest($1::uuid[], $2::timestamptz[], $4::timestamptz[])
                WITH ORDINALITY AS w (customer_id, at, since, n)
            CROSS JOIN LATERAL (
                SELECT {_CLICK}, greatest(k.recorded_at, i.recorded_at) AS recorded_at
                FROM identifications i JOIN clicks k ON k.click_id = i.click_id
                WHERE i.customer_id = w.customer_id AND i.click_id >= first_click_id(w.since)
                    AND i.click_id < first_click_id(w.at + interval '2 milliseconds') AND k.at <= w.at
                ORDER BY i.click_id DESC LIMIT {MOST_TOUCHES}) t
            UNION ALL
            SELECT w.n, t.*
            FROM unnest($1::uuid[], $2::timestamptz[], $4::timestamptz[])
                WITH ORDINALITY AS w (customer_id, at, since, n)
            CROSS JOIN LATERAL (
                SELECT {_TOUCH} FROM touches k
                WHERE k.customer_id = w.customer_id AND k.conversion_id IS NULL
                    AND k.at >= w.since AND k.at <= w.at
                ORDER BY k.at DESC, k.id DESC LIMIT {MOST_TOUCHES}) t
            UNION ALL
            SELECT w.n, {_CLICK}, k.recorded_at
            FROM unnest($3::uuid[]) WITH ORDINALITY AS w (click_id, n)
            CROSS JOIN LATERAL (SELECT * FROM clicks WHERE click_id = w.click_id OFFSET 0) k
            UNION ALL
            SELECT w.n, {_TOUCH}
            FROM unnest($5::uuid[]) WITH ORDINALITY AS w (conversion_id, n)
            CROSS JOIN LATERAL (SELECT * FROM touches WHERE conversion_id = w.conversion_id OFFSET 0) k""",
        [case.customer_id for case in batch],
        [case.occurred_at for case in batch],
        [case.click_id for case in batch],
        [max(_EPOCH, case.occurred_at - looked_back[case.program_id]) for case in batch],
        [case.id for case in batch],
    )
    found: list[list[Found]] = [[] for _ in batch]
    for row in rows:
        found[row["n"] - 1].append(Found(_touch(row), row["partnership_id"] or NOBODY))
    return found


def _touch(row: asyncpg.Record) -> Touch:
    return Touch(
        id=row["id"],
        partner=row["partner"],
        program=row["program"],
        at=row["at"],
        recorded_at=row["recorded_at"],
        kind=row["kind"],
        evidence=row["evidence"],
        channel=row["channel"],
        consent=row["consent"] != "denied",
        excluded=row["excluded"],
    )


async def _partnerships(connection: Connection, ids: Iterable[UUID]) -> dict[UUID, Partnership]:
    """Return partnerships with their signed terms as they are known now; those without terms are left out."""
    rows = await connection.fetch(
        """SELECT p.id, p.active_from, p.ended_at, lower(t.valid) AS valid_from,
               upper(t.valid) AS valid_until, g.terms_toml, g.number, g.contract_name, g.contract_version
           FROM partnerships p JOIN terms t ON t.partnership_id = p.id AND upper_inf(t.recorded)
           JOIN agreements g ON g.id = t.agreement_id
           WHERE p.id = ANY($1::uuid[]) ORDER BY p.id, lower(t.valid) NULLS FIRST""",
        list(ids),
    )
    found: dict[UUID, Partnership] = {}
    for row in rows:
        before = found.get(row["id"])
        signed = Signed(
            row["valid_from"],
            row["valid_until"],
            terms_reading.read_terms(row["terms_toml"]),
            row["number"],
            clauses.clauses_of(row["contract_name"], row["contract_version"]),
        )
        versions = (*before.versions, signed) if before else (signed,)
        found[row["id"]] = Partnership(row["active_from"], row["ended_at"], versions)
    return found


async def _bonds_before(connection: Connection, batch: Sequence[Case]) -> dict[Customer, list[Bond]]:
    """Return the attributed sales of each customer from before the batch that may bind its conversions.

    One will do, but where it was recorded after a conversion of the batch: it may be too late to bind that.
    """
    first: dict[Customer, Case] = {}
    for case in batch:
        first.setdefault(case.customer, case)
    found = await _first_sales(connection, list(first.values()), limit=1)
    late = {
        case.customer
        for case in batch
        if any(bond.recorded_at > case.recorded_at for bond in found.get(case.customer, ()))
    }
    if late:
        found |= await _first_sales(connection, [first[customer] for customer in late], limit=MOST_BONDS)
    return found


async def _first_sales(
    connection: Connection, batch: Sequence[Case], *, limit: int
) -> dict[Customer, list[Bond]]:
    rows = await connection.fetch(
        f"""SELECT w.customer_id, w.program_id, b.* FROM {PLACES} CROSS JOIN LATERAL (
                SELECT c.id, c.occurred_at, c.recorded_at, d.rev
                FROM conversions c JOIN current_decisions d ON d.conversion_id = c.id
                WHERE {EARLIER} AND c.event = 'sale' AND d.outcome = 'attributed'
                ORDER BY c.occurred_at, c.order_id COLLATE "C" LIMIT $6) b
            ORDER BY w.n, b.occurred_at""",
        *places(batch),
        limit,
    )
    credited = await credits_of(connection, [(row["id"], row["rev"]) for row in rows])
    found: dict[Customer, list[Bond]] = {}
    for row in rows:
        parts = credited[row["id"]]
        bond = Bond(
            row["id"],
            row["occurred_at"],
            row["recorded_at"],
            tuple(credit for credit, _ in parts),
            {credit.touch: partnership_id for credit, partnership_id in parts},
        )
        found.setdefault((row["customer_id"], row["program_id"]), []).append(bond)
    return found


async def _converted_before(connection: Connection, batch: Sequence[Case]) -> dict[UUID, datetime]:
    """Return for each conversion since when an earlier one of its customer is known."""
    rows = await connection.fetch(
        f"""SELECT w.n, s.known_at FROM {PLACES} CROSS JOIN LATERAL (
                SELECT min(c.recorded_at) AS known_at FROM conversions c WHERE {EARLIER}) s
            WHERE s.known_at IS NOT NULL""",
        *places(batch),
    )
    return {batch[row["n"] - 1].id: row["known_at"] for row in rows}
