"""Balances over the API: what stands between the asking brand and each of its partners and advertisers."""

from collections.abc import Sequence

import msgspec
from litestar import get
from litestar.types import ControllerRouterHandler

from partner_network.database import connections
from partner_network.identity.web import addresses, guards
from partner_network.identity.web.addresses import After, Limit, Page
from partner_network.kernel.errors import InvalidError
from partner_network.kernel.sentences import Sentence
from partner_network.ledger import pair_queries
from partner_network.ledger.pair_queries import PairBalance

_ID_MAX = 2**63 - 1


class BalanceBody(msgspec.Struct, frozen=True):
    """What a partner has earned with an advertiser and where it stands; money in minor units.

    ``owed_minor`` is what the advertiser has not funded yet: pending, held, disputed and payable.
    """

    id: str
    partner: str
    advertiser: str
    currency: str
    owed_minor: int
    pending_minor: int
    held_minor: int
    disputed_minor: int
    payable_minor: int
    funded_minor: int
    on_its_way_minor: int
    clawback_due_minor: int


@get("/api/v1/balances", guards=[guards.must_read_money])
async def list_balances(
    asking: guards.WhoAsks, after: After = None, limit: Limit = addresses.LIMIT
) -> Page[BalanceBody]:
    """List what stands between each two brands in each currency: a brand's own, or all for the operator."""
    async with connections.transaction(eyes=asking.eyes) as connection:
        rows = await pair_queries.pair_balances(
            connection, asking.brand_id, after=_after(after), limit=limit + 1
        )
    return addresses.page(rows, limit, _body, lambda shown: shown.id)


def _after(text: str | None) -> int:
    if text is None:
        return 0
    if not (
        text.isascii() and text.isdigit() and int(text[:20]) <= _ID_MAX and len(text) <= len(str(_ID_MAX))
    ):
        raise InvalidError(
            Sentence("{after!r} is not the `next` of a page; leave it out to begin anew.", after=text[:40]),
            fields={"after": Sentence("not a cursor")},
        )
    return int(text)


def _body(row: PairBalance) -> BalanceBody:
    return BalanceBody(
        id=str(row.id),
        partner=row.partner,
        advertiser=row.advertiser,
        currency=row.currency,
        owed_minor=row.owed_minor,
        pending_minor=row.pending_minor,
        held_minor=row.held_minor,
        disputed_minor=row.disputed_minor,
        payable_minor=row.payable_minor,
        funded_minor=row.funded_minor,
        on_its_way_minor=row.on_its_way_minor,
        clawback_due_minor=row.clawback_due_minor,
    )


ROUTES: Sequence[ControllerRouterHandler] = (list_balances,)
