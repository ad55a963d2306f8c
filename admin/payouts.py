"""Payouts in the back office: where each one is, and what to do about a held one."""

from litestar import get
from litestar.params import FromPath, FromQuery
from litestar.response import Template

from admin import queries
from partner_network.identity.web import addresses, guards
from partner_network.kernel import ids
from partner_network.kernel.sentences import Sentence
from partner_network.payouts.rules import ONBOARDING_MISSING

PAYOUTS = 50


@get("/admin/payouts", guards=[guards.must_be_operator, guards.must_read_payouts], include_in_schema=False)
async def list_payouts(show: FromQuery[str] = "", before: FromQuery[str | None] = None) -> Template:
    """List payouts, newest first, all or only the held ones."""
    only_held = show == "held"
    rows = await queries.payout_rows(
        only_held=only_held, before=addresses.cursor("pay", before), limit=PAYOUTS + 1
    )
    older = ""
    if len(rows) > PAYOUTS:
        last = ids.shown("pay", rows[PAYOUTS - 1].id)
        older = f"/admin/payouts?show={'held' if only_held else ''}&before={last}"
    return Template(
        "admin/payouts.html", context={"rows": rows[:PAYOUTS], "older": older, "only_held": only_held}
    )


@get(
    "/admin/payouts/{payout:str}",
    guards=[guards.must_be_operator, guards.must_read_payouts],
    include_in_schema=False,
)
async def show_payout(payout: FromPath[str]) -> Template:
    """Show one payout with every attempt to send it."""
    sent = await queries.read_payout(addresses.in_path("pay", payout))
    return Template(
        "admin/payout.html",
        context={"sent": sent, "payout": sent.payout, "to_do": what_to_do(sent.payout.held_reason)},
    )


def what_to_do(held_reason: str | None) -> Sentence | None:
    """Return what mends a held payout; None for one that nothing holds."""
    if held_reason is None:
        return None
    if held_reason == ONBOARDING_MISSING:
        return Sentence(
            "Ask an owner or the finance of the brand to open its page Payout account and finish with "
            "Stripe. Nothing else is needed: the payout goes out by itself within minutes of Stripe’s yes."
        )
    return Sentence(
        "Look at the attempts below and at the transfers of this payout at Stripe, by its number as "
        "transfer group. Until it is cleared up no money moves and nothing is sent twice."
    )
