"""Put published exchange rates on record, all of a load or none of it."""

from collections.abc import Sequence
from datetime import datetime

from msgspec import Struct

from partner_network.agreements.rules import ACCRUE
from partner_network.commissions.rules.rate_files import Published
from partner_network.database import connections, jobs
from partner_network.database.connections import Connection
from partner_network.identity.actions import audit
from partner_network.identity.rules import permissions
from partner_network.identity.rules.permissions import Member
from partner_network.kernel.errors import ConflictError
from partner_network.kernel.sentences import Sentence

RATES_LOCK = "exchange rates"


class Loaded(Struct, frozen=True):
    """How many rates are new on record, and how many were there already."""

    new: int
    known: int


async def load_rates(
    rates: Sequence[Published], *, source: str, now: datetime, by: Member | None = None
) -> Loaded:
    """Put rates on record; the same ones again change nothing. None loads them at the command line.

    Errors: ForbiddenError; ConflictError that names the first day and pair for which another rate is on
    record, or given twice; nothing is loaded then.
    """
    if by is not None:
        permissions.must(by, "load exchange rates")
    async with connections.transaction(eyes=None if by is None else by.eyes) as connection:
        # One load after the other, so that the number of the newest one says all that is known.
        await connections.lock_all(connection, RATES_LOCK)
        await _must_agree(connection, rates)
        new = await connection.fetchval(f"SELECT count(*) {_GIVEN} {_IS_NEW}", *_columns(rates))
        if new:
            load_id = await connection.fetchval(
                "INSERT INTO rate_loads (source, loaded_at) VALUES ($1, $2) RETURNING id", source, now
            )
            await connection.execute(
                f"""INSERT INTO exchange_rates (day, base, quote, rate, load_id)
                    SELECT day, base, quote, rate, $5 {_GIVEN} {_IS_NEW}""",
                *_columns(rates),
                load_id,
            )
            after = {"source": source, "rates": new}
            await audit.record(
                connection, by or "command line", "create", "exchange rates", load_id, after=after
            )
        # A stream that waits for a rate is on the work list still, and goes on by itself.
        await jobs.enqueue(connection, ACCRUE)
    return Loaded(new, len(rates) - new)


_GIVEN = """FROM (SELECT DISTINCT ON (day, base, quote) day, base, quote, rate
                  FROM unnest($1::date[], $2::text[], $3::text[], $4::numeric[])
                       AS t (day, base, quote, rate)) given"""
_IS_NEW = """WHERE NOT EXISTS (SELECT FROM exchange_rates r
                  WHERE (r.day, r.base, r.quote) = (given.day, given.base, given.quote))"""


def _columns(rates: Sequence[Published]) -> tuple[list[object], ...]:
    return (
        [one.day for one in rates],
        [one.base for one in rates],
        [one.quote for one in rates],
        [one.rate for one in rates],
    )


async def _must_agree(connection: Connection, rates: Sequence[Published]) -> None:
    given: dict[tuple[object, str, str], Published] = {}
    for one in rates:
        first = given.setdefault((one.day, one.base, one.quote), one)
        if first.rate != one.rate:
            raise ConflictError(
                Sentence(
                    "Two rates {base}/{quote} of {day} were given: {one} and {other}. Nothing was loaded.",
                    base=one.base,
                    quote=one.quote,
                    day=one.day,
                    one=first.rate,
                    other=one.rate,
                )
            )
    row = await connection.fetchrow(
        f"""SELECT given.*, r.rate AS on_record, l.source {_GIVEN}
            JOIN exchange_rates r USING (day, base, quote) JOIN rate_loads l ON l.id = r.load_id
            WHERE r.rate <> given.rate ORDER BY day, base, quote LIMIT 1""",
        *_columns(rates),
    )
    if row is not None:
        raise ConflictError(
            Sentence(
                "For {base}/{quote} of {day} {on_record} is on record, from {source}, and {rate} was given. "
                "A published rate never changes; nothing was loaded.",
                **dict(row),
            )
        )
