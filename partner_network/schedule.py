"""Everything that happens by itself, on one page: which job does what, and what the calendar asks for."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import AbstractContextManager, asynccontextmanager
from datetime import timedelta

import asyncpg
import msgspec
import structlog
from pgqueuer import PgQueuer
from pgqueuer.models import Job

from partner_network.agreements import jobs as agreements
from partner_network.attribution import jobs as attribution
from partner_network.clicks import jobs as clicks
from partner_network.commissions import jobs as commissions
from partner_network.conversions.actions import in_test
from partner_network.database import addresses, connections
from partner_network.database.addresses import Address
from partner_network.gateways import clock
from partner_network.gateways.file_store.store import FileStore
from partner_network.gateways.mailer import letters
from partner_network.gateways.mailer.letter import Sender
from partner_network.gateways.mailer.letters import PostOffice, SendLetter
from partner_network.gateways.pdf import Renderer
from partner_network.gateways.stripe_connect import StripeConnect
from partner_network.gateways.traces import Tracer
from partner_network.identity import jobs as identity
from partner_network.identity.actions import limits, seal
from partner_network.ledger import jobs as ledger
from partner_network.notifications import jobs as notifications
from partner_network.payouts import funding_jobs
from partner_network.payouts import jobs as payouts
from partner_network.payouts import rules as payout_rules
from partner_network.payouts.actions import unfunded
from partner_network.payouts.rules import ChargeFunding, HeardBankPayout, HeardEvent, ReadFunding
from partner_network.privacy import jobs as privacy
from partner_network.receipts.replay import nightly
from partner_network.receipts.trials import jobs as trials
from partner_network.rewards import jobs as rewards
from partner_network.settings import Settings
from partner_network.statements import jobs as statements
from partner_network.statements import rules as statement_rules
from partner_network.statements.document_queries import Issuer

CALENDAR_EVERY = timedelta(minutes=1)
SEAL_EVERY = timedelta(seconds=1)
REPLAY_EVERY = timedelta(minutes=10)
CONNECTIONS = 8
Handler = Callable[[bytes], Awaitable[None]]
log = structlog.get_logger()


class Gateways(msgspec.Struct, frozen=True):
    """The doors to the outside that jobs use."""

    stripe: StripeConnect
    renderer: Renderer
    files: FileStore
    issuer: Issuer
    mail: Sender
    tracer: Tracer | None = None


def handlers(settings: Settings, doors: Gateways) -> Mapping[str, Handler]:
    """Return what each job does; every handler is idempotent and locks what it changes first."""

    async def decide(_: bytes) -> None:
        await attribution.decide()

    async def accrue(_: bytes) -> None:
        await commissions.accrue(await clock.now())
        await rewards.grant(await clock.now())

    async def move(_: bytes) -> None:
        await commissions.move(await clock.now())

    async def close(_: bytes) -> None:
        await statements.close_periods(await clock.now())

    async def render_statement(payload: bytes) -> None:
        job = msgspec.json.decode(payload, type=statement_rules.RenderStatement)
        await statements.render(doors.renderer, doors.files, doors.issuer, job, await clock.now())

    async def bill(payload: bytes) -> None:
        job = msgspec.json.decode(payload, type=statement_rules.BillBrand)
        await statements.bill(job, await clock.now())

    async def render_agreement(payload: bytes) -> None:
        job = msgspec.json.decode(payload, type=agreements.RenderAgreement)
        await agreements.render_agreement(doors.renderer, doors.files, job, await clock.now())

    return {
        attribution.DECIDE: decide,
        commissions.ACCRUE: accrue,
        rewards.POST: rewards.post,
        commissions.MOVE: move,
        statement_rules.CLOSE: close,
        statement_rules.RENDER: render_statement,
        statement_rules.BILL: bill,
        agreements.RENDER: render_agreement,
        **_of_payouts(doors.stripe),
        trials.TRY: trials.try_terms,
        **_of_letters(settings, doors.mail),
    }


def _of_payouts(stripe: StripeConnect) -> Mapping[str, Handler]:
    async def charge(payload: bytes) -> None:
        job = msgspec.json.decode(payload, type=ChargeFunding)
        await payouts.charge(stripe, job, await clock.now())

    async def read_funding(payload: bytes) -> None:
        job = msgspec.json.decode(payload, type=ReadFunding)
        await payouts.read_funding(stripe, job, await clock.now())

    async def read_invoice(payload: bytes) -> None:
        job = msgspec.json.decode(payload, type=HeardEvent)
        await payouts.read_invoice(stripe, job, await clock.now())

    async def read_movements(payload: bytes) -> None:
        job = msgspec.json.decode(payload, type=HeardEvent)
        await payouts.read_movements(stripe, job, await clock.now())

    async def read_account(payload: bytes) -> None:
        job = msgspec.json.decode(payload, type=HeardEvent)
        await payouts.read_account(stripe, job, await clock.now())

    async def read_bank_payout(payload: bytes) -> None:
        job = msgspec.json.decode(payload, type=HeardBankPayout)
        await payouts.read_bank_payout(stripe, job, await clock.now())

    async def pay(_: bytes) -> None:
        await payouts.pay(stripe, await clock.now())

    return {
        payout_rules.CHARGE: charge,
        payout_rules.READ_FUNDING: read_funding,
        payout_rules.READ_INVOICE: read_invoice,
        payout_rules.READ_MOVEMENTS: read_movements,
        payout_rules.READ_ACCOUNT: read_account,
        payout_rules.READ_BANK_PAYOUT: read_bank_payout,
        payout_rules.PAY: pay,
    }


def _of_letters(settings: Settings, sender: Sender) -> Mapping[str, Handler]:
    office = PostOffice(sender, settings.keyring, settings.mail_from)

    async def send_letter(payload: bytes) -> None:
        await letters.send(office, msgspec.json.decode(payload, type=SendLetter).letter_id)

    async def offer_reset(payload: bytes) -> None:
        await identity.offer_reset(payload, settings)

    async def mail_messages(_: bytes) -> None:
        await notifications.mail(settings)

    return {
        letters.SEND: send_letter,
        identity.OFFER_RESET: offer_reset,
        notifications.MAIL: mail_messages,
        notifications.TELL: notifications.tell_of_account,
    }


async def follow_calendar(doors: Gateways) -> None:
    """Do what the date asks for: letters due again, click partitions ahead, maturities, closes, payments."""
    await letters.look_after(clock.wall_now())
    now = await clock.now()
    async with connections.transaction() as connection:
        await clicks.prepare_partitions(connection, now)
        await clicks.destroy_old_salts(connection, now)
        await limits.forget_empty(connection, clock.wall_now())
        await in_test.purge_test_facts(connection, now)
    await agreements.end_due(now)
    await commissions.measure(now)
    await rewards.grant(now)
    await statements.close_periods(now)
    await funding_jobs.look_after_fundings(doors.stripe, now)
    await payouts.pay(doors.stripe, now)
    await unfunded.pause_unfunded(now)
    await privacy.let_go(now, clock.wall_now())


async def run(settings: Settings, doors: Gateways, stop: asyncio.Event) -> None:
    """Work until ``stop`` is set: take jobs as they come, and follow the calendar beside them."""
    clock.use_simulated_time(sandbox=settings.sandbox)
    address = addresses.address_for(settings, "worker")
    await connections.open_pool(address.url, role=address.role, max_size=CONNECTIONS)
    try:
        await statements.make_up()
        async with _queue(address) as queue:
            for name, handler in handlers(settings, doors).items():
                _register(queue, name, handler, doors.tracer)
            calendar = asyncio.create_task(_calendar(settings, doors, stop))
            sealing = asyncio.create_task(_seal(stop))
            replaying = asyncio.create_task(_replay(address, stop))
            comparing = asyncio.create_task(_compare(doors, stop))
            working = asyncio.create_task(queue.run(dequeue_timeout=timedelta(seconds=5)))
            await asyncio.wait(
                {asyncio.create_task(stop.wait()), working}, return_when=asyncio.FIRST_COMPLETED
            )
            queue.shutdown.set()
            stop.set()
            replaying.cancel()  # it only reads, and the next night does it again
            comparing.cancel()  # what it books is booked once, and the night is not taken before it is done
            await asyncio.gather(comparing, return_exceptions=True)
            await asyncio.gather(working, calendar, sealing)
    finally:
        await connections.close_pool()


@asynccontextmanager
async def _queue(address: Address) -> AsyncGenerator[PgQueuer]:
    role = {} if address.role is None else {"role": address.role}
    connection: asyncpg.Connection[asyncpg.Record] = await asyncpg.connect(address.url, server_settings=role)
    try:
        yield PgQueuer.from_asyncpg_connection(connection)
    finally:
        await connection.close()


def _traced(tracer: Tracer | None, name: str) -> AbstractContextManager[object]:
    return contextlib.nullcontext() if tracer is None else tracer.span(name)


def _register(queue: PgQueuer, name: str, handler: Handler, tracer: Tracer | None) -> None:
    # A failed job is held with its traceback, for a person to look at and to start again. Jobs of one kind
    # may run side by side: each locks what it changes, and the one that waited finds the work done.
    @queue.entrypoint(name, on_failure="hold")
    async def work(job: Job) -> None:
        with structlog.contextvars.bound_contextvars(job=name, job_id=job.id), _traced(tracer, name):
            try:
                await handler(job.payload or b"")
            except Exception as error:
                await _tell_of_failure(name, job, error)
                raise
            await log.ainfo("job done")

    del work


async def _tell_of_failure(name: str, job: Job, error: Exception) -> None:
    # By the time at which this try began: a job that somebody starts again and that fails again is news.
    fact = f"{job.id} {job.updated.isoformat()}"
    with contextlib.suppress(Exception):  # whatever keeps it from being told, the job's own failure counts
        await notifications.tell_of_failure(name, str(job.id), fact, type(error).__name__)


async def _calendar(settings: Settings, doors: Gateways, stop: asyncio.Event) -> None:
    while not stop.is_set():
        try:
            await notifications.follow_calendar(settings, clock.wall_now())
            await follow_calendar(doors)
        except Exception:  # noqa: BLE001 - the calendar goes on; the next minute tries again
            await log.aexception("the calendar's work failed and will be tried again")
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), CALENDAR_EVERY.total_seconds())


async def _seal(stop: asyncio.Event) -> None:
    while not stop.is_set():
        try:
            await seal.seal_now()
        except Exception:  # noqa: BLE001 - what could not be sealed waits; the next second tries again
            await log.aexception("the audit trail could not be sealed and will be tried again")
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), SEAL_EVERY.total_seconds())


async def _replay(address: Address, stop: asyncio.Event) -> None:
    # Beside the calendar, which has money to look after every minute: a large program takes its time.
    while not stop.is_set():
        try:
            await ledger.check_due(await clock.now(), clock.wall_now())
            await nightly.replay_due(address, await clock.now(), clock.wall_now())
        except Exception:  # noqa: BLE001 - the worker goes on; what was broken off is done the next night
            await log.aexception("the ledger could not be examined, or decisions not be replayed")
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), REPLAY_EVERY.total_seconds())


async def _compare(doors: Gateways, stop: asyncio.Event) -> None:
    # Beside the calendar too: a long list at Stripe keeps no payout waiting.
    while not stop.is_set():
        try:
            await payouts.reconcile_due(doors.stripe, await clock.now(), clock.wall_now())
        except Exception:  # noqa: BLE001 - the worker goes on; the night is made up for at the next try
            await log.aexception("our books could not be compared with Stripe's and will be tried again")
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), REPLAY_EVERY.total_seconds())
