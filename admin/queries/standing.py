"""Where every statement stands, as SQL that lists and homes share."""

# A statement's status follows from what stands beside it (statements.queries.Statement.status); a test holds
# the two together. `station` also tells a funded statement from one that waits for its advertiser.
LISTED = """
    listed AS (
        SELECT s.id, s.number, s.payee_id, s.payer_id, payee.name AS payee_name, payer.name AS payer_name,
            payee.slug AS payee_slug, payer.slug AS payer_slug, s.currency, s.period, s.ends_at,
            s.closed_at, s.closing_minor, p.preparer_id, p.prepared_at,
            a.approver_id, a.approved_at, o.id AS payout_id, o.amount_minor AS payout_minor, CASE
                WHEN sent.minor = o.amount_minor THEN 'paid'
                WHEN sent.minor > 0 THEN 'part_paid'
                WHEN s.carried_reason IS NOT NULL THEN 'carried'
                WHEN a.approver_id IS NOT NULL THEN 'approved'
                WHEN p.preparer_id IS NULL THEN 'draft' ELSE 'issued' END AS status
        FROM statements s
        JOIN brands payee ON payee.id = s.payee_id
        JOIN brands payer ON payer.id = s.payer_id
        LEFT JOIN statement_preparations p ON p.statement_id = s.id
        LEFT JOIN statement_approvals a ON a.statement_id = s.id
        LEFT JOIN payouts o ON o.statement_id = s.id
        LEFT JOIN LATERAL (SELECT sum(t.amount_minor - t.reversed_minor)::bigint AS minor
                           FROM payout_attempts t
                           WHERE t.payout_id = o.id AND t.stripe_transfer_id IS NOT NULL) sent ON true)
"""
