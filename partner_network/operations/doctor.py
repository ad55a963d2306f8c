"""All checks, in the order in which one mends what they find."""

import asyncio
from collections.abc import AsyncGenerator, Mapping

from partner_network import settings as settings_of
from partner_network.kernel.errors import InvalidError
from partner_network.operations.checks import databases, finding, machine, outside, work
from partner_network.operations.checks.finding import Check, Finding

_REACH = "Start the server, or set the role's DATABASE_URL and its password right."
_MIGRATE = "Run `partner-network migrate`, then look again."
_PDF = "Install libpango-1.0-0, libpangoft2-1.0-0 and libharfbuzz-subset0."
_STRIPE = "Compare STRIPE_SECRET_KEY and PARTNER_NETWORK_SANDBOX with Stripe's dashboard."

CHECKS = (
    Check("base address", machine.base_url, "Set PARTNER_NETWORK_BASE_URL."),
    Check("secret key", machine.keys, "Set PARTNER_NETWORK_SECRET_KEY."),
    Check("operator", machine.operator, "Set PARTNER_NETWORK_OPERATOR_NAME and the others."),
    Check("database as owner", databases.of_owner, _REACH),
    Check("database as web", databases.of_web, _REACH),
    Check("database as redirect", databases.of_redirect, _REACH),
    Check("database as worker", databases.of_worker, _REACH),
    Check("migrations", databases.migrations, _MIGRATE),
    Check("walls", databases.walls, _MIGRATE),
    Check("clock", databases.clocks, _MIGRATE),
    Check("time zones", machine.zones, _REACH),
    Check("worker", work.worker, _MIGRATE),
    Check("held jobs", work.held_jobs, _MIGRATE),
    Check("replays", work.replays, _MIGRATE),
    Check("ledger", work.ledger, _MIGRATE),
    Check("streams", work.streams, _MIGRATE),
    Check("exchange rates", work.rates, _MIGRATE),
    Check("files", outside.files, "Compare S3_BUCKET, S3_ENDPOINT_URL and the AWS_* keys with the store."),
    Check("mail", outside.mail, "Compare SMTP_URL and PARTNER_NETWORK_MAIL_FROM with the mail server."),
    Check("Stripe key", outside.stripe, _STRIPE),
    Check("Stripe webhooks", outside.webhooks, _STRIPE),
    Check("spool", machine.spool, "Set PARTNER_NETWORK_DATA to a folder on a disk."),
    Check("PDF libraries", machine.pdf, _PDF),
)


async def examine(environment: Mapping[str, str] | None = None) -> AsyncGenerator[Finding]:
    """Yield a finding for each check; one that fails or hangs keeps none of the others from looking."""
    try:
        settings = settings_of.from_environment(environment)
    except InvalidError as unread:
        yield finding.failed("settings", unread.detail, "Nothing else can be looked at before.")
        return
    yield finding.ok("settings", "Readable.")
    looks = [asyncio.create_task(finding.find(check, settings)) for check in CHECKS]
    for look in looks:
        for found in await look:
            yield found
