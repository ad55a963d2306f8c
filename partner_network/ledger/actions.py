"""Post entries, many at a time; the database refuses what must never be."""

from collections.abc import Sequence
from datetime import datetime

import asyncpg
import msgspec

from partner_network.database.connections import Connection
from partner_network.kernel.errors import ConflictError
from partner_network.kernel.sentences import Sentence
from partner_network.ledger import rules
from partner_network.ledger.rules import Account, Booked, Entry


async def post(connection: Connection, entries: Sequence[Entry], *, recorded_at: datetime) -> list[Booked]:
    """Book ``entries`` in the caller's transaction and return where each stands, in their order.

    Units: minor units of each entry's currency.
    Errors: ConflictError when a key is booked already with other content; the same content again is
        answered with the entry that stands. The database refuses a balance below zero.
    Source: MONEY section 5.
    """
    if not entries:
        return []
    wanted = sorted(
        {a for e in entries for leg in e.legs for a in (leg.debit, leg.credit)}, key=rules.account_order
    )
    known = await _known(connection, entries, wanted)
    fresh = [entry for entry in entries if entry.key not in known.standing]
    booked = await _insert(connection, fresh, known, recorded_at) if fresh else {}
    return [known.standing.get(entry.key) or booked[entry.key] for entry in entries]


class _Known(msgspec.Struct, frozen=True):
    """What posting asks the database beforehand, all at once: a live order waits for each answer."""

    accounts: dict[Account, int]
    standing: dict[str, Booked]
    entry_ids: list[int]
    transfer_ids: list[int]


_KNOWN = """
    SELECT array(SELECT a.id FROM unnest($1::text[], $2::text[], $3::uuid[], $4::uuid[])
                     WITH ORDINALITY AS w (kind, currency, holder_id, counterparty_id, n)
                 LEFT JOIN ledger_accounts a ON a.kind = w.kind AND a.currency = w.currency
                     AND a.holder_id IS NOT DISTINCT FROM w.holder_id
                     AND a.counterparty_id IS NOT DISTINCT FROM w.counterparty_id
                 ORDER BY w.n) AS account_ids,
        array(SELECT (e.key, e.id, e.payload_hash,
                      array(SELECT t.id FROM ledger_transfers t WHERE t.entry_id = e.id ORDER BY t.leg))
              FROM ledger_entries e WHERE e.key = ANY($5::text[])) AS standing,
        array(SELECT nextval(s.entries) FROM generate_series(1, $6::int)) AS entry_ids,
        array(SELECT nextval(s.transfers) FROM generate_series(1, $7::int)) AS transfer_ids
    FROM (SELECT pg_get_serial_sequence('ledger_entries', 'id')::regclass AS entries,
              pg_get_serial_sequence('ledger_transfers', 'id')::regclass AS transfers OFFSET 0) s
"""


async def _known(connection: Connection, entries: Sequence[Entry], wanted: Sequence[Account]) -> _Known:
    """Return the accounts of entries, opened where nobody used them yet, what is booked, and ids to use."""
    legs = sum(len(entry.legs) for entry in entries)
    keys = [entry.key for entry in entries]
    columns = _columns(wanted)
    (row,) = await connection.fetch(_KNOWN, *columns, keys, len(entries), legs)
    accounts = dict(zip(wanted, row["account_ids"], strict=True))
    if None in row["account_ids"]:
        accounts = await account_ids(connection, set(wanted))
    return _Known(accounts, _standing(entries, row["standing"]), row["entry_ids"], row["transfer_ids"])


def _columns(wanted: Sequence[Account]) -> tuple[Sequence[object], ...]:
    return (
        [a.kind for a in wanted],
        [a.currency for a in wanted],
        [a.holder_id for a in wanted],
        [a.counterparty_id for a in wanted],
    )


