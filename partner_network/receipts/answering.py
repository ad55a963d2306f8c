"""Answer who misses an order: with its receipt, or with the reason why there is none."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from partner_network.database.connections import Connection
from partner_network.kernel import ids
from partner_network.kernel.errors import InvalidError, NotFoundError
from partner_network.kernel.sentences import Sentence, joined
from partner_network.receipts import composed
from partner_network.receipts.queries import missing as known
from partner_network.receipts.queries import revisions
from partner_network.receipts.rules import missing
from partner_network.receipts.rules.missing import Asked, Finding

_UNKNOWN_CLICK = Finding(
    "unknown_click",
    Sentence(
        "We know no such click of yours. Check the id: it stands as click_id in the address to which your "
        "link led, and is clk_ and 26 letters and digits."
    ),
)
_UNKNOWN_CODE = Finding("unknown_code", Sentence("No such code was ever given to you."))


async def answer(connection: Connection, asked: Asked, brand_id: UUID | None) -> list[Finding]:
    """Return what became of what is missed, for a brand or the operator (None).

    Of what is not its own a partner learns one thing alone: that an order of that number came to an
    advertiser whom it promoted at the time. Errors: none; what is unknown is answered.
    """
    found: list[Finding] = []
    if asked.order_id:
        found += await _by_order(connection, asked.order_id, brand_id)
    if asked.click_id:
        found += await _by_click(connection, asked.click_id, brand_id)
    if asked.code:
        found += await _by_code(connection, asked.code, brand_id)
    days = missing.span(asked)
    if days is not None:
        receipts = await _receipts(connection, await known.on_days(connection, brand_id, *days), brand_id)
        found += receipts or [await _empty_days(connection, brand_id, *days)]
    return found


async def _by_order(connection: Connection, order_id: str, brand_id: UUID | None) -> list[Finding]:
    own = await known.by_order(connection, brand_id, order_id)
    found = await _receipts(connection, own, brand_id)
    if found:
        return found
    if brand_id is None:
        return [
            Finding(
                "never_received", Sentence("No advertiser ever reported an order {order}.", order=order_id)
            )
        ]
    advertisers = await known.advertisers_of(connection, brand_id)
    if not advertisers:
        told = Sentence("We never received an order {order} from your machines.", order=order_id)
        return [Finding("never_received", told)]
    received = await known.received(connection, order_id)
    return [
        missing.received_without_touch(one.advertiser, order_id, is_decided=one.is_decided)
        for one in received
    ] or [missing.never_received(order_id, advertisers)]


async def _by_click(connection: Connection, text: str, brand_id: UUID | None) -> list[Finding]:
    try:
        click_id = ids.parse("clk", text)
    except InvalidError:
        return [_UNKNOWN_CLICK]
    click = await known.click(connection, brand_id, click_id)
    if click is None:
        return [_UNKNOWN_CLICK]
    found = await _receipts(connection, await known.after_click(connection, click_id), brand_id)
    if found:
        return found
    is_identified, waits = await known.behind(connection, click_id)
    return [
        missing.of_click(click.at, click.excluded, click.consent, is_identified=is_identified, waits=waits)
    ]


async def _by_code(connection: Connection, text: str, brand_id: UUID | None) -> list[Finding]:
    codes = await known.code(connection, brand_id, text)
    if not codes:
        return [_UNKNOWN_CODE]
    found = await _receipts(connection, await known.after_codes(connection, codes, brand_id), brand_id)
    return found or [Finding("code_not_used", Sentence("This code is yours, and no order named it yet."))]


async def _empty_days(
    connection: Connection, brand_id: UUID | None, starts: datetime, ends: datetime
) -> Finding:
    kind = "no_order_on_those_days"
    if brand_id is None or not await known.advertisers_of(connection, brand_id):
        return Finding(kind, Sentence("No order of those days was reported."))
    counted = await known.clicks_on_days(connection, brand_id, starts, ends)
    told = Sentence(
        "No order of those days has a touch of yours before it. Clicks on your links on those days: "
        "{clicks}, of which {valid} count; orders may still follow.",
        clicks=counted.clicks,
        valid=counted.valid,
    )
    return Finding(kind, told)


async def _receipts(
    connection: Connection, conversion_ids: Sequence[UUID], brand_id: UUID | None
) -> list[Finding]:
    return [await _receipt(connection, one, brand_id) for one in conversion_ids]


async def _receipt(connection: Connection, conversion_id: UUID, brand_id: UUID | None) -> Finding:
    reported = await revisions.reported(connection, conversion_id, brand_id)
    reason: str | None = None
    try:
        receipt = await composed.receipt_for(connection, conversion_id, brand_id, reads_money=False)
    except NotFoundError:
        says = Sentence("We received this order, and it waits to be decided. That takes a minute at most.")
        return Finding("waits", says, None, conversion_id, reported.order_id, reported.occurred_at)
    if receipt.viewer is not None:
        says, reason = missing.of_partners_receipt(receipt.seen)
    elif receipt.seen.credits:
        names = [receipt.names.get(one.partner, "") for _, one in receipt.seen.credits]
        says = Sentence("It is credited to {partners}.", partners=joined(dict.fromkeys(names), ", "))
    else:
        says = Sentence(
            "It is credited to nobody; touches that were looked at: {count}.", count=len(receipt.seen.weighed)
        )
    return Finding("receipt", says, reason, conversion_id, reported.order_id, reported.occurred_at)
