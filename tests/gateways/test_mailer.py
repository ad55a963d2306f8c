import ssl
import stat
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import msgspec
import pytest

from partner_network.gateways.mailer import folder, letter, sender, smtp
from partner_network.gateways.mailer.folder import FolderSender
from partner_network.gateways.mailer.letter import LaterError, RefusedError, Sender
from partner_network.gateways.mailer.smtp import Server, SmtpSender
from partner_network.kernel.errors import InvalidError
from tests.conftest import FreshDatabase
from tests.doors import settings
from tests.gateways import post
from tests.gateways.post import LETTER, LETTER_ID, MAIL_FROM, Postbox

Sent = Callable[[], list[bytes]]


@pytest.fixture
async def postbox() -> AsyncIterator[Postbox]:
    async with post.serving(Postbox()) as served:
        yield served


@pytest.fixture(params=["folder", "smtp"])
def way(request: pytest.FixtureRequest, tmp_path: Path, postbox: Postbox) -> tuple[Sender, Sent]:
    """Each sender, and how to look at what it sent."""
    if request.param == "folder":
        return FolderSender(tmp_path / "outbox"), lambda: [
            path.read_bytes() for path in sorted((tmp_path / "outbox").iterdir())
        ]
    return SmtpSender(plain(postbox)), lambda: [_content(one.content) for one in postbox.received]


def plain(postbox: Postbox, **changes: object) -> Server:
    at_home = Server(host="127.0.0.1", port=postbox.port, security="none")
    return msgspec.structs.replace(at_home, **changes)


def _content(content: bytes | str | None) -> bytes:
    assert isinstance(content, bytes)
    return content


async def test_every_sender_delivers_the_letter_as_it_was_written(way: tuple[Sender, Sent]) -> None:
    sender_, sent = way

    await sender_.send(post.message())

    [content] = sent()
    read = post.read(content)
    assert (read["From"], read["To"], read["Subject"]) == (MAIL_FROM, LETTER.to, LETTER.subject)
    assert read["Message-ID"] == f"<{LETTER_ID.hex}@encore.example>"
    assert read["Date"].datetime == post.AT
    assert read.get_content().replace("\r\n", "\n") == LETTER.text


async def test_a_second_try_is_the_same_message_to_the_byte(way: tuple[Sender, Sent]) -> None:
    sender_, sent = way

    for _ in range(2):
        await sender_.send(post.message(msgspec.structs.replace(LETTER, html="<p>Hello</p>")))

    assert len(set(sent())) == 1


async def test_html_goes_beside_the_text_never_instead(way: tuple[Sender, Sent]) -> None:
    sender_, sent = way

    await sender_.send(post.message(msgspec.structs.replace(LETTER, html="<p>Hello</p>")))

    kinds = [part.get_content_type() for part in post.read(sent()[0]).iter_parts()]
    assert kinds == ["text/plain", "text/html"]


@pytest.mark.parametrize(
    "changes",
    [
        {"subject": "Hello\r\nBcc: everybody@evil.example"},
        {"subject": "Hello\nBcc: everybody@evil.example"},
        {"subject": "Hello\x85Bcc: everybody@evil.example"},
        {"subject": " "},
        {"to": "ned@needle.example\r\nBcc: everybody@evil.example"},
        {"to": "ned@needle.example, everybody@evil.example"},
        {"to": "Ned <ned@needle.example>"},
        {"to": "ned@"},
        {"to": "nöd@needle.example"},
        {"text": "x" * 100_001},
    ],
)
def test_what_forges_headers_or_reaches_nobody_is_no_letter(changes: dict[str, str]) -> None:
    with pytest.raises(InvalidError):
        post.message(msgspec.structs.replace(LETTER, **changes))


def test_a_host_in_any_alphabet_is_written_as_servers_want_it() -> None:
    assert post.message(msgspec.structs.replace(LETTER, to="ned@nädel.example")).recipient == (
        "ned@xn--ndel-loa.example"
    )


async def test_letters_as_files_are_their_owners_alone(tmp_path: Path) -> None:
    outbox = tmp_path / "outbox"
    await FolderSender(outbox).send(post.message())

    [path] = outbox.iterdir()
    assert (stat.S_IMODE(outbox.stat().st_mode), stat.S_IMODE(path.stat().st_mode)) == (0o700, 0o600)
    [found] = folder.letters_in(outbox, limit=10)
    assert found == folder.letter_in(outbox, LETTER_ID)
    assert (found.to, found.subject, found.at) == (LETTER.to, LETTER.subject, post.AT)
    assert found.text == LETTER.text


