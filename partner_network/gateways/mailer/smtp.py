"""Letters by SMTP: encrypted unless the server is on this machine, and refused for good only by its word."""

import contextlib
import ipaddress
import ssl
from typing import Literal
from urllib.parse import unquote, urlsplit

import aiosmtplib
import msgspec

from partner_network.gateways.mailer.letter import LaterError, Message, RefusedError
from partner_network.kernel.errors import InvalidError

TIMEOUT_S = 20.0
_PERMANENT = 500
_DEFAULT_PORT = {"smtp": 587, "smtps": 465}
Security = Literal["none", "starttls", "tls"]


class Server(msgspec.Struct, frozen=True, kw_only=True):
    """Which mail server, and how one speaks to it."""

    host: str
    port: int
    security: Security
    user: str | None = None
    password: str | None = None


def server_of(url: str) -> Server:
    """Read ``smtp://user:password@host:587`` or ``smtps://...``; a refusal repeats nothing of it."""
    parts = urlsplit(url)
    try:
        port = parts.port
    except ValueError:
        port = 0
    if parts.scheme not in _DEFAULT_PORT or not parts.hostname or port == 0 or parts.path.strip("/"):
        raise InvalidError(
            "SMTP_URL must look like smtp://user:password@mail.example.com:587 or smtps://...:465; in user "
            "and password write @ as %40 and / as %2F."
        )
    security: Security = "tls" if parts.scheme == "smtps" else "starttls"
    if parts.scheme == "smtp" and _is_loopback(parts.hostname):
        security = "none"
    return Server(
        host=parts.hostname,
        port=port or _DEFAULT_PORT[parts.scheme],
        security=security,
        user=None if parts.username is None else unquote(parts.username),
        password=None if parts.password is None else unquote(parts.password),
    )


class SmtpSender:
    """Speaks to one mail server, a connection for each letter."""

    def __init__(
        self, server: Server, *, trusting: ssl.SSLContext | None = None, timeout_s: float = TIMEOUT_S
    ) -> None:
        self._server = server
        self._trusting = trusting
        self._timeout_s = timeout_s

    async def send(self, message: Message) -> None:
        """Hand the message to the server; once it has answered yes, it is the server's to deliver."""
        client = await self._connected()
        try:
            await client.sendmail(message.sender, [message.recipient], message.content)
        except aiosmtplib.SMTPRecipientsRefused as error:
            raise _of_recipient(error.recipients[0].code) from None
        except aiosmtplib.SMTPSenderRefused as error:
            # The mistake of whoever runs the network, who may mend it while letters wait.
            raise LaterError(f"The mail server refuses our own address with {error.code}.") from None
        except aiosmtplib.SMTPDataError as error:
            raise _of_content(error.code) from None
        except (aiosmtplib.SMTPException, OSError) as error:
            raise LaterError(f"The connection to the mail server broke: {_kind(error)}.") from None
        finally:
            await _leave(client)

    async def must_answer(self) -> None:
        """Connect, encrypt and sign in without sending anything. Errors: LaterError."""
        await _leave(await self._connected())

    async def _connected(self) -> aiosmtplib.SMTP:
        server = self._server
        client = aiosmtplib.SMTP(
            hostname=server.host,
            port=server.port,
            use_tls=server.security == "tls",
            start_tls=server.security == "starttls",
            username=server.user,
            password=server.password,
            timeout=self._timeout_s,
            tls_context=self._trusting,
        )
        try:
            await client.connect()
        except aiosmtplib.SMTPAuthenticationError as error:
            sentence = f"The mail server does not accept our user and password ({error.code})."
            raise LaterError(sentence) from None
        except ssl.SSLError as error:
            raise LaterError(f"The mail server's certificate is not good: {error.reason}.") from None
        except (aiosmtplib.SMTPException, OSError) as error:
            raise LaterError(f"The mail server cannot be reached as it must be: {_kind(error)}.") from None
        return client


async def _leave(client: aiosmtplib.SMTP) -> None:
    # What was answered stands; a server that does not say goodbye changes nothing.
    with contextlib.suppress(aiosmtplib.SMTPException, OSError):
        await client.quit()
    client.close()


def _of_recipient(code: int) -> Exception:
    if code >= _PERMANENT:
        return RefusedError(f"The mail server answered {code}: it does not deliver to this recipient.")
    return LaterError(f"The mail server asks to come back later for this recipient ({code}).")


def _of_content(code: int) -> Exception:
    if code >= _PERMANENT:
        return RefusedError(f"The mail server answered {code}: it does not take this letter.")
    return LaterError(f"The mail server asks to come back later ({code}).")


def _kind(error: Exception) -> str:
    """Name a fault without the server's own words, which often repeat addresses."""
    code: object = getattr(error, "code", None)
    return type(error).__name__ + (f" {code}" if isinstance(code, int) else "")


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
