"""Whose account is whose: the accounts of the network, of an advertiser, and between two brands; pure."""

from uuid import UUID

import msgspec

from partner_network.ledger.rules import Account, AccountKind

DEBIT_NORMAL: frozenset[AccountKind] = frozenset(
    {"cash", "recv", "clawback_due", "chargeback", "stripe_fees", "writeoff", "credit_granted"}
)
"""What is ours or was spent grows by debits; all other kinds are owed to somebody and grow by credits."""
OF_ADVERTISER: frozenset[AccountKind] = frozenset({"recv", "clawback_owed"})
"""Accounts between two brands whose holder is the advertiser; the others are the partner's."""


class Pair(msgspec.Struct, frozen=True, gc=False):
    """The accounts between a partner that earns and the advertiser that pays, in one currency."""

    partner_id: UUID
    advertiser_id: UUID
    currency: str

    def of_partner(self, kind: AccountKind) -> Account:
        """Return an account that MONEY section 5 writes `kind:{P}:{A}`."""
        return Account(kind, self.currency, self.partner_id, self.advertiser_id)

    @property
    def recv(self) -> Account:
        """What the advertiser owes for the partner."""
        return Account("recv", self.currency, self.advertiser_id, self.partner_id)

    @property
    def pay_pending(self) -> Account:
        """What the partner earned and what may still change."""
        return self.of_partner("pay_pending")

    @property
    def pay_held(self) -> Account:
        """What somebody holds back, with a reason."""
        return self.of_partner("pay_held")

    @property
    def pay_disputed(self) -> Account:
        """What a dispute holds back."""
        return self.of_partner("pay_disputed")

    @property
    def pay(self) -> Account:
        """What the partner earned for good."""
        return self.of_partner("pay")

    @property
    def pay_funded(self) -> Account:
        """What the advertiser has paid in for the partner."""
        return self.of_partner("pay_funded")

    @property
    def payout_clearing(self) -> Account:
        """What Stripe has accepted and what has not left yet."""
        return self.of_partner("payout_clearing")

    @property
    def clawback_due(self) -> Account:
        """What the partner has to give back."""
        return self.of_partner("clawback_due")

    @property
    def clawback_owed(self) -> Account:
        """What the advertiser is to get back."""
        return Account("clawback_owed", self.currency, self.advertiser_id, self.partner_id)

    @property
    def prepaid(self) -> Account:
        """What the advertiser has paid in and nothing has used yet."""
        return prepaid(self.advertiser_id, self.currency)


def cash(currency: str) -> Account:
    """Return the network's money at Stripe."""
    return Account("cash", currency)


def own(currency: str) -> Account:
    """Return the operator's own money."""
    return Account("own", currency)


def stripe_fees(currency: str) -> Account:
    """Return what Stripe kept."""
    return Account("stripe_fees", currency)


def writeoff(currency: str) -> Account:
    """Return what the operator gave up."""
    return Account("writeoff", currency)


def prepaid(advertiser_id: UUID, currency: str) -> Account:
    """Return what an advertiser has paid in and nothing has used yet."""
    return Account("prepaid", currency, advertiser_id)


def chargeback(advertiser_id: UUID, currency: str) -> Account:
    """Return what an advertiser's bank took back and the advertiser still has to bring."""
    return Account("chargeback", currency, advertiser_id)


def is_debit_normal(kind: AccountKind) -> bool:
    """Tell whether an account of this kind grows by debits."""
    return kind in DEBIT_NORMAL


def pair_of(account: Account) -> Pair | None:
    """Return between whom an account stands; None for one of the network or of an advertiser alone."""
    if account.holder_id is None or account.counterparty_id is None:
        return None
    if account.kind in OF_ADVERTISER:
        return Pair(account.counterparty_id, account.holder_id, account.currency)
    return Pair(account.holder_id, account.counterparty_id, account.currency)
