"""Compute the trials that were asked for: the worker's part."""

import asyncio
from datetime import date
from uuid import UUID
from zoneinfo import ZoneInfo

import asyncpg
import msgspec
import structlog

from partner_network.database import connections
from partner_network.database.connections import Connection
from partner_network.gateways import clock
from partner_network.kernel import ids, periods
from partner_network.kernel.errors import PartnerNetworkError
from partner_network.kernel.sentences import Sentence
from partner_network.notifications.actions import tell
from partner_network.receipts.trials import actions, queries, reading, result, rules
from partner_network.receipts.trials.queries import Subject
from partner_network.receipts.trials.reading import Tried
from partner_network.receipts.trials.rules import Days
from partner_network.receipts.what_if.comparing import what_if
from partner_network.receipts.what_if.values import EVERYONE, Change, Compared

_log = structlog.get_logger()
TOO_LONG = Sentence(
    "It took longer than {minutes} minutes; try a shorter period.", minutes=rules.SECONDS_MAX // 60
)
OUR_FAULT = Sentence(
    "Something on our side failed. The people who run the network see it and can start it again."
)


class _Asked(msgspec.Struct, frozen=True):
    """What a trial needs to be computed."""

    id: UUID
    program_id: UUID
    partnership_id: UUID | None
    advertiser_id: UUID
    brand_id: UUID
    asked_by: UUID | None
    starts_on: date
    ends_on: date
    time_zone: str
    terms_toml: str


async def compute_trial(trial_id: UUID) -> None:
    """Compute a trial and keep what came out, or why nothing did; one that is computed stays as it is.

    A worker that dies leaves it open, and whoever takes the job next computes it anew.
    """
    if not await _begin(trial_id):
        return
    try:
        async with asyncio.timeout(rules.SECONDS_MAX):
            await _compute(trial_id)
    except PartnerNetworkError as refused:
        await _fail(trial_id, refused.sentence)
    except (asyncpg.QueryCanceledError, TimeoutError):
        await _fail(trial_id, TOO_LONG)
    except Exception:
        await _fail(trial_id, OUR_FAULT)
        raise


async def _begin(trial_id: UUID) -> bool:
    """Note that a trial is being computed, and say whether there is anything to compute."""
    async with connections.transaction() as connection:
        begun = await connection.fetchval(
            """UPDATE trials SET started_at = $2, finished_at = NULL, error = NULL
               WHERE id = $1 AND result IS NULL RETURNING true""",
            trial_id,
            clock.wall_now(),
        )
    return begun is not None


async def _compute(trial_id: UUID) -> None:
    async with connections.transaction() as connection:
        await connection.execute(
            "SELECT set_config('statement_timeout', $1, true)", str(rules.SECONDS_MAX * 1000)
        )
        # The trial's lock: of two workers that hold the same job the second finds it computed.
        row = await connection.fetchrow(
            """SELECT id, program_id, partnership_id, advertiser_id, brand_id, asked_by, starts_on, ends_on,
                   time_zone, terms_toml FROM trials WHERE id = $1 AND result IS NULL FOR UPDATE""",
            trial_id,
        )
        if row is None:
            return
        asked = msgspec.convert(dict(row), _Asked)
        compared = await _compared(connection, asked)
        await connection.execute(
            "UPDATE trials SET finished_at = $2, result = $3 WHERE id = $1",
            trial_id,
            clock.wall_now(),
            msgspec.json.encode(result.result_of(compared)).decode(),
        )
        await _tell(connection, asked)
    await _log.ainfo("trial computed", trial=str(trial_id))


async def _compared(connection: Connection, asked: _Asked) -> Compared:
    tried = reading.read(asked.terms_toml)
    subject = await queries.subject_of_worker(connection, asked.program_id, asked.partnership_id)
    days, zone = Days(asked.starts_on, asked.ends_on), periods.zone_named(asked.time_zone)
    only = None if asked.brand_id == asked.advertiser_id else asked.partnership_id
    return await compare(connection, subject, tried, days, zone, only_partner=only)


async def compare(
    connection: Connection,
    subject: Subject,
    tried: Tried,
    days: Days,
    zone: ZoneInfo,
    *,
    only_partner: UUID | None = None,
) -> Compared:
    """Return both sides of a trial: one partnership's terms changed, or everybody's, or the policy alone.

    Errors: as `what_if`.
    """
    policy = actions.other_policy(subject, tried)
    return await what_if(
        connection,
        subject.program_id,
        periods.midnight(days.starts_on, zone),
        periods.midnight(days.ends_on, zone),
        Change(
            policy=None if policy is None else policy.attribution,
            terms={} if tried.terms is None else {subject.partnership_id or EVERYONE: tried.terms},
        ),
        only_partner=only_partner,
    )


async def _tell(connection: Connection, asked: _Asked) -> None:
    if asked.asked_by is None:
        return
    program = await connection.fetchval("SELECT name FROM programs WHERE id = $1", asked.program_id)
    said = {
        "program": program,
        "trial": ids.shown("try", asked.id),
        "starts": asked.starts_on,
        "ends": asked.ends_on,
    }
    await tell.notify(connection, "trial-computed", asked.id, tell.person(asked.asked_by), said=said)


async def _fail(trial_id: UUID, why: str) -> None:
    async with connections.transaction() as connection:
        await connection.execute(
            "UPDATE trials SET finished_at = $2, error = $3 WHERE id = $1 AND result IS NULL",
            trial_id,
            clock.wall_now(),
            result.sentence_kept(why),
        )
