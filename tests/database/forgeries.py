"""What one brand might try to write in the name of another: each is a whole statement, and none may pass."""

from tests.builders import SHOP, WEEKLY

FORGERIES = {
    "its key made another's": (SHOP, "UPDATE api_keys SET brand_id = '{weekly}'"),
    "its account at Stripe made another's": (SHOP, "UPDATE stripe_accounts SET brand_id = '{stranger}'"),
    "its person made another's owner": (
        SHOP,
        """INSERT INTO memberships (id, member_id, brand_id, role, created_at)
           SELECT gen_random_uuid(), member_id, '{weekly}', 'owner', now() FROM memberships""",
    ),
    "an owner for a partner that has people": (
        SHOP,
        """INSERT INTO invitations (id, token_hash, partnership_id, brand_id)
           SELECT gen_random_uuid(), 'y', id, partner_id FROM partnerships WHERE partner_id = '{weekly}'""",
    ),
    "a customer of a partner": (
        SHOP,
        "INSERT INTO customers (id, brand_id) VALUES (gen_random_uuid(), '{weekly}')",
    ),
    "a partner for a program that it promotes": (
        WEEKLY,
        """INSERT INTO partnerships (id, program_id, advertiser_id, partner_id, status)
           SELECT gen_random_uuid(), program_id, advertiser_id, '{stranger}', 'invited' FROM partnerships
           WHERE advertiser_id = '{shop}'""",
    ),
    "a policy for a program that it promotes": (
        WEEKLY,
        """INSERT INTO program_versions (id, program_id, version)
           SELECT gen_random_uuid(), program_id, 99 FROM partnerships WHERE advertiser_id = '{shop}'""",
    ),
    "a picture for a program that it promotes": (
        WEEKLY,
        """INSERT INTO creatives (id, program_id)
           SELECT gen_random_uuid(), program_id FROM partnerships WHERE advertiser_id = '{shop}'""",
    ),
    "terms that the advertiser drafts": (
        WEEKLY,
        """INSERT INTO agreements (id, partnership_id)
           SELECT gen_random_uuid(), id FROM partnerships WHERE advertiser_id = '{shop}'""",
    ),
    "the other side's signature": (
        WEEKLY,
        "INSERT INTO signatures (agreement_id, brand_id) SELECT id, '{shop}' FROM agreements",
    ),
    "a link of a partner": (
        SHOP,
        """INSERT INTO links (id, token, partnership_id, program_id, advertiser_id, partner_id)
           SELECT gen_random_uuid(), 'x', id, program_id, advertiser_id, partner_id FROM partnerships
           WHERE partner_id = '{weekly}'""",
    ),
    "an upheld dispute in its own favour": (
        WEEKLY,
        """INSERT INTO adjustments (id, partnership_id)
           SELECT gen_random_uuid(), id FROM partnerships WHERE advertiser_id = '{shop}'""",
    ),
    "a hold on its own partner's commission": (
        SHOP,
        """INSERT INTO commission_holds (commission_id, n, reason, decided_by, at)
           SELECT id, 2, 'x', gen_random_uuid(), now() FROM commissions""",
    ),
    "a release of its own commission": (
        WEEKLY,
        """INSERT INTO commission_releases (commission_id, n, reason, decided_by, at)
           SELECT id, 1, 'x', gen_random_uuid(), now() FROM commissions""",
    ),
    "a contest in a partner's name": (
        SHOP,
        """INSERT INTO clawback_contests (clawback_id, reason, contested_by, at)
           SELECT transfer_id, 'x', gen_random_uuid(), now() FROM clawbacks""",
    ),
    "a decision on its own contest": (
        WEEKLY,
        """INSERT INTO contest_decisions (clawback_id, outcome, reason, decided_by, at)
           SELECT transfer_id, 'declined', 'x', gen_random_uuid(), now() FROM clawbacks""",
    ),
    "the operator's approval": (
        SHOP,
        "INSERT INTO statement_approvals (statement_id) SELECT id FROM statements",
    ),
    "the operator's preparation": (
        WEEKLY,
        "INSERT INTO statement_preparations (statement_id) SELECT id FROM statements",
    ),
    "the first of two approvals": (
        SHOP,
        "INSERT INTO first_approvals (statement_id) SELECT id FROM statements",
    ),
    "an objection in its advertiser's name": (
        WEEKLY,
        """INSERT INTO statement_objections (id, statement_id, transfer_id, reason, objected_by, at)
           SELECT gen_random_uuid(), statement_id, transfer_id, 'x', gen_random_uuid(), now()
           FROM statement_lines JOIN statement_preparations USING (statement_id) LIMIT 1""",
    ),
    "a limit of its own": (
        SHOP,
        """INSERT INTO approval_limits (currency, at, reason, set_by)
           VALUES ('USD', now(), 'x', gen_random_uuid())""",
    ),
    "a payment of its advertiser": (
        WEEKLY,
        "INSERT INTO fundings (id, advertiser_id) VALUES (gen_random_uuid(), '{shop}')",
    ),
    "a sale of its advertiser": (
        WEEKLY,
        """INSERT INTO conversions (id, brand_id, program_id) SELECT gen_random_uuid(), '{shop}', program_id
           FROM conversions WHERE brand_id = '{shop}'""",
    ),
    "a refund to its advertiser's customer": (
        WEEKLY,
        """INSERT INTO refunds (id, brand_id, conversion_id)
           SELECT gen_random_uuid(), '{shop}', id FROM conversions WHERE brand_id = '{shop}'""",
    ),
    "an order put back to be decided anew": (
        WEEKLY,
        """INSERT INTO undecided_conversions SELECT id FROM conversions WHERE brand_id = '{shop}'
           ON CONFLICT DO NOTHING""",
    ),
}
