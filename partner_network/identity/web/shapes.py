"""What no request may be like, whoever reads it: an address with a NUL in it, a form of a million fields."""

from http import HTTPStatus

from litestar.enums import ScopeType
from litestar.exceptions import HTTPException
from litestar.middleware import ASGIMiddleware
from litestar.types import ASGIApp, Receive, Scope, Send

from partner_network.kernel.errors import NotFoundError
from partner_network.kernel.sentences import Sentence

FORM_BYTES_MAX = 100_000
_FORM = b"application/x-www-form-urlencoded"


class ShapeMiddleware(ASGIMiddleware):
    """Refuse what is out of shape before anybody reads it."""

    scopes = (ScopeType.HTTP,)

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        """Look at what the head says; the server sees to it that the body is no larger."""
        if "\0" in scope["path"]:  # no file, no id and no token has one, and file systems fail at it
            raise NotFoundError("There is nothing at this address.")
        headers = dict(scope["headers"])
        if headers.get(b"content-type", b"").lower().startswith(_FORM):
            length = headers.get(b"content-length", b"")
            if not length.isdigit():
                raise HTTPException(
                    Sentence("Say how long the form is."), status_code=HTTPStatus.LENGTH_REQUIRED
                )
            if int(length) > FORM_BYTES_MAX:
                raise HTTPException(status_code=HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        await next_app(scope, receive, send)
