"""Trials as whoever asked reads them, and whose terms somebody may try."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from partner_network.database import connections
from partner_network.database.connections import Connection
from partner_network.identity.rules import permissions
from partner_network.identity.rules.permissions import ApiKey, Asking
from partner_network.kernel.errors import ForbiddenError, NotFoundError
from partner_network.receipts.trials import result as result_of_trial
from partner_network.receipts.trials.result import Result
from partner_network.receipts.trials.rules import Days, Status

SUBJECTS_MAX = 200
# $1 is the asking brand, null for the operator, who sees all; $2 is whether a partner's money may be read.
_MAY_TRY = "($1::uuid IS NULL OR {advertiser} = $1 OR ($2 AND {partner} = $1))"
_TRIAL = """SELECT t.id, t.program_id, g.name AS program_name, t.partnership_id, t.advertiser_id,
        a.name AS advertiser_name, r.name AS partner_name, t.brand_id, t.is_by_operator,
        m.name AS asked_by_name, t.starts_on, t.ends_on, t.time_zone, t.terms_toml, t.asked_at, t.started_at,
        t.finished_at, t.result::text AS result, t.error::text AS error
    FROM trials t JOIN program_names g ON g.id = t.program_id JOIN brands a ON a.id = t.advertiser_id
    LEFT JOIN partnerships p ON p.id = t.partnership_id LEFT JOIN brands r ON r.id = p.partner_id
    LEFT JOIN member_names m ON m.id = t.asked_by
    WHERE ($1::uuid IS NULL OR t.brand_id = $1) AND ($2 OR t.brand_id = t.advertiser_id)"""
_NEWEST_POLICY = """(SELECT v.policy_toml FROM program_versions v WHERE v.program_id = g.id
    ORDER BY v.version DESC LIMIT 1) AS policy_toml"""
_PROGRAM = f"""SELECT g.id AS program_id, g.name AS program_name, NULL::uuid AS partnership_id,
        g.brand_id AS advertiser_id, a.name AS advertiser_name, NULL::uuid AS partner_id,
        NULL::text AS partner_name, {_NEWEST_POLICY}
    FROM programs g JOIN brands a ON a.id = g.brand_id
    WHERE g.id = $2 AND ($1::uuid IS NULL OR g.brand_id = $1) AND $3::uuid IS NULL"""
_PARTNERSHIP = f"""SELECT g.id AS program_id, g.name AS program_name, p.id AS partnership_id, p.advertiser_id,
        a.name AS advertiser_name, p.partner_id, r.name AS partner_name, {_NEWEST_POLICY}
    FROM partnerships p JOIN program_names g ON g.id = p.program_id
    JOIN brands a ON a.id = p.advertiser_id JOIN brands r ON r.id = p.partner_id
    WHERE p.id = $3 AND ($2::uuid IS NULL OR p.program_id = $2)
        AND ($1::uuid IS NULL OR $1 IN (p.advertiser_id, p.partner_id))"""
_OWN_TERMS = """SELECT n.terms_toml FROM terms t JOIN agreements n ON n.id = t.agreement_id
    WHERE t.partnership_id = $1 AND upper_inf(t.recorded) ORDER BY t.valid DESC LIMIT 1"""
_ANY_TERMS = """SELECT n.terms_toml FROM terms t JOIN agreements n ON n.id = t.agreement_id
    JOIN partnerships p ON p.id = t.partnership_id
    WHERE p.program_id = $1 AND upper_inf(t.recorded) ORDER BY t.agreement_id DESC LIMIT 1"""


class Subject(msgspec.Struct, frozen=True):
    """A program, or one partnership of it, whose past somebody looks at again."""

    program_id: UUID
    program_name: str
    partnership_id: UUID | None
    advertiser_id: UUID
    advertiser_name: str
    partner_id: UUID | None
    partner_name: str | None
    policy_toml: str | None
    """The program's newest policy."""
    terms_toml: str | None
    """The newest terms signed: the partnership's, or of any partner of the program."""


class Choice(msgspec.Struct, frozen=True):
    """A program or partnership that somebody may choose."""

    program_id: UUID
    program_name: str
    advertiser_name: str
    partnership_id: UUID | None
    partner_name: str | None


