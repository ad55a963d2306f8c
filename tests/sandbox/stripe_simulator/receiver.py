"""A webhook endpoint of ours, for the postman to find."""

import json
import threading
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

PATIENCE_S = 20.0


class Receiver:
    """A webhook endpoint of ours: it fails as often as it is told to, then remembers what it gets."""

    def __init__(self, *, failures: int = 0) -> None:
        self.got: list[tuple[bytes, str]] = []
        self.failures = failures
        self.url = ""

    def kinds(self) -> list[str]:
        return sorted(json.loads(body)["type"] for body, _ in self.got)

    @contextmanager
    def listening(self) -> Generator[None]:
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                status = 200 if receiver.failures <= 0 else 500
                receiver.failures -= 1
                if status == 200:
                    receiver.got.append((body, self.headers["Stripe-Signature"]))
                self.send_response(status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the library's name
                """Say nothing."""

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{server.server_port}/webhooks/stripe"
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield
        finally:
            server.shutdown()
            server.server_close()
            thread.join()


def eventually(holds: Callable[[], bool]) -> bool:
    """Wait for what happens in the background."""
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        if holds():
            return True
        time.sleep(0.02)
    return holds()
