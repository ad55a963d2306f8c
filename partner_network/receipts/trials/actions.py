"""Ask for a trial; it is computed by the worker, so that no request waits for it."""

from uuid import UUID

import msgspec

from partner_network.agreements.rules import program_in
from partner_network.agreements.terms import Program
from partner_network.database import connections, jobs
from partner_network.database.connections import Connection
from partner_network.gateways import clock
from partner_network.identity.rules.permissions import Asking, Member
from partner_network.kernel import ids, periods
from partner_network.kernel.errors import ConflictError, ForbiddenError
from partner_network.kernel.sentences import Sentence
from partner_network.receipts.trials import queries, reading, rules
from partner_network.receipts.trials.queries import Subject
from partner_network.receipts.trials.reading import Tried
from partner_network.receipts.trials.rules import Question

TRY = "receipts.try_terms"


class TryTerms(msgspec.Struct, frozen=True):
    """Which trial to compute."""

    trial_id: UUID


async def ask_trial(asking: Asking, question: Question) -> UUID:
    """Ask what other terms would have paid; nothing is booked, now or later.

    Errors: InvalidError with each input at fault, ForbiddenError, NotFoundError, ConflictError when too many
    of the brand's trials are open.
    """
    queries.must_try(asking)
    rules.must_be_small(question.terms_toml)
    tried = reading.read(question.terms_toml)
    async with connections.transaction(eyes=asking.eyes) as connection:
        subject = await queries.subject_within(
            connection, asking, question.program_id, question.partnership_id
        )
        brand_id = asking.brand_id or subject.advertiser_id
        must_be_theirs(subject, tried, brand_id)
        zone = time_zone_of(subject, tried)
        at = await clock.now(connection)
        rules.must_be_past(question.days, at.astimezone(periods.zone_named(zone)).date())
        await _must_have_room(connection, brand_id)
        trial_id = await _insert(connection, asking, subject, question, zone)
        await jobs.enqueue(connection, TRY, TryTerms(trial_id))
    return trial_id


async def _insert(
    connection: Connection, asking: Asking, subject: Subject, question: Question, time_zone: str
) -> UUID:
    asked_at = clock.wall_now()
    trial_id = ids.new_id(asked_at)
    await connection.execute(
        """INSERT INTO trials (id, program_id, partnership_id, advertiser_id, brand_id, asked_by,
               is_by_operator, starts_on, ends_on, time_zone, terms_toml, asked_at)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)""",
        trial_id,
        subject.program_id,
        subject.partnership_id,
        subject.advertiser_id,
        asking.brand_id or subject.advertiser_id,
        asking.id if isinstance(asking, Member) else None,
        asking.brand_id is None,
        question.days.starts_on,
        question.days.ends_on,
        time_zone,
        question.terms_toml,
        asked_at,
    )
    return trial_id


def must_be_theirs(subject: Subject, tried: Tried, brand_id: UUID) -> None:
    """Refuse another policy to a partner, since that would tell of others, and a trial of nothing."""
    if brand_id != subject.advertiser_id and other_policy(subject, tried) is not None:
        why = Sentence("A partner tries its own terms under the program’s policy; leave [program] as it is.")
        raise ForbiddenError(why, fields={"program": why})


def other_policy(subject: Subject, tried: Tried) -> Program | None:
    """Return the policy that a trial puts in place of the program's newest, None where it is the same."""
    if tried.program is None:
        return None
    newest = None if subject.policy_toml is None else program_in(subject.policy_toml)
    return None if tried.program == newest else tried.program


def time_zone_of(subject: Subject, tried: Tried) -> str:
    """Return whose midnights part the days: those of the terms tried, else of those signed, else UTC's."""
    if tried.terms is not None:
        return tried.terms.settlement.time_zone
    signed = None if subject.terms_toml is None else reading.read(subject.terms_toml).terms
    return "UTC" if signed is None else signed.settlement.time_zone


async def _must_have_room(connection: Connection, brand_id: UUID) -> None:
    # The brand's lock: two who ask at once are counted one after the other.
    await connections.lock_all(connection, f"trials of {brand_id}")
    open_now: int = await connection.fetchval(
        "SELECT count(*) FROM trials WHERE brand_id = $1 AND finished_at IS NULL", brand_id
    )
    if open_now >= rules.OPEN_MAX:
        raise ConflictError(
            Sentence(
                "{count} trials are being computed for your brand; ask again when one of them is done.",
                count=rules.OPEN_MAX,
            )
        )
