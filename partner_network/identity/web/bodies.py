"""How large a form may be: reading its fields costs more than its bytes do."""

from http import HTTPStatus

from litestar.enums import ScopeType
from litestar.exceptions import HTTPException
from litestar.middleware import ASGIMiddleware
from litestar.types import ASGIApp, Receive, Scope, Send

FORM_BYTES_MAX = 100_000
_FORM = b"application/x-www-form-urlencoded"


class FormMiddleware(ASGIMiddleware):
    """Refuse forms that are too large, or do not say how large, before anybody reads them."""

    scopes = (ScopeType.HTTP,)

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        """Look at what the head says; the server sees to it that the body is no larger."""
        headers = dict(scope["headers"])
        if headers.get(b"content-type", b"").lower().startswith(_FORM):
            length = headers.get(b"content-length", b"")
            if not length.isdigit():
                raise HTTPException("Say how long the form is.", status_code=HTTPStatus.LENGTH_REQUIRED)
            if int(length) > FORM_BYTES_MAX:
                raise HTTPException(status_code=HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        await next_app(scope, receive, send)
