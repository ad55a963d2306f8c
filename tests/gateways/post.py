"""A mail server on loopback that takes, refuses and breaks off as it is told, and letters to send there."""

import asyncio
import datetime as dt
import ssl
import warnings
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any
from uuid import UUID

from aiosmtpd.smtp import SMTP, AuthResult, Envelope
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from partner_network.gateways.mailer import letter
from partner_network.gateways.mailer.letter import Letter, Message

AT = dt.datetime(2026, 11, 22, 9, 30, tzinfo=dt.UTC)
LETTER_ID = UUID("019aaaaa-0000-7000-8000-000000000001")
MAIL_FROM = "Encore <network@encore.example>"
LETTER = Letter(
    to="ned@needle.example",
    subject="Grüße from Encore",
    text="Hello Ned,\n\nopen http://127.0.0.1:8000/invitations/abc_DEF-123 to join.\n",
    kind="invitation",
)


def message(of: Letter = LETTER) -> Message:
    return letter.message_of(of, LETTER_ID, mail_from=MAIL_FROM, at=AT)


def read(content: bytes) -> EmailMessage:
    return message_from_bytes(content, EmailMessage, policy=default)


class Postbox:
    """What a server received, and what it answers: by default it takes everything."""

    def __init__(self) -> None:
        self.received: list[Envelope] = []
        self.logins: list[tuple[str, str]] = []
        self.to_recipients = "250 OK"
        self.to_senders = "250 OK"
        self.to_content = "250 OK"
        self.breaks_off = False
        self.port = 0

    async def handle_RCPT(  # noqa: N802 - the server's own name for it
        self, server: Any, session: Any, envelope: Envelope, address: str, options: Any
    ) -> str:
        del server, session, options
        if self.to_recipients.startswith("250"):
            envelope.rcpt_tos.append(address)
        return self.to_recipients

    async def handle_MAIL(  # noqa: N802 - the server's own name for it
        self, server: Any, session: Any, envelope: Envelope, address: str, options: Any
    ) -> str:
        del server, session, options
        envelope.mail_from = address
        return self.to_senders

    async def handle_DATA(self, server: Any, session: Any, envelope: Envelope) -> str:  # noqa: N802 - as above
        del session
        if self.to_content.startswith("250"):
            self.received.append(envelope)
        if self.breaks_off:
            server.transport.abort()
        return self.to_content

    def authenticate(self, server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
        del server, session, envelope, mechanism
        given = (data.login.decode(), data.password.decode())
        self.logins.append(given)
        return AuthResult(success=given == ("encore", "s3cret/@"), handled=False)


@asynccontextmanager
async def serving(
    postbox: Postbox,
    *,
    starttls: ssl.SSLContext | None = None,
    tls: ssl.SSLContext | None = None,
    wants_login: bool = False,
) -> AsyncGenerator[Postbox]:
    """Run the server in this loop, so that it ends with the test."""
    made: list[SMTP] = []

    def smtp() -> SMTP:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # that passwords in the clear are unwise is what a test is about
            one = SMTP(
                postbox,
                hostname="mail.example",
                tls_context=starttls,
                require_starttls=starttls is not None,
                authenticator=postbox.authenticate if wants_login else None,
                auth_required=wants_login,
                auth_require_tls=starttls is not None,
            )
        made.append(one)
        return one

    server = await asyncio.get_running_loop().create_server(smtp, "127.0.0.1", 0, ssl=tls)
    postbox.port = server.sockets[0].getsockname()[1]
    try:
        yield postbox
    finally:
        server.close()
        for one in made:
            if isinstance(one.transport, asyncio.Transport):
                one.transport.abort()
        await server.wait_closed()


def certificate(folder: Path) -> Path:
    """Make a certificate for 127.0.0.1 that nobody but its maker trusts."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "mail.example")])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    path = folder / "mail.pem"
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(secret + made.public_bytes(serialization.Encoding.PEM))
    return path


def shown_by(certificate: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context
