"""What fills every kind of message, so that each can be rendered."""

from datetime import UTC, date, datetime

from partner_network.kernel.money import Money
from partner_network.kernel.sentences import Sentence
from partner_network.notifications.rules.values import Values

SAMPLES: Values = {
    "address": "https://shop.groove.example/hooks",
    "advertiser": "Groove",
    "agreement": "agr_1",
    "amount": Money(125_000, "USD"),
    "answer": "The order was paid by voucher.",
    "at": datetime(2026, 11, 22, 9, 30, tzinfo=UTC),
    "author": "Groove",
    "count": 4,
    "decision": "Upheld in part.",
    "device": "Firefox on Linux",
    "dispute": "dsp_1",
    "ends": date(2026, 12, 31),
    "error": "TimeoutError",
    "factor": "Telephone",
    "first": "Order A-1001: the root differs.",
    "hours": 6,
    "inquiry": "inq_1",
    "job": "statements.close",
    "maker": "Olivia",
    "name": "Shop",
    "network": "192.0.2.0/24",
    "number": "GROOVE-NEEDLE-2026-10-USD",
    "opener": "Needle",
    "order": "A-1001",
    "page": "Summer",
    "partner": "Needle",
    "partnership": "prt_1",
    "payee": "Needle",
    "payer": "Groove",
    "payout": "pay_1",
    "period": "2026-10",
    "person": "Ned",
    "place": "Needle",
    "preparer": "Finn",
    "program": "Summer of vinyl",
    "proposer": "Groove",
    "reason": "The bank refuses it.",
    "review": "rev_1",
    "role": Sentence("viewer"),
    "roles": "viewer",
    "trial": "try_1",
    "starts": date(2026, 12, 1),
    "statement": "stm_1",
    "until": date(2026, 12, 15),
}
