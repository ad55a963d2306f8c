"""What real Stripe has no address for: the hosted pages, and the controls of the simulation."""

import msgspec
from litestar import Request, Response, get, post
from litestar.datastructures import State
from litestar.params import FromPath
from litestar.response import Redirect

from partner_network.sandbox.stripe_simulator import (
    books,
    events,
    faults,
    forms,
    invoice_page,
    letters,
    onboarding,
    refusals,
    trial,
)
from partner_network.sandbox.stripe_simulator.call import Call
from partner_network.sandbox.stripe_simulator.door import AnyRequest, Door
from partner_network.sandbox.stripe_simulator.faults import Fault
from partner_network.sandbox.stripe_simulator.forms import Json
from partner_network.sandbox.stripe_simulator.routes import ROUTES
from partner_network.sandbox.stripe_simulator.state import new_id


def _door(state: State) -> Door:
    return state.door


def _call(door: Door, object_id: str = "") -> Call:
    return Call(
        state=door.state, settings=door.settings, params={}, request_id=new_id("req"), object_id=object_id
    )


def _lost(_request: AnyRequest, refused: refusals.RefusedError) -> Response[str]:
    return Response(refused.message, status_code=refused.status, media_type="text/plain")


@get("/setup/s/{token:str}", sync_to_thread=False, exception_handlers={refusals.RefusedError: _lost})
def show_onboarding(state: State, token: FromPath[str]) -> Response[str] | Redirect:
    """Show the hosted page of an account link."""
    elsewhere, page = onboarding.page(_call(_door(state), token))
    if elsewhere is not None:
        return Redirect(elsewhere, status_code=303)
    return Response(page, media_type="text/html")


@post("/setup/s/{token:str}", sync_to_thread=False, exception_handlers={refusals.RefusedError: _lost})
def complete_onboarding(state: State, token: FromPath[str]) -> Redirect:
    """Press the page's one button."""
    door = _door(state)
    with door.state.transaction():
        elsewhere = onboarding.complete(_call(door, token))
    door.postman.ring()
    return Redirect(elsewhere, status_code=303)


@post(
    "/setup/s/{token:str}/abandonment",
    sync_to_thread=False,
    exception_handlers={refusals.RefusedError: _lost},
)
def abandon_onboarding(state: State, token: FromPath[str]) -> Redirect:
    """Press the other button."""
    door = _door(state)
    with door.state.transaction():
        return Redirect(onboarding.abandon(_call(door, token)), status_code=303)


@get("/invoice/{invoice_id:str}", sync_to_thread=False, exception_handlers={refusals.RefusedError: _lost})
def show_invoice(state: State, invoice_id: FromPath[str]) -> Response[str]:
    """Show the hosted page of an invoice."""
    return Response(invoice_page.page(_call(_door(state), invoice_id)), media_type="text/html")


@post("/invoice/{invoice_id:str}", exception_handlers={refusals.RefusedError: _lost})
async def pay_invoice(
    state: State, invoice_id: FromPath[str], request: Request[None, None, State]
) -> Response[str] | Redirect:
    """Pay by the chosen method, and see what has become of it."""
    door = _door(state)
    chosen = forms.decode((await request.body()).decode(errors="replace")).get("method", "")
    with door.state.transaction():
        declined = invoice_page.pay(_call(door, invoice_id), str(chosen))
    door.postman.ring()
    if declined is not None:
        return Response(declined, status_code=402, media_type="text/plain")
    return Redirect(f"/invoice/{invoice_id}", status_code=303)


@get("/_simulator/books", sync_to_thread=False)
def show_books(state: State) -> Json:
    """Show every balance, what each destination got, and whether the books agree."""
    return trial.statement(_door(state).state)


@get("/_simulator/deliveries", sync_to_thread=False)
def show_deliveries(state: State) -> list[Json]:
    """Show which events were delivered, wait, or were given up."""
    return letters.deliveries(_door(state).state)


@post("/_simulator/settle", status_code=200, sync_to_thread=False)
def settle(state: State) -> dict[str, int]:
    """Let the days pass that cards take: all that is pending becomes available."""
    door = _door(state)
    with door.state.transaction():
        settled = books.settle(door.state)
        if settled:
            events.tell(_call(door), "balance.available", books.balance_of(door.state, ""))
    door.postman.ring()
    return settled


@post("/_simulator/faults", status_code=200)
async def arm(state: State, request: Request[None, None, State]) -> Response[Json]:
    """Arm a fault: `{"route": "POST /v1/transfers", "kind": "drop_after", "times": 1}`."""
    try:
        fault = msgspec.json.decode(await request.body(), type=Fault)
    except msgspec.MsgspecError as wrong:
        return Response({"error": str(wrong), "kinds": list(faults.KINDS)}, status_code=400)
    if fault.route not in ROUTES:
        return Response({"error": f"no route {fault.route!r}", "routes": sorted(ROUTES)}, status_code=400)
    _door(state).faults.arm(fault)
    return Response(msgspec.to_builtins(fault))


@post("/_simulator/reset", status_code=200, sync_to_thread=False)
def reset(state: State) -> Json:
    """Forget everything and disarm all faults."""
    door = _door(state)
    with door.state.transaction():
        door.state.forget_everything()
    door.faults.clear()
    return {}


HANDLERS = (
    show_onboarding,
    complete_onboarding,
    abandon_onboarding,
    show_invoice,
    pay_invoice,
    show_books,
    show_deliveries,
    settle,
    arm,
    reset,
)
