from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from partner_network.database import migration

ID = "2026_11_23t10_00_00"
VERSION = "1.38.0"
DESCRIPTION = "The contract behind a gift, for the charity that is given to: which published text, no terms."

ME = "(SELECT looking_brand())"

SQL = f"""
-- A charity signs nothing and reads no terms; which published contract it is paid under is its to know, so
-- that its statements and traces end at a numbered clause as a partner's do.
CREATE VIEW contracts_of_gifts WITH (security_barrier = true) AS
    SELECT x.agreement_id, x.advertiser_id, x.charity_id, g.number, g.contract_name, g.contract_version
    FROM agreement_charities x JOIN agreements g ON g.id = x.agreement_id
    WHERE ((SELECT sees_everything()) OR {ME} = x.advertiser_id OR {ME} = x.partner_id OR {ME} = x.charity_id)
        AND EXISTS (SELECT FROM terms t WHERE t.agreement_id = x.agreement_id);
GRANT SELECT ON contracts_of_gifts TO partner_network_web, partner_network_worker;
"""


async def forwards() -> MigrationManager:
    return migration.from_sql(ID, SQL, description=DESCRIPTION)