class Trial(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody asked, and what came out once it is computed."""

    id: UUID
    program_id: UUID
    program_name: str
    partnership_id: UUID | None
    advertiser_id: UUID
    advertiser_name: str
    partner_name: str | None
    brand_id: UUID
    is_by_operator: bool
    asked_by_name: str | None
    days: Days
    time_zone: str
    terms_toml: str
    asked_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    result: Result | None
    error: str | None
    """Why nothing came out: a sentence that can be said in every language."""

    @property
    def status(self) -> Status:
        """Say how far it is."""
        if self.finished_at is not None:
            return "failed" if self.result is None else "done"
        return "waiting" if self.started_at is None else "running"

    @property
    def is_of_partner(self) -> bool:
        """Say whether a partner asked, about itself alone."""
        return self.brand_id != self.advertiser_id


def must_try(asking: Asking) -> None:
    """Refuse whose roles or scopes do not let them try terms, and keys that see no live figures."""
    permissions.must(asking, "try terms")
    if isinstance(asking, ApiKey) and not asking.is_live:
        raise ForbiddenError("A trial shows live figures; send a live key.")


def _reads_money(asking: Asking) -> bool:
    return permissions.may(asking, "read money")


async def subject_within(
    connection: Connection, asking: Asking, program_id: UUID | None, partnership_id: UUID | None
) -> Subject:
    """Return what is to be looked at again, if it is theirs. Errors: NotFoundError, ForbiddenError.

    A partner asks about its own partnership alone, and only who may read its money.
    """
    subject = await _subject(connection, asking.brand_id, program_id, partnership_id)
    if asking.brand_id is not None and asking.brand_id == subject.partner_id:
        permissions.must(asking, "read money")
    return subject


async def subject_of(asking: Asking, program_id: UUID | None, partnership_id: UUID | None) -> Subject:
    """Return what is to be looked at again, if it is theirs. Errors: NotFoundError, ForbiddenError."""
    async with connections.transaction(eyes=asking.eyes) as connection:
        return await subject_within(connection, asking, program_id, partnership_id)


async def subject_of_worker(
    connection: Connection, program_id: UUID | None, partnership_id: UUID | None
) -> Subject:
    """Return what is looked at again, for the worker that computes what was asked."""
    return await _subject(connection, None, program_id, partnership_id)


async def _subject(
    connection: Connection, brand_id: UUID | None, program_id: UUID | None, partnership_id: UUID | None
) -> Subject:
    of, under = (_PROGRAM, _ANY_TERMS) if partnership_id is None else (_PARTNERSHIP, _OWN_TERMS)
    row = await connection.fetchrow(of, brand_id, program_id, partnership_id)
    if row is None:
        raise NotFoundError("There is no such program or partnership of your brand to try terms on.")
    terms: str | None = await connection.fetchval(under, partnership_id or row["program_id"])
    return Subject(**dict(row), terms_toml=terms)


async def choices_of(asking: Asking) -> Sequence[Choice]:
    """List the programs and partnerships on which somebody may try terms, programs first."""
    advertised = _MAY_TRY.format(advertiser="g.brand_id", partner="NULL::uuid")
    partnered = _MAY_TRY.format(advertiser="p.advertiser_id", partner="p.partner_id")
    async with connections.transaction(eyes=asking.eyes) as connection:
        rows = await connection.fetch(
            f"""SELECT g.id AS program_id, g.name AS program_name, a.name AS advertiser_name,
                    NULL::uuid AS partnership_id, NULL AS partner_name
                FROM programs g JOIN brands a ON a.id = g.brand_id WHERE {advertised}
                UNION ALL
                SELECT p.program_id, g.name, a.name, p.id, r.name
                FROM partnerships p JOIN program_names g ON g.id = p.program_id
                JOIN brands a ON a.id = p.advertiser_id JOIN brands r ON r.id = p.partner_id
                WHERE {partnered} AND p.active_from IS NOT NULL
                ORDER BY advertiser_name, program_name, partner_name NULLS FIRST LIMIT $3""",
            asking.brand_id,
            _reads_money(asking),
            SUBJECTS_MAX,
        )
    return [msgspec.convert(dict(row), Choice) for row in rows]


async def trial_of(asking: Asking, trial_id: UUID) -> Trial:
    """Return a trial of the asking brand. Errors: NotFoundError."""
    async with connections.transaction(eyes=asking.eyes) as connection:
        row = await connection.fetchrow(
            f"{_TRIAL} AND t.id = $3", asking.brand_id, _reads_money(asking), trial_id
        )
    if row is None:
        raise NotFoundError("There is no such trial for you; after 90 days a trial goes.")
    return _trial(dict(row))


async def trials_of(asking: Asking, *, after: UUID | None, limit: int) -> Sequence[Trial]:
    """List the trials of the asking brand, the oldest first."""
    async with connections.transaction(eyes=asking.eyes) as connection:
        rows = await connection.fetch(
            f"{_TRIAL} AND ($3::uuid IS NULL OR t.id > $3) ORDER BY t.id LIMIT $4",
            asking.brand_id,
            _reads_money(asking),
            after,
            limit,
        )
    return [_trial(dict(row)) for row in rows]


async def newest_trials_of(asking: Asking, *, limit: int) -> Sequence[Trial]:
    """List the trials of the asking brand, the newest first."""
    async with connections.transaction(eyes=asking.eyes) as connection:
        rows = await connection.fetch(
            f"{_TRIAL} ORDER BY t.id DESC LIMIT $3", asking.brand_id, _reads_money(asking), limit
        )
    return [_trial(dict(row)) for row in rows]


def _trial(row: dict[str, Any]) -> Trial:
    days = Days(row.pop("starts_on"), row.pop("ends_on"))
    result, error = row.pop("result"), row.pop("error")
    return Trial(
        **row,
        days=days,
        result=None if result is None else msgspec.json.decode(result, type=Result),
        error=None if error is None else result_of_trial.sentence_in(error),
    )
