"""The one list of what is kept about people; a table that nobody placed here fails a test.

Who adds a table adds it here: to the holdings of people or of customers when it says anything of a person,
else below with the reason why it does not.
"""

from collections.abc import Mapping
from types import MappingProxyType

from partner_network.privacy.rules import customers, deciders, members, proofs, taxing
from partner_network.privacy.rules.holdings import Holding

HOLDINGS: Mapping[str, Holding] = MappingProxyType(
    {
        holding.table: holding
        for holding in (
            *proofs.HOLDINGS,
            *members.HOLDINGS,
            *deciders.HOLDINGS,
            *taxing.HOLDINGS,
            *customers.HOLDINGS,
        )
    }
)

WITHOUT_PEOPLE: Mapping[str, str] = MappingProxyType(
    {
        # companies and what they agree; a company's name and address are no person's
        "brands": "companies: their registered names, addresses and tax numbers",
        "programs": "what a company wants promoted",
        "program_versions": "rules of a program",
        "partnerships": "two companies and a status",
        "agreement_parties": "the companies as an agreement names them",
        "agreement_charities": "which company an agreement gives to",
        "agreement_documents": "where a sealed agreement lies; for the signers in it see `signatures`",
        "terms": "which agreement holds when",
        # money
        "undecided_conversions": "a work list of orders",
        "unaccrued_conversions": "a work list of orders",
        "stream_checkpoints": "sums of orders, and the id of the last one",
        "stopped_streams": "which partnership could not be computed; the reason may name an order by its id",
        "unmoved_commissions": "a work list of commissions",
        "rewarded_programs": "in which programs credit or perks may be granted",
        "unmeasured_perks": "a work list of periods",
        "unposted_moves": "a work list of moves of credit",
        "reward_moves": "amounts",
        "credit_redemption_cancels": "which redemptions were taken back",
        "entitlements": "which perks a company has, by what it reached",
        "entitlement_ends": "which of them ended before their time",
        "decisions": "touches of a pseudonymous order and why each counts or not",
        "credits": "shares of an order by touch",
        "receipts": "a decision's own copy of its facts, under the customer's pseudonym",
        "candidacies": "which partner's touches were looked at for an order",
        "replays": "counts and hashes; a difference names an order by its id",
        "quality_measures": "how many customers a partner won and how many of them came back",
        "commissions": "amounts by order and agreement",
        "commission_revisions": "amounts and how they were computed",
        "clawbacks": "amounts",
        "clawback_settlements": "amounts",
        "ledger_accounts": "accounts of companies",
        "ledger_balances": "amounts",
        "ledger_checks": "counts, and sentences about accounts of companies",
        "ledger_entries": "amounts; reasons name facts, not people",
        "ledger_transfers": "amounts",
        "rate_loads": "which file of published exchange rates was loaded when",
        "exchange_rates": "published exchange rates",
        "order_rates": "the exchange rate of an order",
        "statements": "amounts of two companies for a period",
        "statement_lines": "amounts",
        "statement_documents": "where a statement's documents and its invoice lie",
        "payouts": "amounts",
        "payout_attempts": "amounts and the company's account at Stripe",
        "stripe_movements": "amounts",
        "stripe_transactions": "what moved the network's own balance at Stripe, and to which accounts",
        "program_pauses": "when a program was paused, and for which statement of two companies",
        "bank_payouts": "amounts that went from the company's own account at Stripe to its bank",
        "bank_payout_transfers": "which amounts went to the bank together",
        "former_stripe_accounts": "the company's own former account at Stripe",
        "reconciliations": "in which nights our books were compared with Stripe's",
        "stripe_accounts": "the company's own numbers at Stripe; people there give theirs to Stripe alone",
        # machinery
        "audit_seals": "hashes that chain the audit trail",
        "audit_seal_members": "which seal holds which record",
        "unsealed_audit_records": "a work list of records to seal",
        "retentions": "how far each kind of letting go has come",
        "rate_limits": "how full a count is, under a keyed hash that nobody can undo",
        "passkey_challenges": "chance that a passkey signs within minutes",
        "migration": "which steps the database has taken",
        "pgqueuer": "jobs by the ids of what they work on",
        "pgqueuer_log": "which jobs ran; held failures may quote an id",
        "pgqueuer_schedules": "nothing; our calendar is a loop",
        "pgqueuer_statistics": "counts of jobs",
        "simulated_clock": "the time of a sandbox",
        "visitor_salts": "chance that lives a day; it is why a visitor of yesterday is nobody today",
    }
)
