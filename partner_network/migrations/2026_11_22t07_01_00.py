import hashlib
from datetime import datetime
from typing import cast
from uuid import UUID

import msgspec
from asyncpg import Record
from msgspec import Struct
from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from partner_network.database import connections, migration
from partner_network.database.connections import Connection
from partner_network.kernel import ids

ID = "2026_11_22t07_01_00"
VERSION = "1.38.0"
DESCRIPTION = "Customers under a pseudonym whose key can be destroyed, and hashes of reports that use it."

SQL = """
-- What makes a customer's pseudonym; without it nobody can tell any more whose pseudonym that was.
CREATE TABLE customer_keys (
    customer_id uuid PRIMARY KEY REFERENCES customers,
    pseudonym_key bytea NOT NULL CHECK (length(pseudonym_key) = 32)
);
INSERT INTO customer_keys SELECT id, uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()) FROM customers;

ALTER TABLE customers
    ADD COLUMN pseudonym bytea CHECK (length(pseudonym) = 32),
    ADD COLUMN erased_at timestamptz,
    ALTER COLUMN external_id DROP NOT NULL,
    ADD CONSTRAINT has_its_id_until_erased CHECK ((external_id IS NULL) = (erased_at IS NOT NULL));
UPDATE customers SET pseudonym = sha256(k.pseudonym_key || convert_to(external_id, 'UTF8'))
    FROM customer_keys k WHERE k.customer_id = id;
ALTER TABLE customers ALTER COLUMN pseudonym SET NOT NULL;

-- A customer never changes but for being erased, once; the key goes with the id.
CREATE FUNCTION erase_once() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND OLD.erased_at IS NULL AND NEW.erased_at IS NOT NULL AND NEW.external_id IS NULL
        AND (NEW.id, NEW.brand_id, NEW.first_seen_at, NEW.pseudonym) = (OLD.id, OLD.brand_id, OLD.first_seen_at, OLD.pseudonym) THEN
        DELETE FROM customer_keys WHERE customer_id = OLD.id;
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'a customer never changes but for being erased, once' USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER only_erase BEFORE UPDATE OR DELETE ON customers FOR EACH ROW EXECUTE FUNCTION erase_once();
CREATE TRIGGER never_emptied BEFORE TRUNCATE ON customers FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER never_changed BEFORE UPDATE ON customer_keys FOR EACH ROW EXECUTE FUNCTION refuse_change();

CALL wall_off('customer_keys', 'EXISTS (SELECT FROM customers c WHERE c.id = customer_keys.customer_id)');
GRANT SELECT ON customer_keys TO partner_network_web, partner_network_worker;
GRANT INSERT ON customer_keys TO partner_network_web;
GRANT UPDATE (external_id, erased_at) ON customers TO partner_network_web;
"""
BATCH_ROWS = 5_000


class Line(Struct, frozen=True, omit_defaults=True):
    """As it was hashed on this day, whatever the reports of later days look like."""

    id: str
    net_minor: int
    sku: str | None = None
    category: str | None = None
    quantity: int = 1


class Report(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The same of a conversion."""

    order_id: str
    event: str
    customer_id: str
    occurred_at: datetime
    currency: str
    net_minor: int
    program: str | None = None
    click_id: str | None = None
    lines: tuple[Line, ...] = ()


async def hash_with_pseudonyms(connection: Connection) -> None:
    """Hash every report again, with its customer's pseudonym where the advertiser's id stood."""
    await connection.execute("ALTER TABLE conversions DISABLE TRIGGER append_only")
    after = UUID(int=0)
    while rows := await connection.fetch(
        """SELECT v.*, u.external_id, u.pseudonym, g.slug FROM conversions v
           JOIN customers u ON u.id = v.customer_id JOIN programs g ON g.id = v.program_id
           WHERE v.id > $1 ORDER BY v.id LIMIT $2""",
        after,
        BATCH_ROWS,
    ):
        hashed = [(row["id"], said) for row in rows if (said := _hashed(row)) is not None]
        await connection.execute(
            """UPDATE conversions v SET payload_hash = t.payload_hash
               FROM unnest($1::uuid[], $2::bytea[]) AS t (id, payload_hash) WHERE v.id = t.id""",
            [one for one, _ in hashed],
            [said for _, said in hashed],
        )
        after = rows[-1]["id"]
    await connection.execute("ALTER TABLE conversions ENABLE TRIGGER append_only")


def _hashed(row: Record) -> bytes | None:
    unnamed = Report(
        order_id=row["order_id"],
        event=row["event"],
        customer_id=row["external_id"],
        occurred_at=row["occurred_at"],
        currency=row["currency"],
        net_minor=row["net_minor"],
        click_id=None if row["click_id"] is None else ids.shown("clk", row["click_id"]),
        lines=msgspec.json.decode(row["lines"], type=tuple[Line, ...]),
    )
    for program in (None, row["slug"], ids.shown("prg", row["program_id"])):
        named = msgspec.structs.replace(unnamed, program=program)
        if _sha256(named) == row["payload_hash"]:
            return _sha256(msgspec.structs.replace(named, customer_id=row["pseudonym"].hex()))
    return None  # it was changed behind everybody's back before, and stays found out


def _sha256(report: Report) -> bytes:
    return hashlib.sha256(msgspec.json.encode(report)).digest()


async def forwards() -> MigrationManager:
    manager = migration.from_sql(ID, SQL, description=DESCRIPTION)

    async def run() -> None:
        current = connections.engine.current_transaction.get()
        if current is None:
            raise RuntimeError("a migration runs inside a transaction")
        await hash_with_pseudonyms(cast("Connection", current.connection))

    manager.add_raw(run)
    return manager
