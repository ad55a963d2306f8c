"""What entries say by their legs, put together when one is asked for: a second copy of a ledger is large."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from partner_network.dashboards.verification import money_rows as money
from partner_network.ledger.rules import Account, Entry, Leg


class Written(Mapping[str, Entry]):
    """Entries by key, each as the rules of the ledger know it."""

    def __init__(
        self,
        accounts: Iterable[money.Account],
        entries: Mapping[str, money.Entry],
        legs_of: Mapping[int, Sequence[money.Transfer]],
    ) -> None:
        self._account = {
            one.id: Account(one.kind, one.currency, one.holder_id, one.counterparty_id) for one in accounts
        }
        self._entries = entries
        self._legs_of = legs_of

    def __getitem__(self, key: str) -> Entry:
        entry = self._entries[key]
        legs = [self._leg(leg) for leg in self._legs_of.get(entry.id, ())]
        return Entry(
            entry.kind, entry.key, entry.effective_at, legs, clause=entry.clause, reason=entry.reason
        )

    def __iter__(self) -> Iterator[str]:
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)

    def _leg(self, leg: money.Transfer) -> Leg:
        return Leg(
            self._account[leg.debit_account_id],
            self._account[leg.credit_account_id],
            leg.amount_minor,
            leg.phase,
            leg.pending_id,
            leg.commission_id,
        )
