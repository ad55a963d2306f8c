"""All kinds of messages, by their keys."""

from collections.abc import Mapping
from types import MappingProxyType

from partner_network.notifications.rules import accounts, invoices, money, returns, statements, work
from partner_network.notifications.rules.kinds import Kind

KINDS: Mapping[str, Kind] = MappingProxyType(
    {
        kind.key: kind
        for kind in (
            *work.KINDS,
            *statements.KINDS,
            *money.KINDS,
            *invoices.KINDS,
            *returns.KINDS,
            *accounts.KINDS,
        )
    }
)
