from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from partner_network.database import migration

ID = "2026_11_23t00_00_00"
VERSION = "1.38.0"
DESCRIPTION = "Donations: the charities that the operator lists, who gives to them, and what they are paid."

ME = "(SELECT looking_brand())"
OPERATOR = "(SELECT operator_looks())"
DOORKEEPER = "(SELECT doorkeeper_looks())"
OWN = f"""(SELECT c.id FROM commissions c
    WHERE ({ME} = c.advertiser_id OR {ME} = c.partner_id OR {ME} = c.charity_id))"""

SQL = f"""
-- A brand that the operator lists takes donations and does nothing else: it has no partnership of its own, so
-- that what it is given is never netted, taxed or mixed with commission.
CREATE TABLE charities (
    brand_id uuid PRIMARY KEY REFERENCES brands,
    listed_at timestamptz NOT NULL,
    listed_by uuid NOT NULL REFERENCES members,
    delisted_at timestamptz CHECK (delisted_at >= listed_at),
    delisted_by uuid REFERENCES members,
    CHECK ((delisted_at IS NULL) = (delisted_by IS NULL))
);
CREATE FUNCTION refuse_partnering_charity() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp AS $$
BEGIN
    IF EXISTS (SELECT FROM charities h WHERE h.brand_id IN (NEW.advertiser_id, NEW.partner_id)) THEN
        RAISE EXCEPTION 'a charity takes donations and has no partnership' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NULL;
END $$;
CREATE FUNCTION refuse_listing_partner() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp AS $$
BEGIN
    -- Who joins it to a program meanwhile holds the brand's row by a foreign key: one of the two waits.
    PERFORM FROM brands WHERE id = NEW.brand_id FOR UPDATE;
    IF EXISTS (SELECT FROM partnerships p WHERE p.advertiser_id = NEW.brand_id OR p.partner_id = NEW.brand_id) THEN
        RAISE EXCEPTION 'a brand with a partnership cannot be a charity' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
REVOKE EXECUTE ON FUNCTION refuse_partnering_charity(), refuse_listing_partner() FROM public;
CREATE TRIGGER no_partners_among_charities BEFORE INSERT ON charities
    FOR EACH ROW EXECUTE FUNCTION refuse_listing_partner();
CREATE TRIGGER no_charities_among_partners AFTER INSERT ON partnerships
    FOR EACH ROW EXECUTE FUNCTION refuse_partnering_charity();

-- Whom agreements give to, written where they are drafted: only a charity of its own agreement is ever paid.
ALTER TABLE agreements ADD CONSTRAINT agreements_of_one_partnership UNIQUE (id, partnership_id);
CREATE TABLE agreement_charities (
    agreement_id uuid NOT NULL,
    charity_id uuid NOT NULL REFERENCES charities,
    partnership_id uuid NOT NULL,
    advertiser_id uuid NOT NULL,
    partner_id uuid NOT NULL,
    PRIMARY KEY (agreement_id, charity_id),
    FOREIGN KEY (agreement_id, partnership_id) REFERENCES agreements (id, partnership_id),
    FOREIGN KEY (partnership_id, advertiser_id, partner_id)
        REFERENCES partnerships (id, advertiser_id, partner_id)
);
CREATE INDEX agreement_charities_of_partnership ON agreement_charities (partnership_id);
CREATE INDEX agreement_charities_of_charity ON agreement_charities (charity_id);
CALL make_append_only('agreement_charities');

ALTER TABLE commissions ADD COLUMN charity_id uuid,
    DROP CONSTRAINT commissions_kind_check,
    ADD CONSTRAINT commissions_kind_check CHECK (kind IN ('commission', 'bonus', 'donation')),
    ADD CONSTRAINT a_donation_has_a_charity CHECK ((kind = 'donation') = (charity_id IS NOT NULL)),
    ADD CONSTRAINT an_agreed_charity FOREIGN KEY (agreement_id, charity_id)
        REFERENCES agreement_charities (agreement_id, charity_id);
CREATE INDEX commissions_to_charities ON commissions (charity_id) WHERE charity_id IS NOT NULL;

-- Whom the orders of a partnership pay: its partner, and the charities of what was signed for it.
CREATE VIEW payees WITH (security_invoker = true) AS
    SELECT p.id AS partnership_id, p.advertiser_id, p.partner_id AS payee_id FROM partnerships p
    UNION ALL
    SELECT DISTINCT x.partnership_id, x.advertiser_id, x.charity_id FROM agreement_charities x
    WHERE EXISTS (SELECT FROM terms t WHERE t.agreement_id = x.agreement_id);
-- What charities are called, to whoever drafts terms: names that the operator publishes.
CREATE VIEW charity_names WITH (security_barrier = true) AS
    SELECT h.brand_id, b.slug, b.name, h.delisted_at IS NULL AS is_listed
    FROM charities h JOIN brands b ON b.id = h.brand_id;

GRANT SELECT ON charities, agreement_charities, payees, charity_names
    TO partner_network_web, partner_network_worker;
GRANT INSERT, UPDATE ON charities TO partner_network_web;
GRANT INSERT ON agreement_charities TO partner_network_web;

CALL wall_off('charities', 'false');
CALL wall_off('agreement_charities',
    $${ME} = advertiser_id OR {ME} = partner_id OR {ME} = charity_id$$, 'false', $$advertiser_id = {ME}$$);
ALTER POLICY walls ON commissions USING ({OPERATOR} OR {ME} = advertiser_id OR {ME} = partner_id OR {ME} = charity_id);
ALTER POLICY walls ON commission_holds USING ({OPERATOR} OR commission_id IN {OWN});
ALTER POLICY walls ON commission_releases USING ({OPERATOR} OR commission_id IN {OWN});
ALTER POLICY walls ON unmoved_commissions USING ({OPERATOR} OR commission_id IN {OWN});
ALTER POLICY added ON clawback_contests WITH CHECK ({OPERATOR} OR EXISTS (
    SELECT FROM clawbacks b JOIN commissions c ON c.id = b.commission_id
    WHERE b.transfer_id = clawback_contests.clawback_id AND coalesce(c.charity_id, c.partner_id) = {ME}));
-- Whoever gives or helps to give sees to whom; the charity sees from whom.
ALTER POLICY walls ON brands USING ({OPERATOR} OR id = {ME} OR {DOORKEEPER}
    OR id IN (SELECT p.partner_id FROM partnerships p WHERE p.advertiser_id = {ME})
    OR id IN (SELECT p.advertiser_id FROM partnerships p WHERE p.partner_id = {ME})
    OR id IN (SELECT x.charity_id FROM agreement_charities x WHERE {ME} IN (x.advertiser_id, x.partner_id))
    OR id IN (SELECT x.advertiser_id FROM agreement_charities x WHERE x.charity_id = {ME}));
"""


async def forwards() -> MigrationManager:
    return migration.from_sql(ID, SQL, description=DESCRIPTION)
