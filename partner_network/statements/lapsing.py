"""What lapses at the end of a partnership, as an entry: pure."""

from datetime import datetime

from partner_network.ledger import events
from partner_network.ledger.accounts import Pair
from partner_network.ledger.events import Fact
from partner_network.ledger.rules import Entry

CITED = "lapsed"
"""The word by which a contract names the clause."""
REASON = "The partnership has ended, and no statement is left from which it could be taken."
BORNE = "The partnership has ended; the network bears it, as two people of its finance decided."


def lock_of(clawback_id: int) -> str:
    """Return the name of the lock under which it is settled who bears a clawback."""
    return f"write off:{clawback_id}"


def entry_of(clawback_id: int, commission_id: int | None, pair: Pair, minor: int, at: datetime) -> Entry:
    """Return the entry by which the advertiser bears what is still due of a clawback.

    What is due of tax is of no commission.
    Units: minor units of ``pair.currency``. Errors: ValueError when nothing is due.
    Source: MONEY section 5: end of a partnership; the contract's clause 5.7.
    """
    fact = Fact(f"forgive:{clawback_id}", at, CITED, REASON, commission_id)
    return events.forgive(fact, pair, minor)


def borne_entry_of(
    clawback_id: int, commission_id: int | None, pair: Pair, minor: int, at: datetime
) -> Entry:
    """Return the entry by which the network bears it in the advertiser's place, by two people's word.

    Units: minor units of ``pair.currency``. Errors: ValueError when nothing is due.
    Source: MONEY section 5: end of a partnership.
    """
    fact = Fact(f"write off:{clawback_id}", at, CITED, BORNE, commission_id)
    return events.write_off(fact, pair, minor)
