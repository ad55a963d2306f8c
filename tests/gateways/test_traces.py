"""A collector on loopback hears what the web app and its queries did."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, cast

import httpx
import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from partner_network import app as web_app
from partner_network.database import connections
from partner_network.gateways.traces import Tracer
from tests.conftest import FreshDatabase
from tests.doors import BASE_URL, settings

CALLERS_TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"


class Collector:
    """What an OpenTelemetry collector was sent."""

    def __init__(self) -> None:
        self.spans: list[Span] = []
        collector = self

        class Door(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                sent = ExportTraceServiceRequest.FromString(
                    self.rfile.read(int(self.headers["content-length"]))
                )
                for resource in sent.resource_spans:
                    for scope in resource.scope_spans:
                        collector.spans += scope.spans
                self.send_response(200)
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Door)
        self.address = f"http://127.0.0.1:{self._server.server_port}/v1/traces"
        self._thread = threading.Thread(target=self._server.serve_forever)
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@pytest.fixture
def collector() -> Iterator[Collector]:
    made = Collector()
    yield made
    made.close()


def attributes(span: Span) -> dict[str, object]:
    return {one.key: one.value.string_value or one.value.int_value for one in span.attributes}


async def test_a_collector_hears_of_a_request_and_of_its_queries_in_the_callers_trace(
    database: FreshDatabase, tmp_path: Path, collector: Collector
) -> None:
    await connections.close_pool()
    tracer = Tracer(collector.address, process="test")
    app = web_app.create_app(settings(database, tmp_path), tracer=tracer)
    transport = httpx.ASGITransport(app=cast("Any", app))
    async with app.lifespan(), httpx.AsyncClient(transport=transport, base_url=BASE_URL) as client:
        await client.get(
            "/invitations/tell-nobody-this-token",
            headers={"traceparent": f"00-{CALLERS_TRACE}-00f067aa0ba902b7-01"},
        )

    request = next(span for span in collector.spans if span.kind == Span.SPAN_KIND_SERVER)
    assert request.name == "GET /invitations/{token}"
    assert request.trace_id.hex() == CALLERS_TRACE
    assert attributes(request)["http.response.status_code"] == 404
    queries = [span for span in collector.spans if span.parent_span_id == request.span_id]
    assert any("invitations" in str(attributes(span)) for span in queries)
    assert "tell-nobody" not in str(collector.spans)


def test_without_a_collector_nothing_is_traced(database: FreshDatabase, tmp_path: Path) -> None:
    assert Tracer.of(settings(database, tmp_path), "web") is None


def test_an_address_that_is_none_is_refused_in_one_sentence() -> None:
    with pytest.raises(ValueError, match="ENDPOINT is 'collector:4317'; give an http"):
        Tracer("collector:4317", process="web")
