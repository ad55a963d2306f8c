"""The least an app can do: Litestar's own raw handler answers 302 and remembers nothing."""

from litestar import Litestar, asgi
from litestar.types import Receive, Scope, Send

HEADERS = [
    (b"location", b"https://shop.example/cds?clk=clk_00000000000000000000000000"),
    (b"cache-control", b"no-store"),
    (b"content-length", b"0"),
]


@asgi("/l", is_mount=True, copy_scope=True)
async def bare(scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG001 -- ASGI's shape
    """Answer without looking."""
    await send({"type": "http.response.start", "status": 302, "headers": HEADERS})
    await send({"type": "http.response.body", "body": b"", "more_body": False})


app = Litestar([bare])
