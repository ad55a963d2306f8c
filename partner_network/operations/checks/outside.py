"""Whether the doors to the outside open: files, mail and Stripe. Nothing is sent to anybody."""

import asyncio
import hashlib
import hmac
import os
from collections.abc import Sequence

from partner_network import app
from partner_network.gateways import clock
from partner_network.gateways.file_store import probe
from partner_network.gateways.file_store.store import FileStore
from partner_network.gateways.mailer import sender as mailer
from partner_network.gateways.mailer.letter import LaterError
from partner_network.gateways.mailer.smtp import SmtpSender
from partner_network.gateways.stripe_connect import StripeConnect
from partner_network.operations.checks import finding, machine
from partner_network.operations.checks.finding import Finding
from partner_network.settings import Settings

LIVE_KEYS = ("sk_live_", "rk_live_")


async def files(settings: Settings) -> Sequence[Finding]:
    """Look whether files can be kept and fetched again."""
    if settings.s3_bucket is None:
        reason = await asyncio.to_thread(machine.why_not_writable, settings.files_folder)
        if reason:
            sentence = f"Files cannot be kept in {settings.files_folder}: {reason}."
            return [finding.failed("files", sentence, "Let the product's user write there.")]
        if not settings.files_folder.exists():
            return [finding.ok("files", f"{settings.files_folder} will be made for the first file.")]
        if settings.files_folder.stat().st_uid != os.geteuid():
            # A file of ours would leave folders behind that the owner could not write to.
            to_do = "Run doctor as the user who runs the product, to try more than the folder."
            return [finding.warning("files", f"{settings.files_folder} is somebody else's.", to_do)]
    return await of_store(app.file_store(settings))


async def of_store(store: FileStore) -> Sequence[Finding]:
    """Put a probe, get it back, fetch it by a signed address, and delete it."""
    if not await probe.is_faithful(store):
        sentence = "What was put is not what came back, by its key or by its signed address."
        return [finding.failed("files", sentence, "Look at the store's own log.")]
    return [finding.ok("files", "Put, got, fetched by a signed address and deleted.")]


async def mail(settings: Settings) -> Sequence[Finding]:
    """Look whether letters can go out: sign in to the mail server, or write where letters lie as files."""
    sender = mailer.sender_of(settings)
    if isinstance(sender, SmtpSender):
        try:
            await sender.must_answer()
        except LaterError as error:
            return [finding.failed("mail", str(error), "Compare SMTP_URL with the mail server's settings.")]
        return [finding.ok("mail", "The mail server lets us in; nothing was sent.")]
    reason = await asyncio.to_thread(machine.why_not_writable, settings.outbox_folder)
    if reason:
        sentence = f"Letters cannot be written to {settings.outbox_folder}: {reason}."
        return [finding.failed("mail", sentence, "Let the product's user write there, or set SMTP_URL.")]
    if settings.sandbox:
        return [finding.ok("mail", f"Letters lie as files in {settings.outbox_folder}.")]
    sentence = f"Letters lie as files in {settings.outbox_folder} and reach nobody."
    return [finding.warning("mail", sentence, "Set SMTP_URL and PARTNER_NETWORK_MAIL_FROM.")]


async def stripe(settings: Settings) -> Sequence[Finding]:
    """Look whether Stripe takes our key, and whether it is the key of this mode."""
    key = settings.stripe_secret_key
    if not key:
        return [finding.failed("Stripe key", "There is none: nobody can be paid.", "Set STRIPE_SECRET_KEY.")]
    gateway = _gateway(settings)
    try:
        await gateway.read_balance("USD")
    finally:
        await gateway.close()
    if not settings.sandbox and not key.startswith(LIVE_KEYS):
        sentence = "It works and is no live key: payouts move no real money."
        return [finding.warning("Stripe key", sentence, "Set the live STRIPE_SECRET_KEY before going live.")]
    return [finding.ok("Stripe key", f"Stripe answers; a {'test' if settings.sandbox else 'live'} key.")]


async def webhooks(settings: Settings) -> Sequence[Finding]:
    """Sign an event as Stripe does and read it as we read Stripe's."""
    secrets = settings.stripe_webhook_secret.split(",")
    if not all(one.startswith("whsec_") and one == one.strip() for one in secrets):
        sentence = "STRIPE_WEBHOOK_SECRET is not set, or not what Stripe shows: it begins with whsec_."
        to_do = f"Make an endpoint for {settings.base_url}/stripe/webhooks at Stripe and copy its secret."
        return [finding.failed("Stripe webhooks", sentence, to_do)]
    at = int(clock.wall_now().timestamp())
    body = b'{"id":"evt_doctor","type":"doctor","created":%d,"data":{"object":{"id":"none"}}}' % at
    signature = hmac.new(secrets[0].encode(), b"%d.%s" % (at, body), hashlib.sha256).hexdigest()
    gateway = _gateway(settings)
    try:
        gateway.verify_webhook(body, f"t={at},v1={signature}")
    finally:
        await gateway.close()
    return [finding.ok("Stripe webhooks", "An event that we signed with the secret is accepted.")]


def _gateway(settings: Settings) -> StripeConnect:
    return StripeConnect(
        secret_key=settings.stripe_secret_key,
        api_base=settings.stripe_api_base,
        webhook_secret=settings.stripe_webhook_secret,
        sandbox=settings.sandbox,
    )
