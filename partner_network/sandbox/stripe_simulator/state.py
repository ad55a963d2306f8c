"""The simulator's memory: objects in one SQLite file, so a restart forgets nothing."""

import json
import secrets
import sqlite3
import string
import time
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from pathlib import Path

from partner_network.sandbox.stripe_simulator.forms import Json
from partner_network.sandbox.stripe_simulator.refusals import RefusedError

SCHEMA = """
CREATE TABLE IF NOT EXISTS objects (
    seq INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    kind TEXT NOT NULL,
    body TEXT NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS objects_by_kind ON objects (kind, seq);
CREATE INDEX IF NOT EXISTS transfers_by_group
    ON objects (json_extract(body, '$.transfer_group'), seq) WHERE kind = 'transfer';
CREATE INDEX IF NOT EXISTS balance_transactions_by_source
    ON objects (json_extract(body, '$.source'), seq) WHERE kind = 'balance_transaction';

CREATE TABLE IF NOT EXISTS legs (
    seq INTEGER PRIMARY KEY,
    movement TEXT NOT NULL,
    account TEXT NOT NULL,
    currency TEXT NOT NULL,
    amount INTEGER NOT NULL CHECK (amount <> 0)
) STRICT;
CREATE TABLE IF NOT EXISTS holdings (
    account TEXT NOT NULL,
    currency TEXT NOT NULL,
    amount INTEGER NOT NULL CHECK (amount >= 0 OR account = 'card_networks'),
    PRIMARY KEY (account, currency)
) STRICT;

CREATE TABLE IF NOT EXISTS answers (
    key TEXT PRIMARY KEY,
    endpoint TEXT NOT NULL,
    params TEXT NOT NULL,
    request_id TEXT NOT NULL,
    status INTEGER NOT NULL,
    body TEXT NOT NULL,
    stored_at INTEGER NOT NULL
) STRICT;

CREATE TABLE IF NOT EXISTS deliveries (
    event TEXT PRIMARY KEY,
    attempts INTEGER NOT NULL DEFAULT 0,
    due_at REAL,
    delivered_at REAL,
    last_error TEXT
) STRICT;
"""
TABLES = ("objects", "legs", "holdings", "answers", "deliveries")
LETTERS = string.ascii_letters + string.digits


def now() -> int:
    """Tell the time as Stripe does: the simulator is the outside, simulated time stops at its door."""
    return int(time.time())


def new_id(prefix: str) -> str:
    """Make an id in Stripe's form."""
    return f"{prefix}_1" + "".join(secrets.choice(LETTERS) for _ in range(23))


class State:
    """One SQLite file, used from one thread; a request is one transaction."""

    def __init__(self, path: Path) -> None:
        self.db = sqlite3.connect(path, isolation_level=None)
        self.db.row_factory = sqlite3.Row
        # WAL without a sync at each commit: a killed process loses nothing, which is all a restart needs.
        self.db.executescript("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;" + SCHEMA)

    def close(self) -> None:
        """Let go of the file."""
        self.db.close()

    @contextmanager
    def transaction(self) -> Generator[None]:
        """Keep everything written inside, or nothing."""
        self.db.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self.db.execute("ROLLBACK")
            raise
        self.db.execute("COMMIT")

    @contextmanager
    def attempt(self) -> Generator[None]:
        """Undo what was written inside when it is refused; for use in a transaction."""
        self.db.execute("SAVEPOINT attempt")
        try:
            yield
        except RefusedError as refused:
            if not refused.leaves_traces:
                self.db.execute("ROLLBACK TO attempt")
            raise

    def forget_everything(self) -> None:
        """Start anew, as a fresh file would."""
        for table in TABLES:
            self.db.execute(f"DELETE FROM {table}")

    def put(self, body: Json, *, kind: str | None = None) -> Json:
        """Store an object under its id, replacing an earlier version of it in its place."""
        self.db.execute(
            "INSERT INTO objects (id, kind, body) VALUES (?, ?, ?)"
            " ON CONFLICT (id) DO UPDATE SET body = excluded.body",
            (body["id"], kind or body["object"], json.dumps(body)),
        )
        return body

    def find(self, object_id: str, *, kind: str | None = None) -> Json | None:
        """Read one object, of that kind if one is named."""
        row = self.db.execute(
            "SELECT body FROM objects WHERE id = ? AND kind = coalesce(?, kind)", (object_id, kind)
        ).fetchone()
        return None if row is None else json.loads(row["body"])

    def sequence_of(self, object_id: str, *, kind: str) -> int | None:
        """Tell where in its list an object stands."""
        row = self.db.execute(
            "SELECT seq FROM objects WHERE id = ? AND kind = ?", (object_id, kind)
        ).fetchone()
        return None if row is None else row["seq"]

    def select(self, kind: str, where: Mapping[str, str | int], *, order: str, limit: int) -> list[Json]:
        """Read objects whose conditions hold; each condition is SQL of ours with one bound value."""
        conditions = "".join(f" AND {condition}" for condition in where)
        rows = self.db.execute(
            f"SELECT body FROM objects WHERE kind = ?{conditions} ORDER BY seq {order} LIMIT ?",
            (kind, *where.values(), limit),
        )
        return [json.loads(row["body"]) for row in rows]
