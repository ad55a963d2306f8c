from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from partner_network.database import migration

ID = "2026_11_22t14_30_00"
VERSION = "1.38.0"
DESCRIPTION = (
    "What a partner may be told of an order that it misses, and the refunds of what it is credited with."
)

# Each tells a brand less than the rows do: that an order came, and not when, from whom or for how much.
SQL = """
CREATE INDEX identifications_of_click ON identifications (click_id);
CREATE INDEX conversions_of_click ON conversions (click_id) WHERE click_id IS NOT NULL;

-- A credited partner's share shrinks by them, so it reads when and how much, on the receipt.
CREATE POLICY seen_by_the_credited ON refunds FOR SELECT TO partner_network_web
    USING (EXISTS (SELECT FROM credits c WHERE c.conversion_id = refunds.conversion_id));

-- Whether an advertiser of the looking partner received an order, while their partnership was active.
CREATE FUNCTION orders_received(wanted text) RETURNS TABLE (advertiser_id uuid, is_decided boolean)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT DISTINCT v.brand_id, NOT EXISTS (SELECT FROM undecided_conversions u WHERE u.conversion_id = v.id)
    FROM partnerships p CROSS JOIN unnest('{sale,lead,activation}'::text[]) AS e (event)
    JOIN conversions v ON v.brand_id = p.advertiser_id AND v.event = e.event AND v.order_id = wanted
        AND v.program_id = p.program_id
    WHERE p.partner_id = looking_brand() AND p.status IN ('active', 'paused', 'ended')
        AND v.occurred_at >= p.active_from AND (p.ended_at IS NULL OR v.occurred_at < p.ended_at)
$$;

-- Whether anybody is known to stand behind a click of the looking brand's, and whether an order of theirs waits.
CREATE FUNCTION known_behind(clicked uuid) RETURNS TABLE (is_identified boolean, waits boolean)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    WITH own AS (SELECT * FROM clicks k WHERE k.click_id = clicked
                     AND (looking_brand() IN (k.partner_id, k.advertiser_id) OR operator_looks())),
        after_it AS (
            SELECT v.id FROM own k JOIN identifications i ON i.click_id = k.click_id
            JOIN conversions v ON v.customer_id = i.customer_id AND v.program_id = k.program_id
                AND v.occurred_at >= k.at
            UNION SELECT v.id FROM own k JOIN conversions v ON v.click_id = k.click_id)
    SELECT EXISTS (SELECT FROM identifications i WHERE i.click_id = k.click_id)
            OR EXISTS (SELECT FROM conversions v WHERE v.click_id = k.click_id),
        EXISTS (SELECT FROM after_it a JOIN undecided_conversions u ON u.conversion_id = a.id)
    FROM own k
$$;

-- The conversions after a click, by whoever stands behind it, of which the looking brand sees the receipts anyhow.
CREATE FUNCTION ordered_after(clicked uuid) RETURNS SETOF uuid
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    WITH own AS (SELECT * FROM clicks k WHERE k.click_id = clicked
                     AND (looking_brand() IN (k.partner_id, k.advertiser_id) OR operator_looks())),
        after_it AS (
            SELECT v.id, v.brand_id, v.occurred_at FROM own k JOIN identifications i ON i.click_id = k.click_id
            JOIN conversions v ON v.customer_id = i.customer_id AND v.program_id = k.program_id
                AND v.occurred_at >= k.at
            UNION SELECT v.id, v.brand_id, v.occurred_at FROM own k JOIN conversions v ON v.click_id = k.click_id)
    SELECT a.id FROM after_it a
    WHERE a.brand_id = looking_brand() OR operator_looks() OR EXISTS (
        SELECT FROM candidacies c WHERE c.conversion_id = a.id AND c.partner_id = looking_brand())
    ORDER BY a.occurred_at, a.id LIMIT 10
$$;
REVOKE EXECUTE ON FUNCTION orders_received(text), known_behind(uuid), ordered_after(uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION orders_received(text), known_behind(uuid), ordered_after(uuid)
    TO partner_network_web;
"""


async def forwards() -> MigrationManager:
    return migration.from_sql(ID, SQL, description=DESCRIPTION)
