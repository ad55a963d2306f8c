"""A row in each table that the story of the money leaves empty, so that no wall stands around nothing."""

STRANGER = "lone-wolf"

MORE = """
INSERT INTO brands (id, slug, name, legal_name, address, country, created_at)
    VALUES (gen_random_uuid(), 'lone-wolf', 'Lone Wolf', 'Lone Wolf Inc.', '1 Main Street', 'US', now());
INSERT INTO members (id, email, name, password_hash, created_at)
    VALUES (gen_random_uuid(), 'lou@lone-wolf.test', 'Lou', 'x', now());
INSERT INTO memberships (id, member_id, brand_id, role, created_at)
    SELECT gen_random_uuid(), m.id, b.id, 'viewer', now() FROM members m, brands b
    WHERE m.email = 'lou@lone-wolf.test' AND b.slug = 'lone-wolf';

INSERT INTO brands (id, slug, name, legal_name, address, country, created_at)
    VALUES (gen_random_uuid(), 'trees', 'Trees', 'Trees e.V.', '1 Main Street', 'DE', now());
INSERT INTO charities (brand_id, listed_at, listed_by)
    SELECT b.id, now(), m.id FROM brands b, (SELECT id FROM members LIMIT 1) m WHERE b.slug = 'trees';
INSERT INTO agreement_charities (agreement_id, charity_id, partnership_id, advertiser_id, partner_id)
    SELECT g.id, h.brand_id, p.id, p.advertiser_id, p.partner_id
    FROM agreements g JOIN partnerships p ON p.id = g.partnership_id, charities h;
INSERT INTO commissions (kind, conversion_id, partnership_id, advertiser_id, partner_id, agreement_id,
        component, period, currency, earned_at, matures_at, charity_id)
    SELECT 'donation', c.conversion_id, c.partnership_id, c.advertiser_id, c.partner_id, c.agreement_id,
        'gift', c.period, c.currency, c.earned_at, c.matures_at, h.brand_id
    FROM commissions c, charities h WHERE c.kind = 'commission';

INSERT INTO sessions (token_hash, member_id, brand_id, csrf_token, created_at, last_seen_at, expires_at)
    SELECT uuid_send(id), member_id, brand_id, CASE role WHEN 'viewer' THEN 'lone' ELSE 'x' END, now(), now(),
        now() FROM memberships;
INSERT INTO api_keys (id, brand_id, name, prefix, key_hash, scopes, created_at)
    SELECT gen_random_uuid(), id, split_part(slug, '-', 1), 'pnk_live_x', uuid_send(id), '{}', now()
    FROM brands;
INSERT INTO invitations (id, token_hash, partnership_id, brand_id, role, email, invited_by,
        created_at, expires_at)
    SELECT gen_random_uuid(), uuid_send(p.id), p.id, p.partner_id, 'owner', 'new@example.test', m.id,
        now(), now() FROM partnerships p, (SELECT id FROM members LIMIT 1) m;
INSERT INTO second_factors (id, member_id, kind, name, sealed_key, created_at)
    SELECT gen_random_uuid(), id, 'totp', 'telephone', 'x', now() FROM members;
INSERT INTO recovery_codes (id, member_id, code_hash, created_at)
    SELECT gen_random_uuid(), id, 'x', now() FROM members;
INSERT INTO pending_sign_ins (token_hash, member_id, created_at, expires_at)
    SELECT uuid_send(id), id, now(), now() FROM members;
INSERT INTO passkey_challenges (challenge, holder_hash, expires_at) VALUES ('x', 'x', now());
INSERT INTO password_resets (id, member_id, token_hash, created_at, expires_at)
    SELECT gen_random_uuid(), id, uuid_send(id), now(), now() FROM members;
INSERT INTO ended_memberships (id, member_id, brand_id, role, created_at, ended_at)
    SELECT gen_random_uuid(), member_id, brand_id, role, created_at, now() FROM memberships;
INSERT INTO erasures (id, about, subject_id, brand_id, asked_by, erased_at, counts)
    SELECT gen_random_uuid(), 'customer', gen_random_uuid(), id, 'the brand', now(), '{}' FROM brands;
INSERT INTO letters (id, kind, sealed, created_at, due_at)
    VALUES (gen_random_uuid(), 'x', 'x', now(), now());
INSERT INTO notifications (id, member_id, side, kind, fact, said, happened_at, told_at)
    SELECT gen_random_uuid(), id, 'person', 'new-device', 'x', '{}', now(), now() FROM members;
INSERT INTO notification_choices (member_id, kind, mail) SELECT id, 'payout-paid', 'daily' FROM members;
INSERT INTO notification_hours (member_id) SELECT id FROM members;
INSERT INTO rate_limits (key, empty_at) VALUES (uuid_send(gen_random_uuid()), now());
INSERT INTO retentions (task, ran_at) VALUES ('x', now()) ON CONFLICT DO NOTHING;
INSERT INTO replays (program_id, night, starts_at, ends_at, began_at)
    SELECT id, '2026-03-01', '2026-02-01', '2026-03-01', now() FROM programs;
INSERT INTO rate_loads (source, loaded_at) VALUES ('ecb.csv', now());
INSERT INTO exchange_rates (day, base, quote, rate, load_id)
    SELECT '2026-03-02', 'EUR', 'USD', 1.25, max(id) FROM rate_loads;
INSERT INTO order_rates (conversion_id, quote, day, numerator, denominator, published_on, how, load_id,
        recorded_at)
    SELECT v.id, 'EUR', '2026-03-02', 4, 5, '2026-03-02', 'inverse', (SELECT max(id) FROM rate_loads), now()
    FROM conversions v;
INSERT INTO ledger_checks (night, began_at, recorded_until) VALUES ('2026-03-01', now(), now());
INSERT INTO unmoved_commissions (commission_id, n, move)
    SELECT commission_id, n, 'release' FROM commission_holds;
INSERT INTO kept_forms (id, token_hash, member_id, brand_id, sealed, created_at, expires_at)
    SELECT gen_random_uuid(), uuid_send(id), member_id, brand_id, 'x', now(), now() FROM memberships;
INSERT INTO audit_salts (subject_id, salt) VALUES (gen_random_uuid(), sha256('x'));
INSERT INTO audit_records (at, wall_at, actor_kind, actor_roles, verb, object_kind, object_id, brand_id,
        other_brand_id, leaf_hash)
    SELECT now(), now(), 'worker', '{}', 'x', 'x', 'x', advertiser_id, partner_id, sha256('x')
    FROM partnerships;
INSERT INTO audit_seals (no, first_id, last_id, record_count, root, sealed_at, hash)
    SELECT 1, 1, 1, 1, sha256('x'), now(), sha256('x') WHERE NOT EXISTS (SELECT FROM audit_seals);
INSERT INTO audit_seal_members (record_id, seal_no, position)
    SELECT max(r.id), 1, max(r.id) + 1000 FROM audit_records r;

INSERT INTO creatives (id, program_id, title, file_name, content_type, file_key, sha256, size_bytes,
        uploaded_by, uploaded_at, withdrawn_at)
    SELECT gen_random_uuid(), g.id, 'x', 'x', 'x', 'x', sha256('x'), 1, m.id, now(), w.at
    FROM programs g, (SELECT id FROM members LIMIT 1) m, (VALUES (NULL), (now())) w (at);
INSERT INTO links (id, token, partnership_id, program_id, advertiser_id, partner_id, name, destination_url,
        created_by, created_at)
    SELECT p.id, p.id::text, p.id, p.program_id, p.advertiser_id, p.partner_id, 'x', 'x', m.id, now()
    FROM partnerships p, (SELECT id FROM members LIMIT 1) m;
INSERT INTO agreement_documents (agreement_id, pdf_sha256, file_key, size_bytes, rendered_at)
    SELECT id, sha256('x'), 'x', 1, now() FROM agreements;
INSERT INTO statement_documents (statement_id, kind, file_key, sha256, size_bytes, rendered_at)
    SELECT id, 'pdf', 'x', sha256('x'), 1, now() FROM statements;
INSERT INTO tax_profiles (id, brand_id, valid_from, legal_name, address, country, status, vat_id,
        tax_rate_ppm, recorded_at, recorded_by)
    SELECT gen_random_uuid(), b.id, '2030-01-01', 'x', 'x', 'DE', 'standard', 'x', 0, now(), m.id
    FROM brands b, (SELECT id FROM members LIMIT 1) m;
INSERT INTO self_billing_agreements (id, payee_id, payer_id, agreed_at, agreed_by)
    SELECT DISTINCT ON (p.partner_id, p.advertiser_id) gen_random_uuid(), p.partner_id, p.advertiser_id,
        now(), m.id
    FROM partnerships p, (SELECT id FROM members LIMIT 1) m;
INSERT INTO stripe_events (event_id, type, object_id, payload, received_at)
    VALUES ('evt_1', 'x', 'x', 'x', now());
INSERT INTO payout_releases (payout_id, n, attempt_n, held_reason, reason, released_by, released_at)
    SELECT o.id, 1, 0, 'x', 'x', m.id, now() FROM payouts o, (SELECT id FROM members LIMIT 1) m;
INSERT INTO reconciliations VALUES (current_date, now());
INSERT INTO cases (id, kind, subject, said, opened_at) VALUES (gen_random_uuid(), 'x', 'x', 'x', now());
INSERT INTO partnership_notices (id, partnership_id, advertiser_id, partner_id, agreement_id, clause,
        given_for, given_by, by_operator, given_at, for_good_cause, reason, ends_at)
    SELECT DISTINCT ON (p.id) p.id, p.id, p.advertiser_id, p.partner_id, a.id, '10.1', p.advertiser_id, m.id,
        false, now(), false, 'x', now() + interval '30 days'
    FROM partnerships p JOIN agreements a ON a.partnership_id = p.id, (SELECT id FROM members LIMIT 1) m
    WHERE p.status = 'active';
INSERT INTO program_pauses (id, program_id, statement_id, began_at)
    SELECT g.id, g.id, s.id, now() FROM programs g, (SELECT id FROM statements LIMIT 1) s;
INSERT INTO bank_payouts (id, brand_id, account_id, currency, amount_minor, status, arrives_on, made_at,
        read_at)
    SELECT 'po_' || slug, id, 'acct_' || slug, 'USD', 1, 'paid', current_date, now(), now() FROM brands;
INSERT INTO bank_payout_transfers (bank_payout_id, attempt_id)
    SELECT b.id, t.id FROM payout_attempts t JOIN payouts o ON o.id = t.payout_id
    JOIN bank_payouts b ON b.brand_id = o.payee_id;
INSERT INTO stripe_transactions (id, kind, currency, amount_minor, fee_minor, source_id, said, created)
    VALUES ('txn_1', 'charge', 'USD', 1, 0, 'ch_1', 'x', now());
INSERT INTO former_stripe_accounts (account_id, brand_id, replaced_at)
    SELECT 'acct_former_' || slug, id, now() FROM brands;
INSERT INTO stripe_movements (id, kind, currency, amount_minor, attempt_id, entry_id, at)
    SELECT 'trr_' || t.id, 'reversal', 'USD', 1, t.id, e.id, now()
    FROM (SELECT id, row_number() OVER (ORDER BY id) AS n FROM payout_attempts) t
    JOIN (SELECT id, row_number() OVER (ORDER BY id) AS n FROM ledger_entries) e USING (n);
INSERT INTO stripe_movements (id, kind, currency, amount_minor, funding_id, entry_id, at)
    SELECT 'txn_' || f.id, 'return', 'USD', 1, f.id, e.id, now()
    FROM (SELECT id, row_number() OVER (ORDER BY id) AS n FROM fundings) f
    JOIN (SELECT id, row_number() OVER (ORDER BY id DESC) AS n FROM ledger_entries) e USING (n);
INSERT INTO prepaid_returns (id, ask_id, funding_id, amount_minor, reason, asked_by, asked_at, status)
    SELECT f.id, f.id, f.id, 1, 'x', f.requested_by, now(), 'asked' FROM fundings f;
INSERT INTO write_offs (id, clawback_id, limit_minor, reason, proposed_by, proposed_at, status, decided_by,
        decided_at, decided_reason)
    SELECT gen_random_uuid(), k.transfer_id, 1, 'x', m.first, now(), s.status, m.second, now(), 'x'
    FROM clawbacks k, (SELECT min(id::text)::uuid AS first, max(id::text)::uuid AS second FROM members) m,
        (VALUES ('approved'), ('declined')) s (status);
INSERT INTO codes (id, partnership_id, program_id, advertiser_id, partner_id, code, folded, created_by,
        created_at)
    SELECT p.id, p.id, p.program_id, p.advertiser_id, p.partner_id, 'x', p.id, m.id, now()
    FROM partnerships p, (SELECT id FROM members LIMIT 1) m;
INSERT INTO touches (id, brand_id, program_id, partnership_id, partner_id, customer_id, kind, evidence,
        channel, at, recorded_at, consent, touch_id, payload_hash)
    SELECT gen_random_uuid(), p.advertiser_id, p.program_id, w.id, w.partner_id, u.id, 'view', 'cookie',
        CASE WHEN w.id IS NULL THEN 'direct' ELSE 'partner' END, now(), now(), 'unknown',
        gen_random_uuid(), sha256('x')
    FROM partnerships p JOIN customers u ON u.brand_id = p.advertiser_id,
        LATERAL (VALUES (p.id, p.partner_id), (NULL, NULL)) w (id, partner_id);
INSERT INTO undecided_conversions SELECT id FROM conversions;
INSERT INTO quality_measures SELECT id, 'x', current_date, 2, 1, now() FROM partnerships;
INSERT INTO stream_checkpoints
    SELECT id, '2026-03-01', '2026-04-01', 'x', '2026-03-02', 'x', '{}', now() FROM partnerships;
INSERT INTO stopped_streams SELECT id, NULL, 'settlement', 'x', now(), now() FROM partnerships;
INSERT INTO unaccrued_conversions SELECT DISTINCT partnership_id, conversion_id FROM credits;
INSERT INTO test_facts (id, brand_id, kind, key, payload_hash, body, recorded_at)
    SELECT gen_random_uuid(), id, 'identification', split_part(slug, '-', 1), 'x', '{}', now() FROM brands;
INSERT INTO trials (id, program_id, partnership_id, advertiser_id, brand_id, is_by_operator, starts_on,
        ends_on, time_zone, terms_toml, asked_at)
    SELECT gen_random_uuid(), program_id, id, advertiser_id, whose, false, '2026-01-01', '2026-02-01',
        'UTC', 'x', now()
    FROM partnerships, unnest(ARRAY[advertiser_id, partner_id]) whose;
INSERT INTO reward_credits (id, conversion_id, partnership_id, advertiser_id, partner_id, agreement_id,
        reward, kind, customer_id, currency, granted_at, worth, clause, recorded_at)
    SELECT DISTINCT ON (c.conversion_id, c.partnership_id, c.agreement_id) gen_random_uuid(), c.conversion_id,
        c.partnership_id, c.advertiser_id, c.partner_id, c.agreement_id, 'x', 'customer_credit',
        v.customer_id, 'USD', now(), '[]'::jsonb, 'x', now()
    FROM commissions c JOIN conversions v ON v.id = c.conversion_id;
INSERT INTO reward_moves (credit_id, rev, previous_left_minor, kind, change_minor, left_minor, face_minor,
        worth_ppm, at, recorded_at)
    SELECT id, 1, 0, 'granted', 1, 1, 1, 1000000, now(), now() FROM reward_credits ON CONFLICT DO NOTHING;
INSERT INTO unposted_moves SELECT credit_id, rev FROM reward_moves ON CONFLICT DO NOTHING;
INSERT INTO credit_redemptions (id, advertiser_id, key, payload_hash, customer_id, currency, amount_minor,
        redeemed_at)
    SELECT gen_random_uuid(), advertiser_id, id::text, 'x', customer_id, 'USD', 1, now() FROM reward_credits;
INSERT INTO credit_redemption_cancels SELECT id, now() FROM credit_redemptions ON CONFLICT DO NOTHING;
INSERT INTO rewarded_programs SELECT id FROM programs ON CONFLICT DO NOTHING;
INSERT INTO unrewarded_customers SELECT DISTINCT program_id, customer_id FROM conversions
    ON CONFLICT DO NOTHING;
INSERT INTO unmeasured_perks SELECT id, 'month', now() FROM partnerships ON CONFLICT DO NOTHING;
INSERT INTO entitlements (id, partnership_id, advertiser_id, partner_id, agreement_id, reward, perk, period,
        n, conversion_id, reached, granted_at, ends_at, clause, recorded_at)
    SELECT id, partnership_id, advertiser_id, partner_id, agreement_id, id::text, 'lead_routing', 'x', 1,
        conversion_id, 1, now(), now() + interval '1 day', 'x', now() FROM reward_credits;
INSERT INTO entitlement_ends SELECT id, now() FROM entitlements ON CONFLICT DO NOTHING;
"""
