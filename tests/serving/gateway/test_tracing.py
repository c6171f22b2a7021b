"""Spans of requests, with OpenTelemetry's own exporter in memory, and as a collector gets them."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import pytest

from headway.errors import ConfigError, MissingExtraError
from headway.serving.gateway.document import Spans
from headway.serving.gateway.tracing import Tracing
from headway.serving.wire import Exchange, Pool, Server
from tests.serving.gateway.fakes import FakeEngine, always, behind, fleet, post, site, well
from tests.serving.gateway.watch.engine import until

pytest.importorskip("opentelemetry.sdk")

from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import StatusCode

TEXT = {"model": "m", "prompt": "hi"}
CHAT = {"model": "m", "messages": [{"role": "user", "content": "hi"}], "stream": True}
SPANS = {"endpoint": "http://127.0.0.1:9/v1/traces"}


def _run(
    monkeypatch: pytest.MonkeyPatch,
    job: Callable[[Pool, list[FakeEngine]], Awaitable[None]],
    *moods: Callable[[Exchange], str],
) -> Sequence[ReadableSpan]:
    """Return the spans of requests that were sent."""
    exporter = InMemorySpanExporter()

    def to(_: Spans) -> Tracing:
        provider = TracerProvider(shutdown_on_exit=False)
        provider.add_span_processor(SimpleSpanProcessor(exporter))
        return Tracing(provider)

    monkeypatch.setattr(Tracing, "to", to)

    async def body() -> None:
        async with fleet(*moods) as engines:
            there = site([engine.url for engine in engines], serve={"spans": SPANS})
            async with behind(there) as (_, host, port):
                pool = Pool(host, port)
                await job(pool, engines)
                pool.close()

    asyncio.run(body())
    return exporter.get_finished_spans()


def test_a_request_is_one_span_with_its_engine_and_tokens(monkeypatch: pytest.MonkeyPatch) -> None:
    async def job(pool: Pool, engines: list[FakeEngine]) -> None:
        await post(pool, "/v1/completions", TEXT, x_request_id="r-1")
        await post(pool, "/v1/chat/completions", CHAT)

    whole, stream = _run(monkeypatch, job, well)
    told = whole.attributes
    assert whole.name == "POST /v1/completions"
    assert told["headway.engine"] == "a-0"
    assert told["headway.policy"] == "least-request"
    assert told["headway.request_id"] == "r-1"
    assert told["headway.tries"] == 1
    assert told["http.response.status_code"] == 200
    assert told["gen_ai.request.model"] == "m"
    assert told["gen_ai.usage.input_tokens"] == 7
    assert told["gen_ai.usage.output_tokens"] == 3
    assert told["headway.cached_tokens"] == 4
    assert 0 <= told["headway.queue_s"] <= told["headway.first_byte_s"]
    assert whole.status.status_code == StatusCode.UNSET
    assert stream.attributes["gen_ai.usage.output_tokens"] == 3
    assert stream.parent is None
    assert '"hi"' not in whole.to_json() + stream.to_json(), "prompts are nobody's business"


def test_engines_are_told_of_the_span_within_that_of_the_client(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    trace, client = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
    seen: list[dict[bytes, bytes]] = []

    async def job(pool: Pool, engines: list[FakeEngine]) -> None:
        more = {"traceparent": f"00-{trace}-{client}-01", "tracestate": "them=1"}
        await post(pool, "/v1/completions", TEXT, **more)
        await post(pool, "/v1/completions", TEXT, traceparent="nonsense")
        await post(pool, "/v1/completions", TEXT, traceparent=f"00-{trace}-{client}-00")
        seen.extend(dict(exchange.headers) for exchange in engines[0].seen)
        for exchange in engines[0].seen:
            assert [name for name, _ in exchange.headers].count(b"traceparent") == 1

    spans = _run(monkeypatch, job, well)
    assert len(spans) == 2, "a client that keeps no trace has ours kept by nobody, too"
    first, second = spans
    assert f"{first.context.trace_id:032x}" == trace
    assert f"{first.parent.span_id:016x}" == client
    ours = f"00-{trace}-{first.context.span_id:016x}-01"
    assert seen[0][b"traceparent"] == ours.encode()
    assert seen[0][b"tracestate"] == b"them=1"
    assert second.parent is None
    assert f"{second.context.trace_id:032x}".encode() in seen[1][b"traceparent"]
    assert seen[2][b"traceparent"].startswith(f"00-{trace}-".encode())
    assert seen[2][b"traceparent"].endswith(b"-00")


def test_tries_that_fail_are_events(monkeypatch: pytest.MonkeyPatch) -> None:
    async def job(pool: Pool, engines: list[FakeEngine]) -> None:
        for _ in range(6):
            status, _, _ = await post(pool, "/v1/completions", TEXT)
            assert status == 200

    spans = _run(monkeypatch, job, always("503"), well)
    twice = [span for span in spans if span.attributes["headway.tries"] == 2]
    assert twice
    for span in twice:
        assert [event.name for event in span.events] == ["engine failed"]
        assert span.events[0].attributes["headway.engine"] == "a-0"
        assert "503" in span.events[0].attributes["headway.reason"]
        assert span.attributes["headway.engine"] == "a-1"
        assert span.status.status_code == StatusCode.UNSET


def test_bad_ends_are_errors(monkeypatch: pytest.MonkeyPatch) -> None:
    async def job(pool: Pool, engines: list[FakeEngine]) -> None:
        status, _, _ = await post(pool, "/v1/completions", TEXT)
        assert status == 502
        engines[0].mood = always("cut")
        await post(pool, "/v1/chat/completions", CHAT)
        engines[0].mood = always("hang")
        task = asyncio.create_task(post(pool, "/v1/completions", TEXT))
        await until(lambda: engines[0].open == 1)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await until(lambda: engines[0].cancelled == 1)

    lost, cut, gone = _run(monkeypatch, job, always("reset"))
    assert lost.attributes["http.response.status_code"] == 502
    assert lost.attributes["headway.tries"] == len(lost.events) == 3
    assert lost.status.status_code == StatusCode.ERROR
    assert cut.status.description == "the answer was cut off"
    assert gone.status.description == "the client went away"
    assert gone.attributes["headway.tries"] == 1


def test_a_collector_gets_spans_by_http() -> None:
    pytest.importorskip("opentelemetry.exporter.otlp.proto.http")
    from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

    heard: list[Any] = []

    async def collect(exchange: Exchange) -> None:
        heard.append(ExportTraceServiceRequest.FromString(exchange.body))
        exchange.reply(200, b"", b"application/x-protobuf")

    async def job() -> None:
        collector = Server(collect)
        host, port = await collector.start()
        spans = {"endpoint": f"http://{host}:{port}/v1/traces", "service": "ours"}
        async with (
            fleet(well) as engines,
            behind(site([engines[0].url], serve={"spans": spans})) as (_, host, port),
        ):
            pool = Pool(host, port)
            await post(pool, "/v1/completions", TEXT)
            pool.close()
        await collector.stop()

    asyncio.run(job())
    (told,) = [one for request in heard for one in request.resource_spans]
    names = {one.key: one.value.string_value for one in told.resource.attributes}
    assert names["service.name"] == "ours"
    assert [span.name for span in told.scope_spans[0].spans] == ["POST /v1/completions"]


def test_shares_that_cannot_be_are_refused() -> None:
    with pytest.raises(ConfigError, match=r"spans\.share"):
        site(["http://127.0.0.1:1"], serve={"spans": {**SPANS, "share": 1.5}})


def test_without_the_extra_it_is_said_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "opentelemetry.sdk.resources", None)
    with pytest.raises(MissingExtraError, match=r"headway\[otel\]"):
        Tracing.to(Spans(**SPANS))


def test_nothing_is_imported_unless_spans_are_wanted() -> None:
    code = (
        "import sys, headway.serving.gateway.serve;"
        "print([name for name in sys.modules if name.startswith('opentelemetry')])"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "[]"


def test_a_request_without_a_span_is_served(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def job(pool: Pool, engines: list[FakeEngine]) -> None:
        assert (await post(pool, "/v1/completions", TEXT))[0] == 200

    def begin(_: Tracing, ticket: object) -> None:
        raise ValueError("no span")

    monkeypatch.setattr(Tracing, "begin", begin)
    assert not _run(monkeypatch, job, well)
    assert "a span could not be begun" in caplog.text
