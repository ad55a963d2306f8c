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
    account TEXT NOT NULL,
    body TEXT NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS objects_by_kind ON objects (kind, account, seq);
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
    amount INTEGER NOT NULL
        CHECK (amount >= 0 OR account IN ('card_networks', 'banks', 'available', 'pending')),
    PRIMARY KEY (account, currency)
) STRICT;
CREATE TABLE IF NOT EXISTS bundles (
    balance_transaction TEXT PRIMARY KEY,
    payout TEXT NOT NULL
) STRICT;

CREATE TABLE IF NOT EXISTS clock (
    ahead_s INTEGER NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS plans (
    seq INTEGER PRIMARY KEY,
    due_at INTEGER NOT NULL,
    verb TEXT NOT NULL,
    object TEXT NOT NULL,
    UNIQUE (verb, object)
) STRICT;
CREATE INDEX IF NOT EXISTS plans_by_day ON plans (due_at, seq);

CREATE TABLE IF NOT EXISTS answers (
    key TEXT PRIMARY KEY,
    endpoint TEXT NOT NULL,
    params TEXT NOT NULL,
    request_id TEXT NOT NULL,
    status INTEGER NOT NULL,
    body TEXT NOT NULL,
    stored_at INTEGER NOT NULL
) STRICT;

CREATE TABLE IF NOT EXISTS subscriptions (
    id TEXT PRIMARY KEY,
    endpoint TEXT NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS deliveries (
    seq INTEGER PRIMARY KEY,
    event TEXT NOT NULL,
    endpoint TEXT NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0,
    due_at REAL,
    delivered_at REAL,
    last_error TEXT,
    held INTEGER NOT NULL DEFAULT 0,
    lost INTEGER NOT NULL DEFAULT 0,
    forged INTEGER NOT NULL DEFAULT 0,
    signed_ago_s INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX IF NOT EXISTS deliveries_by_event ON deliveries (event);
CREATE INDEX IF NOT EXISTS deliveries_by_day ON deliveries (due_at, seq) WHERE due_at IS NOT NULL;
CREATE TABLE IF NOT EXISTS mishaps (
    seq INTEGER PRIMARY KEY,
    mishap TEXT NOT NULL
) STRICT;
"""
TABLES = (
    "objects", "legs", "holdings", "bundles", "clock", "plans", "answers", "subscriptions", "deliveries",
    "mishaps",
)  # fmt: skip
FORMAT = 3
PLATFORM = ""
LETTERS = string.ascii_letters + string.digits


def new_id(prefix: str) -> str:
    """Make an id in Stripe's form."""
    return f"{prefix}_1" + "".join(secrets.choice(LETTERS) for _ in range(23))


class State:
    """One SQLite file, used from one thread; a request is one transaction."""

    def __init__(self, path: Path) -> None:
        self.db = sqlite3.connect(path, isolation_level=None)
        self.db.row_factory = sqlite3.Row
        written = self.db.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
        if written and self.db.execute("PRAGMA user_version").fetchone()[0] != FORMAT:
            raise ValueError(
                f"{path} is from another version of the simulator: remove it, or start elsewhere."
            )
        # WAL without a sync at each commit: a killed process loses nothing, which is all a restart needs.
        self.db.executescript(
            f"PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA user_version = {FORMAT};"
            + SCHEMA
        )
        self._ahead_s = self._read_clock()

    def now(self) -> int:
        """Tell the time as Stripe does: its own clock, which the controls may set ahead."""
        return int(time.time()) + self._ahead_s

    def instant(self) -> float:
        """Tell the same time with its fractions, for what waits less than a second."""
        return time.time() + self._ahead_s

    def set_clock(self, instant: int) -> None:
        """Go ahead to an instant; never back."""
        self._ahead_s = max(self._ahead_s, instant - int(time.time()))
        self.db.execute("DELETE FROM clock")
        self.db.execute("INSERT INTO clock VALUES (?)", (self._ahead_s,))

    def _read_clock(self) -> int:
        row = self.db.execute("SELECT ahead_s FROM clock").fetchone()
        return 0 if row is None else row["ahead_s"]

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
            self._ahead_s = self._read_clock()
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
        self._ahead_s = 0

    def put(self, body: Json, *, kind: str | None = None, account: str = PLATFORM) -> Json:
        """Store an object under its id, replacing an earlier version of it in its place."""
        self.db.execute(
            "INSERT INTO objects (id, kind, account, body) VALUES (?, ?, ?, ?)"
            " ON CONFLICT (id) DO UPDATE SET body = excluded.body",
            (body["id"], kind or body["object"], account, json.dumps(body)),
        )
        return body

    def find(self, object_id: str, *, kind: str | None = None, account: str | None = None) -> Json | None:
        """Read one object, of that kind and that account if they are named."""
        row = self.db.execute(
            "SELECT body FROM objects WHERE id = ? AND kind = coalesce(?, kind)"
            " AND account = coalesce(?, account)",
            (object_id, kind, account),
        ).fetchone()
        return None if row is None else json.loads(row["body"])

    def get(self, object_id: str) -> Json:
        """Read an object that is known to be there."""
        body = self.find(object_id)
        if body is None:
            raise LookupError(f"no object {object_id}")
        return body

    def owner_of(self, object_id: str) -> str:
        """Tell whose an object is: a connected account's id, or nothing for the platform."""
        row = self.db.execute("SELECT account FROM objects WHERE id = ?", (object_id,)).fetchone()
        return PLATFORM if row is None else row["account"]

    def remove(self, object_id: str) -> None:
        """Forget one object."""
        self.db.execute("DELETE FROM objects WHERE id = ?", (object_id,))

    def sequence_of(self, object_id: str, *, kind: str, account: str = PLATFORM) -> int | None:
        """Tell where in its list an object stands."""
        row = self.db.execute(
            "SELECT seq FROM objects WHERE id = ? AND kind = ? AND account = ?", (object_id, kind, account)
        ).fetchone()
        return None if row is None else row["seq"]

    def select(
        self,
        kind: str,
        where: Mapping[str, str | int],
        *,
        order: str = "ASC",
        limit: int = -1,
        account: str = PLATFORM,
    ) -> list[Json]:
        """Read objects whose conditions hold; each condition is SQL of ours with one bound value."""
        conditions = "".join(f" AND {condition}" for condition in where)
        rows = self.db.execute(
            f"SELECT body FROM objects WHERE kind = ? AND account = ?{conditions}"
            f" ORDER BY seq {order} LIMIT ?",
            (kind, account, *where.values(), limit),
        )
        return [json.loads(row["body"]) for row in rows]

    def plan(self, verb: str, object_id: str, *, due_at: int) -> None:
        """Remember what happens to an object when its time comes; an earlier plan of the verb gives way."""
        self.db.execute(
            "INSERT OR REPLACE INTO plans (due_at, verb, object) VALUES (?, ?, ?)", (due_at, verb, object_id)
        )

    def next_plan(self, *, until: int) -> sqlite3.Row | None:
        """Take the plan that is due first, if it is due by then."""
        row = self.db.execute(
            "SELECT * FROM plans WHERE due_at <= ? ORDER BY due_at, seq LIMIT 1", (until,)
        ).fetchone()
        if row is not None:
            self.db.execute("DELETE FROM plans WHERE seq = ?", (row["seq"],))
        return row