async def test_a_folder_that_cannot_be_written_is_tried_later(tmp_path: Path) -> None:
    (tmp_path / "outbox").write_text("in the way")

    with pytest.raises(LaterError, match="cannot be written"):
        await FolderSender(tmp_path / "outbox").send(post.message())


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        ({"to_recipients": "451 later please"}, LaterError),
        ({"to_recipients": "550 ned@needle.example is nobody here"}, RefusedError),
        ({"to_content": "452 full"}, LaterError),
        ({"to_content": "554 spam from network@encore.example"}, RefusedError),
        ({"to_senders": "550 who is network@encore.example"}, LaterError),
        ({"breaks_off": True}, LaterError),
    ],
    ids=["recipient 4xx", "recipient 5xx", "content 4xx", "content 5xx", "our address 5xx", "cut off"],
)
async def test_only_the_servers_own_no_is_final_and_no_sentence_holds_an_address(
    postbox: Postbox, answers: dict[str, object], expected: type[Exception]
) -> None:
    for name, answer in answers.items():
        setattr(postbox, name, answer)

    with pytest.raises(expected) as caught:
        await SmtpSender(plain(postbox)).send(post.message())

    assert "@" not in str(caught.value)


async def test_a_server_that_is_not_there_is_tried_later() -> None:
    async with post.serving(Postbox()) as gone:
        server = plain(gone)

    with pytest.raises(LaterError, match="cannot be reached"):
        await SmtpSender(server).send(post.message())


async def test_starttls_encrypts_before_user_and_password_are_told(tmp_path: Path) -> None:
    certificate = post.certificate(tmp_path)
    trusting = ssl.create_default_context(cafile=str(certificate))
    async with post.serving(Postbox(), starttls=post.shown_by(certificate), wants_login=True) as postbox:
        server = plain(postbox, host="localhost", security="starttls", user="encore", password="s3cret/@")

        await SmtpSender(server, trusting=trusting).send(post.message())

        assert (postbox.logins, len(postbox.received)) == ([("encore", "s3cret/@")], 1)
        wrong = msgspec.structs.replace(server, password="wrong")
        with pytest.raises(LaterError, match="user and password"):
            await SmtpSender(wrong, trusting=trusting).must_answer()


async def test_a_certificate_that_nobody_vouches_for_gets_no_letter(tmp_path: Path) -> None:
    certificate = post.certificate(tmp_path)
    async with post.serving(Postbox(), tls=post.shown_by(certificate)) as postbox:
        with pytest.raises(LaterError):
            await SmtpSender(plain(postbox, host="localhost", security="tls")).send(post.message())

        trusting = ssl.create_default_context(cafile=str(certificate))
        await SmtpSender(plain(postbox, host="localhost", security="tls"), trusting=trusting).send(
            post.message()
        )
        assert len(postbox.received) == 1


@pytest.mark.parametrize("wants_login", [False, True])
async def test_a_server_that_cannot_encrypt_gets_neither_letter_nor_password(*, wants_login: bool) -> None:
    async with post.serving(Postbox(), wants_login=wants_login) as postbox:
        server = plain(postbox, security="starttls")
        if wants_login:
            server = msgspec.structs.replace(server, user="encore", password="s3cret/@")

        with pytest.raises(LaterError):
            await SmtpSender(server).send(post.message())

        assert (postbox.received, postbox.logins) == ([], [])


def test_an_address_of_a_mail_server_says_how_to_speak_to_it() -> None:
    assert smtp.server_of("smtp://encore:s3cret%2F%40@mail.example.com") == Server(
        host="mail.example.com", port=587, security="starttls", user="encore", password="s3cret/@"
    )
    assert smtp.server_of("smtps://mail.example.com").port == 465
    assert smtp.server_of("smtps://127.0.0.1:1465").security == "tls"
    assert {
        smtp.server_of(f"smtp://{host}:1025").security for host in ("localhost", "127.0.0.1", "[::1]")
    } == {"none"}


@pytest.mark.parametrize(
    "url",
    ["mail.example.com", "http://mail.example.com", "smtp://", "smtp://u:hunter2@mail:no", "smtp://mail:0"],
)
def test_an_address_that_names_no_mail_server_is_refused_without_repeating_it(url: str) -> None:
    with pytest.raises(InvalidError, match="SMTP_URL") as caught:
        smtp.server_of(url)

    assert "hunter2" not in caught.value.detail


def test_without_a_mail_server_letters_are_files(database: FreshDatabase, tmp_path: Path) -> None:
    at_home = settings(database, tmp_path)

    assert isinstance(sender.sender_of(at_home), FolderSender)
    named = msgspec.structs.replace(at_home, smtp_url="smtp://mail.example.com")
    assert isinstance(sender.sender_of(named), SmtpSender)
    with pytest.raises(InvalidError, match="MAIL_FROM"):
        sender.sender_of(msgspec.structs.replace(at_home, mail_from="nobody"))


def test_the_senders_address_is_read_with_its_name() -> None:
    assert letter.must_be_sender("Encore, Inc <network@encore.example>").addr_spec == "network@encore.example"
