"""Traces of requests, jobs and queries, where the settings name a collector; without one nothing is made."""

import contextlib
from collections.abc import Generator
from typing import Any, Self
from urllib.parse import urlsplit

from litestar.types import ASGIApp, Receive, Scope, Send
from opentelemetry import propagate, trace
from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.instrumentation.asyncpg import AsyncPGInstrumentor
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import SpanKind, Status, StatusCode

from partner_network.gateways.logs import without_secrets
from partner_network.settings import Settings

_MS_TO_END = 2_000
_FROM_CALLERS = {b"traceparent", b"tracestate"}


class Tracer:
    """Makes spans and sends them to a collector over OTLP/HTTP."""

    def __init__(self, endpoint: str, *, process: str) -> None:
        if urlsplit(endpoint).scheme not in {"http", "https"}:
            raise ValueError(
                f"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT is {without_secrets(endpoint)!r}; give an http address "
                "such as http://127.0.0.1:4318/v1/traces."
            )
        self._provider = TracerProvider(
            resource=Resource.create({"service.name": "partner-network", "service.instance.id": process})
        )
        self._provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint=endpoint)))
        self._tracer = self._provider.get_tracer("partner_network")
        # The text of each query, never its values.
        self._queries = AsyncPGInstrumentor(capture_parameters=False)
        self._queries.instrument(tracer_provider=self._provider)

    @classmethod
    def of(cls, settings: Settings, process: str) -> Self | None:
        """Return a tracer for this process where the settings name a collector."""
        return None if settings.traces_endpoint is None else cls(settings.traces_endpoint, process=process)

    def close(self) -> None:
        """Send what waits and end."""
        self._queries.uninstrument()
        self._provider.force_flush(_MS_TO_END)
        self._provider.shutdown()

    @contextlib.contextmanager
    def span(
        self, name: str, *, kind: SpanKind = SpanKind.INTERNAL, within: Context | None = None
    ) -> Generator[trace.Span]:
        """Trace a piece of work; an error is told by its kind alone, since its words may name people."""
        with self._tracer.start_as_current_span(
            name, within, kind, record_exception=False, set_status_on_exception=False
        ) as span:
            try:
                yield span
            except Exception as error:
                span.set_status(Status(StatusCode.ERROR, type(error).__name__))
                raise

    def traced(self, inner: ASGIApp) -> ASGIApp:
        """Return an app whose requests are traced by the route they took: paths may hold tokens."""

        async def answer(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["type"] != "http":
                await inner(scope, receive, send)
                return
            told = {
                name.decode(): value.decode("latin-1")
                for name, value in scope["headers"]
                if name in _FROM_CALLERS
            }
            with self.span(scope["method"], kind=SpanKind.SERVER, within=propagate.extract(told)) as span:

                async def observed(message: Any) -> None:
                    if message["type"] == "http.response.start":
                        span.set_attribute("http.response.status_code", message["status"])
                    await send(message)

                try:
                    await inner(scope, receive, observed)
                finally:
                    route = route_of(scope)
                    span.update_name(f"{scope['method']} {route}")
                    span.set_attribute("http.route", route)

        return answer


def route_of(scope: Scope) -> str:
    """Return the route that a request took, once it was taken: `/invitations/{token}`."""
    return str(scope.get("path_template") or "nowhere")
