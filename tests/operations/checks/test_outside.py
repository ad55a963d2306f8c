"""Files, mail and Stripe, each against something real on loopback."""

import ssl
from collections.abc import Awaitable, Callable, Generator, Sequence
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest
import stripe

from partner_network.gateways.file_store.s3 import S3FileStore
from partner_network.gateways.mailer.smtp import Server, SmtpSender
from partner_network.operations.checks import outside
from partner_network.operations.checks.finding import Finding
from partner_network.sandbox.stripe_simulator import process
from partner_network.settings import Settings
from tests.gateways import post, s3_responder
from tests.gateways.post import Postbox
from tests.operations.checks.looking import look, replaced


async def test_a_folder_of_files_can_be_written_and_keeps_nothing_of_the_probe(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "will be made" in (await look(outside.files, settings)).sentence
    settings.files_folder.mkdir(parents=True)
    assert "Put, got" in (await look(outside.files, settings)).sentence
    assert [path for path in settings.files_folder.rglob("*") if path.is_file()] == []
    with monkeypatch.context() as patch:
        patch.setattr(outside.os, "geteuid", lambda: 12_345)
        assert (await look(outside.files, settings)).level == "warning"
    assert [path for path in settings.files_folder.rglob("*") if path.is_file()] == []
    settings.files_folder.rename(settings.data_folder / "away")
    settings.files_folder.touch()
    assert (await look(outside.files, settings)).level == "FAILED"


def at(server: s3_responder.S3Responder) -> Callable[[Settings], Awaitable[Sequence[Finding]]]:
    store = S3FileStore(
        s3_responder.BUCKET,
        endpoint_url=server.url,
        region=s3_responder.REGION,
        access_key=s3_responder.ACCESS_KEY,
        secret_key=s3_responder.SECRET_KEY,
    )

    def look_there(_: Settings) -> Awaitable[Sequence[Finding]]:
        return outside.of_store(store)

    return look_there


async def test_a_bucket_is_written_read_signed_and_cleared(settings: Settings) -> None:
    with s3_responder.running() as server:
        well = await look(at(server), settings)
        left = dict(server.objects)
        server.clock_ahead = timedelta(hours=1)
        refused = await look(at(server), settings)
    assert (well.level, left) == ("ok", {})
    assert (refused.level, "RequestTimeTooSkewed" in refused.sentence) == ("FAILED", True)


async def test_a_bucket_whose_signed_addresses_do_not_open_is_found(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    with s3_responder.running() as server:

        def elsewhere(*_: object, **_named: object) -> str:
            return f"{server.url}/assets/nothing"

        monkeypatch.setattr(S3FileStore, "signed_url", elsewhere)
        found = await look(at(server), settings)
        left = dict(server.objects)
    assert (found.level, "signed address" in found.sentence, left) == ("FAILED", True, {})


async def test_a_mail_server_lets_us_in_without_a_letter(settings: Settings) -> None:
    async with post.serving(Postbox()) as postbox:
        found = await look(outside.mail, replaced(settings, smtp_url=f"smtp://127.0.0.1:{postbox.port}"))
    assert (found.level, postbox.received) == ("ok", [])


async def test_a_mail_server_that_does_not_answer_is_found(settings: Settings) -> None:
    found = await look(outside.mail, replaced(settings, smtp_url="smtp://127.0.0.1:1"))
    assert (found.level, "cannot be reached" in found.sentence) == ("FAILED", True)


async def test_a_password_that_the_mail_server_does_not_take_is_found_and_not_repeated(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    certificate = post.certificate(tmp_path)
    trusting = ssl.create_default_context(cafile=str(certificate))
    async with post.serving(Postbox(), starttls=post.shown_by(certificate), wants_login=True) as postbox:
        server = Server(
            host="localhost", port=postbox.port, security="starttls", user="encore", password="s3cret/@"
        )
        senders = [
            SmtpSender(server, trusting=trusting),
            SmtpSender(msgspec.structs.replace(server, password="no-such-password"), trusting=trusting),
        ]

        def sender_of(_: Settings) -> SmtpSender:
            return senders.pop(0)

        monkeypatch.setattr(outside.mailer, "sender_of", sender_of)
        let_in = await look(outside.mail, settings)
        kept_out = await look(outside.mail, settings)
    assert (let_in.level, kept_out.level) == ("ok", "FAILED")
    assert ("user and password" in kept_out.line, "no-such-password" in kept_out.line) == (True, False)


async def test_letters_as_files_reach_nobody_outside_the_sandbox(settings: Settings) -> None:
    assert (await look(outside.mail, settings)).level == "ok"
    assert (await look(outside.mail, replaced(settings, sandbox=False))).level == "warning"
    settings.outbox_folder.parent.mkdir(parents=True)
    settings.outbox_folder.touch()
    assert (await look(outside.mail, settings)).level == "FAILED"


@pytest.mark.parametrize(("name", "wrong"), [("smtp_url", "http://mail"), ("mail_from", "nobody")])
async def test_mail_settings_that_cannot_be_read_are_said(settings: Settings, name: str, wrong: str) -> None:
    found = await look(outside.mail, replaced(settings, **{name: wrong}))
    assert (found.level, "must" in found.sentence) == ("FAILED", True)


@pytest.fixture(scope="module")
def simulator(tmp_path_factory: pytest.TempPathFactory) -> Generator[str]:
    with process.running(tmp_path_factory.mktemp("stripe") / "state.sqlite") as address:
        yield address


async def test_stripe_is_asked_whether_it_takes_the_key(settings: Settings, simulator: str) -> None:
    well = replaced(settings, stripe_api_base=simulator)
    assert (await look(outside.stripe, well)).level == "ok"
    found = await look(outside.stripe, replaced(well, sandbox=False))
    assert (found.level, "no live key" in found.sentence) == ("warning", True)
    assert (await look(outside.stripe, replaced(well, stripe_secret_key=""))).level == "FAILED"


@pytest.mark.parametrize("sandbox", [True, False])
async def test_a_live_key_where_none_belongs_is_refused_and_not_repeated(
    settings: Settings, simulator: str, sandbox: bool
) -> None:
    wrong = replaced(settings, stripe_api_base=simulator, stripe_secret_key="sk_live_abcdef", sandbox=sandbox)
    found = await look(outside.stripe, wrong)
    assert (found.level, "sk_live_abcdef" in found.line) == ("FAILED", False)


async def test_a_key_that_stripe_does_not_know_is_found_and_not_repeated(
    settings: Settings, simulator: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refuse(*_: object) -> None:
        raise stripe.AuthenticationError("Invalid API Key provided: sk_test_x_very_secret")

    monkeypatch.setattr("stripe.BalanceService.retrieve_async", refuse)
    wrong = replaced(settings, stripe_api_base=simulator, stripe_secret_key="sk_test_x_very_secret")
    found = await look(outside.stripe, wrong)
    assert (found.level, "Invalid API Key provided: ***" in found.sentence) == ("FAILED", True), found


async def test_a_stripe_that_does_not_answer_is_found(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stripe.HTTPClient, "INITIAL_DELAY", 0.001)
    found = await look(outside.stripe, replaced(settings, stripe_api_base="http://127.0.0.1:1"))
    assert (found.level, "No answer from Stripe" in found.sentence) == ("FAILED", True)


async def test_a_webhook_secret_is_tried_on_an_event_of_our_own(settings: Settings) -> None:
    assert (await look(outside.webhooks, settings)).level == "ok"
    for wrong in ("", "sk_test_x", "whsec_copied_with_a_blank "):
        found = await look(outside.webhooks, replaced(settings, stripe_webhook_secret=wrong))
        assert (found.level, "/stripe/webhooks" in found.to_do) == ("FAILED", True)