async def account_ids(connection: Connection, accounts: set[Account]) -> dict[Account, int]:
    """Return the ids of accounts, opening those that nobody has used yet."""
    wanted = sorted(accounts, key=rules.account_order)
    columns = _columns(wanted)
    found = await _found(connection, columns)
    if len(found) < len(wanted):
        await connection.execute(
            """INSERT INTO ledger_accounts (kind, currency, holder_id, counterparty_id)
               SELECT * FROM unnest($1::text[], $2::text[], $3::uuid[], $4::uuid[]) ON CONFLICT DO NOTHING""",
            *columns,
        )
        found = await _found(connection, columns)
    return {account: found[n] for n, account in enumerate(wanted, start=1)}


async def _found(connection: Connection, columns: tuple[Sequence[object], ...]) -> dict[int, int]:
    rows = await connection.fetch(
        """SELECT w.n, a.id FROM unnest($1::text[], $2::text[], $3::uuid[], $4::uuid[])
               WITH ORDINALITY AS w (kind, currency, holder_id, counterparty_id, n)
           JOIN ledger_accounts a ON a.kind = w.kind AND a.currency = w.currency
               AND a.holder_id IS NOT DISTINCT FROM w.holder_id
               AND a.counterparty_id IS NOT DISTINCT FROM w.counterparty_id""",
        *columns,
    )
    return {row["n"]: row["id"] for row in rows}


def _standing(entries: Sequence[Entry], rows: Sequence[asyncpg.Record]) -> dict[str, Booked]:
    hashes = {row[0]: row[2] for row in rows}
    for entry in entries:
        if entry.key in hashes and hashes[entry.key] != rules.payload_hash(entry):
            raise ConflictError(
                Sentence("The ledger holds {key} with other content; nothing was booked.", key=entry.key)
            )
    return {row[0]: Booked(row[1], tuple(row[3])) for row in rows}


# Both at once: what entries and legs ask of each other is checked when the statement is done.
_INSERT = """
    WITH opened AS (
        INSERT INTO ledger_entries
            (id, kind, currency, key, payload_hash, effective_at, clause, reason, recorded_at)
        SELECT *, $9 FROM unnest($1::bigint[], $2::text[], $3::text[], $4::text[], $5::bytea[],
            $6::timestamptz[], $7::text[], $8::text[]))
    INSERT INTO ledger_transfers (id, entry_id, leg, currency, debit_account_id, credit_account_id,
        amount_minor, phase, pending_id, commission_id, effective_at)
    SELECT * FROM unnest($10::bigint[], $11::bigint[], $12::smallint[], $13::text[], $14::bigint[],
        $15::bigint[], $16::bigint[], $17::text[], $18::bigint[], $19::bigint[], $20::timestamptz[])
"""


async def _insert(
    connection: Connection, entries: Sequence[Entry], known: _Known, recorded_at: datetime
) -> dict[str, Booked]:
    legs = [(n, i, leg) for n, entry in enumerate(entries) for i, leg in enumerate(entry.legs, start=1)]
    entry_ids, transfer_ids = known.entry_ids[: len(entries)], known.transfer_ids[: len(legs)]
    accounts = known.accounts
    currencies = [rules.currency_of(entry) for entry in entries]
    await connection.execute(
        _INSERT,
        entry_ids,
        [entry.kind for entry in entries],
        currencies,
        [entry.key for entry in entries],
        [rules.payload_hash(entry) for entry in entries],
        [entry.effective_at for entry in entries],
        [entry.clause for entry in entries],
        [entry.reason for entry in entries],
        recorded_at,
        transfer_ids,
        [entry_ids[n] for n, _, _ in legs],
        [i for _, i, _ in legs],
        [currencies[n] for n, _, _ in legs],
        [accounts[leg.debit] for _, _, leg in legs],
        [accounts[leg.credit] for _, _, leg in legs],
        [leg.amount_minor for _, _, leg in legs],
        [leg.phase for _, _, leg in legs],
        [leg.pending_id for _, _, leg in legs],
        [leg.commission_id for _, _, leg in legs],
        [entries[n].effective_at for n, _, _ in legs],
    )
    transfers_of: dict[int, list[int]] = {}
    for transfer_id, (n, _, _) in zip(transfer_ids, legs, strict=True):
        transfers_of.setdefault(n, []).append(transfer_id)
    return {entry.key: Booked(entry_ids[n], tuple(transfers_of[n])) for n, entry in enumerate(entries)}
