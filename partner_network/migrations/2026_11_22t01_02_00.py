from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from partner_network.database import migration

ID = "2026_11_22t01_02_00"
VERSION = "1.38.0"
DESCRIPTION = "Walls around the people, programs, agreements, links and clicks of each brand."

ME = "(SELECT looking_brand())"
DOORKEEPER = "(SELECT doorkeeper_looks())"
MINE = f"(SELECT p.id FROM partnerships p WHERE p.advertiser_id = {ME} OR p.partner_id = {ME})"
ADVERTISED = f"(SELECT p.id FROM partnerships p WHERE p.advertiser_id = {ME})"
OWN_PROGRAMS = f"(SELECT g.id FROM programs g WHERE g.brand_id = {ME})"

SQL = f"""
CREATE INDEX memberships_of_brand ON memberships (brand_id);
CREATE INDEX partnerships_of_advertiser ON partnerships (advertiser_id);
CREATE INDEX partnerships_of_partner ON partnerships (partner_id);

-- Whether a brand has people of its own, who alone then name others; it says nothing else of them.
CREATE FUNCTION has_people(brand uuid) RETURNS boolean LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = public, pg_temp AS $$
    SELECT EXISTS (SELECT FROM memberships WHERE brand_id = brand)
$$;
-- The number of a version that a decision cites, also to a partner that sees the version itself no more.
CREATE FUNCTION number_of_version(cited uuid) RETURNS integer LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = public, pg_temp AS $$
    SELECT version FROM program_versions WHERE id = cited
$$;
REVOKE EXECUTE ON FUNCTION has_people(uuid), number_of_version(uuid) FROM public;
GRANT EXECUTE ON FUNCTION has_people(uuid), number_of_version(uuid)
    TO partner_network_web, partner_network_worker;

CALL wall_off('brands',
    seen_when => $$id = {ME} OR {DOORKEEPER}
        OR id IN (SELECT p.partner_id FROM partnerships p WHERE p.advertiser_id = {ME})
        OR id IN (SELECT p.advertiser_id FROM partnerships p WHERE p.partner_id = {ME})$$,
    changed_when => $$id = {ME}$$,
    added_when => $$id <> {ME}$$);  -- an advertiser brings a company in that is new here
CALL wall_off('members',
    seen_when => $${DOORKEEPER} OR id IN (SELECT r.member_id FROM memberships r WHERE r.brand_id = {ME})$$,
    -- a person may belong to several brands: none of them changes who that person is
    changed_when => $${DOORKEEPER}$$);
CALL wall_off('memberships', $${DOORKEEPER} OR brand_id = {ME}$$);
CALL wall_off('sessions', $${DOORKEEPER} OR brand_id = {ME}$$);
CALL wall_off('api_keys', $${DOORKEEPER} OR brand_id = {ME}$$);
CALL wall_off('invitations',
    seen_when => $${DOORKEEPER} OR brand_id = {ME} OR partnership_id IN {ADVERTISED}$$,
    changed_when => $${DOORKEEPER} OR brand_id = {ME}$$,
    -- who brings a brand in invites its first owner; from then on its own people invite
    added_when => $$brand_id = {ME} OR NOT has_people(brand_id) AND EXISTS (
        SELECT FROM partnerships p WHERE p.id = invitations.partnership_id AND p.advertiser_id = {ME}
            AND p.partner_id = invitations.brand_id)$$);

CALL wall_off('partnerships',
    seen_when => $${ME} IN (advertiser_id, partner_id)$$,
    changed_when => $${ME} IN (advertiser_id, partner_id)$$,
    added_when => $$advertiser_id = {ME}$$);
-- What a program offers is for its partners as long as they are partners.
CALL wall_off('programs',
    seen_when => $$brand_id = {ME} OR id IN (SELECT p.program_id FROM partnerships p
        WHERE p.partner_id = {ME} AND p.status NOT IN ('ended', 'declined'))$$,
    changed_when => $$brand_id = {ME}$$);
CALL wall_off('program_versions',
    seen_when => $$program_id IN {OWN_PROGRAMS} OR EXISTS (SELECT FROM partnerships p
        WHERE p.program_id = program_versions.program_id AND p.partner_id = {ME}
            AND (p.status NOT IN ('ended', 'declined') OR program_versions.recorded_at < p.ended_at))$$,
    changed_when => $$program_id IN {OWN_PROGRAMS}$$);
CALL wall_off('creatives',
    seen_when => $$program_id IN {OWN_PROGRAMS} OR withdrawn_at IS NULL AND program_id IN (
        SELECT p.program_id FROM partnerships p
        WHERE p.partner_id = {ME} AND p.status IN ('in_review', 'active', 'paused'))$$,
    changed_when => $$program_id IN {OWN_PROGRAMS}$$);

CALL wall_off('agreements', $$partnership_id IN {MINE}$$, $$partnership_id IN {ADVERTISED}$$);
CALL wall_off('agreement_parties',
    $$EXISTS (SELECT FROM agreements a WHERE a.id = agreement_parties.agreement_id)$$,
    $$EXISTS (SELECT FROM agreements a WHERE a.id = agreement_parties.agreement_id
        AND a.partnership_id IN {ADVERTISED})$$);
CALL wall_off('signatures',
    $$EXISTS (SELECT FROM agreements a WHERE a.id = signatures.agreement_id)$$,
    $$brand_id = {ME} AND EXISTS (SELECT FROM agreements a WHERE a.id = signatures.agreement_id)$$);
CALL wall_off('agreement_documents',
    $$EXISTS (SELECT FROM agreements a WHERE a.id = agreement_documents.agreement_id)$$, 'false');
CALL wall_off('terms', $$partnership_id IN {MINE}$$);

CALL wall_off('links', $${ME} IN (advertiser_id, partner_id)$$, $$partner_id = {ME}$$);
CREATE POLICY seen_by_the_redirect ON links FOR SELECT TO partner_network_redirect USING (true);
CALL wall_off('clicks', $${ME} IN (advertiser_id, partner_id)$$, 'false');
CREATE POLICY seen_by_the_redirect ON clicks FOR SELECT TO partner_network_redirect USING (true);
CREATE POLICY added_by_the_redirect ON clicks FOR INSERT TO partner_network_redirect WITH CHECK (true);
-- Only the redirect and the worker write these.
REVOKE INSERT ON clicks, agreement_documents FROM partner_network_web;

-- The policies of a partitioned table do not hold for whoever names one of its partitions: nobody may.
CREATE PROCEDURE hide_partition(partition regclass) LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('REVOKE ALL ON %s FROM public, partner_network_web, partner_network_redirect,
        partner_network_worker', partition);
    EXECUTE format('CALL wall_off(%L, ''false'')', partition);
END $$;
DO $$
DECLARE partition regclass;
BEGIN
    FOR partition IN SELECT inhrelid::regclass FROM pg_inherits WHERE inhparent = 'clicks'::regclass LOOP
        CALL hide_partition(partition);
    END LOOP;
END $$;
CREATE OR REPLACE FUNCTION ensure_click_partition(month date) RETURNS void LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp AS $$
DECLARE
    starts timestamptz := date_trunc('month', month::timestamp) AT TIME ZONE 'UTC';
    ends timestamptz := (date_trunc('month', month::timestamp) + interval '1 month') AT TIME ZONE 'UTC';
    name text := 'clicks_' || to_char(month, 'YYYY_MM');
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended(name, 0));
    IF to_regclass(name) IS NULL THEN
        EXECUTE format('CREATE TABLE %I PARTITION OF clicks FOR VALUES FROM (%L) TO (%L)',
            name, first_click_id(starts), first_click_id(ends));
        EXECUTE format('CALL make_append_only(%L)', name);
        EXECUTE format('CALL hide_partition(%L)', name);
    END IF;
END $$;
"""


async def forwards() -> MigrationManager:
    return migration.from_sql(ID, SQL, description=DESCRIPTION)
