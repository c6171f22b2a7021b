"""Spans of OpenTelemetry: one a request, from its admission to the end of its answer.

Nothing of OpenTelemetry is imported unless a fleet's file asks for spans.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any

from headway.errors import MissingExtraError
from headway.serving.gateway.document import Spans
from headway.serving.gateway.errors import RefusedError
from headway.serving.gateway.ticket import Ticket

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.trace import Span

Serving = Callable[[Ticket], Awaitable[None]]
"""Takes a request to its end."""

_CONTEXT = (b"traceparent", b"tracestate")
_log = logging.getLogger("headway.serving.gateway")

_NAME_LETTERS = 200


class Trail:
    """What happens to one request, written into its span.

    Parameters
    ----------
    span
        Of the request; begun.
    ticket
        Of the request.
    """

    __slots__ = ("_failures", "_is_answered", "_span", "_ticket")

    def __init__(self, span: Span, ticket: Ticket) -> None:
        self._span = span
        self._ticket = ticket
        self._failures = 0
        self._is_answered = False

    def begun(self, engine: str, status: int, begun_s: float) -> None:
        """Note who answers, and since when."""
        self._is_answered = True
        self._span.set_attributes(
            {
                "headway.engine": engine,
                "http.response.status_code": status,
                "headway.first_byte_s": begun_s - self._ticket.request.arrival_s,
            }
        )

    def failed(self, engine: str, why: str) -> None:
        """Note that an engine has not answered, or not to the end."""
        self._is_answered = False
        self._failures += 1
        self._span.add_event("engine failed", {"headway.engine": engine, "headway.reason": why})

    def ended(self, error: BaseException | None) -> None:
        """End the span; `error` is why the request has come to no good end."""
        from opentelemetry.trace import StatusCode

        span, ticket = self._span, self._ticket
        request, meter = ticket.request, ticket.meter
        is_gone = isinstance(error, asyncio.CancelledError)
        before = 0 if ticket.transcript is None else ticket.transcript.before
        told: dict[str, Any] = {
            "headway.tries": self._failures + (self._is_answered or is_gone),
            "gen_ai.usage.input_tokens": max(meter.prompt_tokens, 0),
            "headway.cached_tokens": meter.cached_tokens,
            "gen_ai.usage.output_tokens": meter.output_tokens + before,
        }
        if ticket.sent_s:
            told["headway.queue_s"] = ticket.sent_s - request.arrival_s
        span.set_attributes(told)
        if isinstance(error, RefusedError):
            span.set_attribute("http.response.status_code", error.refusal.status)
            span.set_status(StatusCode.ERROR, error.refusal.message)
        elif is_gone:
            span.set_status(StatusCode.ERROR, "the client went away")
        elif error is not None:
            span.set_status(StatusCode.ERROR, str(error))
        elif not self._is_answered:
            span.set_status(StatusCode.ERROR, "the answer was cut off")
        span.end()


class Tracing:
    """Begins spans, and has engines know of them.

    Parameters
    ----------
    provider
        Of OpenTelemetry's SDK; shut down by `close`.
    """

    def __init__(self, provider: TracerProvider) -> None:
        from opentelemetry.trace import SpanKind
        from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

        self._provider = provider
        self._tracer = provider.get_tracer("headway.serving.gateway")
        self._kind = SpanKind.SERVER
        self._propagator = TraceContextTextMapPropagator()

    @classmethod
    def to(cls, spans: Spans) -> Tracing:
        """Return what sends spans to a collector, in a thread of its own.

        Raises
        ------
        MissingExtraError
            If OpenTelemetry is not installed.
        """
        try:
            from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
            from opentelemetry.sdk.resources import Resource
            from opentelemetry.sdk.trace import TracerProvider
            from opentelemetry.sdk.trace.export import BatchSpanProcessor
            from opentelemetry.sdk.trace.sampling import ParentBased, TraceIdRatioBased
        except ModuleNotFoundError as error:
            told = f"serve.spans: {error.name} is missing: pip install 'headway[otel]'"
            raise MissingExtraError(told) from None
        provider = TracerProvider(
            sampler=ParentBased(TraceIdRatioBased(spans.share)),
            resource=Resource.create({"service.name": spans.service}),
            shutdown_on_exit=False,
        )
        exporter = OTLPSpanExporter(endpoint=spans.endpoint)
        provider.add_span_processor(BatchSpanProcessor(exporter))
        return cls(provider)

    def around(self, serve: Serving) -> Serving:
        """Return what serves requests, each within a span."""

        async def traced(ticket: Ticket) -> None:
            error: BaseException | None = None
            try:
                trail = ticket.trail = self.begin(ticket)
            except Exception:  # what is set aside for the request has to be closed nevertheless
                _log.exception("a span could not be begun")
                await serve(ticket)
                return
            try:
                await serve(ticket)
            except BaseException as caught:
                error = caught
                raise
            finally:
                trail.ended(error)

        return traced

    def begin(self, ticket: Ticket) -> Trail:
        """Begin the span of a request, within the one that its client names, if it does."""
        from opentelemetry.trace import set_span_in_context

        exchange, asked, request = ticket.exchange, ticket.asked, ticket.request
        given = {
            name.decode("latin-1"): value.decode("latin-1")
            for name, value in ticket.headers
            if name in _CONTEXT
        }
        attributes: Mapping[str, Any] = {
            "http.request.method": "POST",
            "url.path": exchange.path.decode("latin-1"),
            "gen_ai.request.model": asked.model[:_NAME_LETTERS],
            "headway.request_id": ticket.id[:_NAME_LETTERS].decode("latin-1"),
            "headway.policy": ticket.seat.name,
            "headway.tenant": request.tenant,
            "headway.stream": asked.stream,
        }
        span = self._tracer.start_span(
            f"POST {exchange.path.decode('latin-1')}",
            self._propagator.extract(given),
            self._kind,
            attributes,
        )
        ours: dict[str, str] = {}
        self._propagator.inject(ours, set_span_in_context(span))
        ticket.headers = [
            *(line for line in ticket.headers if line[0] not in _CONTEXT),
            *((name.encode(), value.encode("latin-1")) for name, value in ours.items()),
        ]
        return Trail(span, ticket)

    async def close(self) -> None:
        """Send what there is to send, without holding up the loop."""
        await asyncio.to_thread(self._provider.shutdown)
