"""Read the postings that the next statement of an account will list, each with what it is called there.

PostgreSQL reads, names and adds them up, so that no statement is ever held in our memory line by line. What a
line is called and when an order is late is said by our rules alone, and handed to it as small tables.
"""

from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from partner_network.agreements import terms_reading
from partner_network.database.connections import Connection
from partner_network.kernel.errors import ConflictError
from partner_network.statements import rules
from partner_network.statements.rules import LineKind

_LINES_A_CHUNK = 5_000
_CHUNKS_AT_ONCE = 4

# $1 the account, $2 the end of the period; $3 to $7 what postings are called; $8 to $10 the agreements with
# their months and lock dates. An instant lies in the last month that has begun. The two small tables are
# materialized: their arrays would be read from text again for each line.
UNSTATED = """
    WITH months AS MATERIALIZED (
        SELECT agreement_id, starts::timestamptz[] AS starts, locks::timestamptz[] AS locks
        FROM unnest($8::uuid[], $9::text[], $10::text[]) AS x (agreement_id, starts, locks)
    ), named AS MATERIALIZED (
        SELECT * FROM unnest($3::text[], $4::boolean[], $5::boolean[], $6::boolean[], $7::text[])
            AS x (entry_kind, is_revision, is_bonus, is_late, kind)
    )
    SELECT t.id AS transfer_id, named.kind, t.effective_at, c.period AS earning_period, t.commission_id,
        CASE t.credit_account_id WHEN $1 THEN t.amount_minor ELSE -t.amount_minor END AS amount_minor
    FROM ledger_transfers t JOIN ledger_entries e ON e.id = t.entry_id
    LEFT JOIN commissions c ON c.id = t.commission_id
    LEFT JOIN conversions v ON v.id = c.conversion_id
    LEFT JOIN months ON months.agreement_id = c.agreement_id
    LEFT JOIN named ON named.entry_kind = e.kind AND named.is_revision = starts_with(e.key, 'commission:')
        AND named.is_bonus = (c.kind IS NOT DISTINCT FROM 'bonus')
        AND named.is_late = CASE WHEN v.id IS NULL THEN false
            ELSE v.recorded_at >= months.locks[width_bucket(v.occurred_at, months.starts)] END
    WHERE (t.credit_account_id = $1 OR t.debit_account_id = $1) AND t.effective_at < $2
        AND t.phase = 'posted'
        AND NOT EXISTS (SELECT FROM statement_lines l WHERE l.account_id = $1 AND l.transfer_id = t.id)
"""
# As msgspec writes a `Line`: what verification hashes again.
_SAID = """
    SELECT count(*) AS count, string_agg(said, ',' ORDER BY transfer_id) AS said FROM (
        SELECT transfer_id, (row_number() OVER (ORDER BY transfer_id) - 1) / {chunk} AS chunk,
            '{{"transfer_id":' || transfer_id || ',"kind":"' || kind || '","amount_minor":' || amount_minor
            || ',"effective_at":"' || to_char(effective_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS')
            || CASE WHEN date_trunc('second', effective_at) = effective_at THEN ''
                    ELSE to_char(effective_at AT TIME ZONE 'UTC', '.US') END
            || 'Z","earning_period":' || coalesce('"' || earning_period || '"', 'null')
            || ',"commission_id":' || coalesce(commission_id::text, 'null') || '}}' AS said
        FROM ({lines}) line) said
    GROUP BY chunk ORDER BY chunk
"""


class Reading(msgspec.Struct, frozen=True):
    """Which postings are read: those on an account that take effect before an instant and are not stated."""

    account_id: int
    before: datetime
    agreements: Sequence[tuple[UUID, rules.Locks]]

    @property
    def arguments(self) -> tuple[object, ...]:
        """What `UNSTATED` wants."""
        return (
            self.account_id,
            self.before,
            *zip(*rules.named_kinds(), strict=True),
            [agreement_id for agreement_id, _ in self.agreements],
            [_array(locks.starts) for _, locks in self.agreements],
            [_array(locks.locks) for _, locks in self.agreements],
        )


def _array(instants: Sequence[datetime]) -> str:
    return "{" + ",".join(instant.isoformat() for instant in instants) + "}"


async def reading(
    connection: Connection, account_id: int, before: datetime, *, payer_id: UUID, payee_id: UUID
) -> Reading:
    """Return what it takes to read the unstated postings of a pair's account."""
    rows = await connection.fetch(
        """SELECT g.id, g.terms_toml,
               (SELECT min(occurred_at) FROM conversions v WHERE v.program_id = p.program_id) AS first,
               (SELECT max(occurred_at) FROM conversions v WHERE v.program_id = p.program_id) AS last
           FROM payees y JOIN partnerships p ON p.id = y.partnership_id
           JOIN agreements g ON g.partnership_id = p.id
           WHERE y.advertiser_id = $1 AND y.payee_id = $2
               AND EXISTS (SELECT FROM terms t WHERE t.agreement_id = g.id)""",
        payer_id,
        payee_id,
    )
    agreements: list[tuple[UUID, rules.Locks]] = []
    for row in rows:
        if row["first"] is not None:
            settlement = terms_reading.read_terms(row["terms_toml"]).settlement
            locks = rules.locks_between(settlement.lock, settlement.time_zone, row["first"], row["last"])
            agreements.append((row["id"], locks))
    return Reading(account_id, before, agreements)


class Totals(msgspec.Struct, frozen=True):
    """How many lines there are, and the sum of each kind of them in minor units."""

    count: int
    by_kind: dict[LineKind, int]

    @property
    def minor(self) -> int:
        """What all lines come to."""
        return sum(self.by_kind.values())


async def totals(connection: Connection, of: Reading) -> Totals:
    """Add up the lines. Errors: ConflictError for a posting that has no place on a statement."""
    rows = await connection.fetch(
        f"""SELECT kind, count(*) AS count, sum(amount_minor)::bigint AS minor
            FROM ({UNSTATED}) line GROUP BY kind ORDER BY min(transfer_id)""",
        *of.arguments,
    )
    if any(row["kind"] is None for row in rows):
        raise ConflictError("A posting on this account has no place on a statement; nothing was closed.")
    return Totals(sum(row["count"] for row in rows), {row["kind"]: row["minor"] for row in rows})


async def said(connection: Connection, of: Reading) -> AsyncIterator[tuple[int, bytes]]:
    """Yield how many lines and what a statement says of them, some thousand at a time.

    That text, between the statement's head and end, is what `rules.content_hash` hashes.
    """
    query = _SAID.format(chunk=_LINES_A_CHUNK, lines=UNSTATED)
    comma = b""
    async for row in connection.cursor(query, *of.arguments, prefetch=_CHUNKS_AT_ONCE):
        yield row["count"], comma + row["said"].encode()
        comma = b","
