"""What an engine tells of itself, in the text format of Prometheus and with the names of vLLM."""

from __future__ import annotations

import time
from bisect import bisect_left
from collections import Counter
from collections.abc import Sequence

from headway.serving.engine_server.real_time import RealTimeEngine, Request, Times

_TTFT = (0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5)
_TTFT_BOUNDS = (*_TTFT, 10.0, 20.0, 40.0, 80.0, 160.0, 640.0, 2560.0)
_GAP = (0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5)
_GAP_BOUNDS = (*_GAP, 10.0, 20.0, 40.0, 80.0)
_LONG = (0.3, 0.5, 0.8, 1.0, 1.5, 2.0, 2.5, 5.0, 10.0, 15.0, 20.0, 30.0, 40.0, 50.0, 60.0, 120.0)
_LONG_BOUNDS = (*_LONG, 240.0, 480.0, 960.0, 1920.0, 7680.0)
_TOKENS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000, 20000, 50000, 100000)

_HISTOGRAMS = {
    "time_to_first_token_seconds": _TTFT_BOUNDS,
    "inter_token_latency_seconds": _GAP_BOUNDS,
    "request_time_per_output_token_seconds": _GAP_BOUNDS,
    "e2e_request_latency_seconds": _LONG_BOUNDS,
    "request_queue_time_seconds": _LONG_BOUNDS,
    "request_prefill_time_seconds": _LONG_BOUNDS,
    "request_decode_time_seconds": _LONG_BOUNDS,
    "request_inference_time_seconds": _LONG_BOUNDS,
    "request_prompt_tokens": _TOKENS,
    "request_generation_tokens": _TOKENS,
    "request_prefill_kv_computed_tokens": _TOKENS,
}

_COUNTERS = (
    "prompt_tokens_total",
    "prompt_tokens_cached_total",
    "prefix_cache_queries_total",
    "prefix_cache_hits_total",
    "num_preemptions_total",
)


class Histogram:
    """Counts of values up to bounds.

    Parameters
    ----------
    bounds
        Upper ends of the buckets, rising.
    """

    __slots__ = ("_bounds", "_counts", "_sum")

    def __init__(self, bounds: Sequence[float]) -> None:
        self._bounds = bounds
        self._counts = [0] * (len(bounds) + 1)
        self._sum = 0.0

    def observe(self, value: float, times: int = 1) -> None:
        """Count a value."""
        self._counts[bisect_left(self._bounds, value)] += times
        self._sum += value * times

    def lines(self, name: str, labels: str) -> list[str]:
        """Return it as text."""
        found, total = [], 0
        for bound, count in zip((*self._bounds, "+Inf"), self._counts, strict=True):
            total += count
            found.append(f'{name}_bucket{{{labels},le="{bound}"}} {total}')
        return [*found, f"{name}_count{{{labels}}} {total}", f"{name}_sum{{{labels}}} {self._sum}"]


class Metrics:
    """Counters and histograms of one engine.

    Parameters
    ----------
    model
        Name of the model.
    number
        Of the engine in its process.
    speed
        Simulated seconds in a second; times are told as clients see them.
    """

    def __init__(self, model: str, number: int = 0, speed: float = 1.0) -> None:
        name = model.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
        self._labels = f'engine="{number}",model_name="{name}"'
        self._speed = speed
        self._histograms = {key: Histogram(bounds) for key, bounds in _HISTOGRAMS.items()}
        self._counters = dict.fromkeys(_COUNTERS, 0)
        self._endings: Counter[str] = Counter({"stop": 0, "length": 0, "abort": 0})
        self._refused: Counter[str] = Counter({"max_num_queued_reqs": 0})

    def refused(self, reason: str) -> None:
        """Count a request that is not admitted."""
        self._refused[reason] += 1

    def aborted(self) -> None:
        """Count a request whose client is gone."""
        self._endings["abort"] += 1

    def finished(self, request: Request, times: Times, reason: str) -> None:
        """Count a request that has got its answer."""
        self._endings[reason] += 1
        counters, tokens = self._counters, request.prompt_tokens
        counters["prompt_tokens_total"] += tokens
        counters["prompt_tokens_cached_total"] += times.cached_tokens
        counters["prefix_cache_queries_total"] += tokens
        counters["prefix_cache_hits_total"] += times.cached_tokens
        counters["num_preemptions_total"] += times.preemptions
        speed, observe = self._speed, self._observe
        decode_s = (times.last_token_s - times.first_token_s) / speed
        observe("time_to_first_token_seconds", (times.first_token_s - times.arrival_s) / speed)
        observe("e2e_request_latency_seconds", (times.last_token_s - times.arrival_s) / speed)
        observe("request_queue_time_seconds", (times.scheduled_s - times.arrival_s) / speed)
        observe("request_prefill_time_seconds", (times.first_token_s - times.scheduled_s) / speed)
        observe("request_inference_time_seconds", (times.last_token_s - times.scheduled_s) / speed)
        observe("request_decode_time_seconds", decode_s)
        observe("request_prompt_tokens", tokens)
        observe("request_generation_tokens", times.generated)
        observe("request_prefill_kv_computed_tokens", tokens - times.cached_tokens)
        gaps = times.generated - 1
        if gaps:
            observe("request_time_per_output_token_seconds", decode_s / gaps)
            self._histograms["inter_token_latency_seconds"].observe(decode_s / gaps, gaps)

    def text(self, engine: RealTimeEngine, adapters: int, *, asleep: bool) -> bytes:
        """Return everything as Prometheus reads it."""
        config, labels = engine.config, self._labels
        lines: list[str] = []

        def add(kind: str, name: str, rows: Sequence[tuple[str, float]]) -> None:
            lines.append(f"# TYPE vllm:{name} {kind}")
            lines.extend(f"vllm:{name}{{{labels}{more}}} {value}" for more, value in rows)

        add("gauge", "num_requests_running", [("", engine.running)])
        add("gauge", "num_requests_waiting", [("", engine.waiting)])
        reasons = [(',reason="capacity"', engine.waiting), (',reason="deferred"', 0)]
        add("gauge", "num_requests_waiting_by_reason", reasons)
        add("gauge", "kv_cache_usage_perc", [("", engine.used)])
        states = {"awake": not asleep, "weights_offloaded": asleep, "discard_all": False}
        rows = [(f',sleep_state="{state}"', int(held)) for state, held in states.items()]
        add("gauge", "engine_sleep_state", rows)
        caching = str(config.prefix_caching)
        told = (
            f',block_size="{config.block_tokens}",num_gpu_blocks="{config.blocks}"'
            f',kv_cache_size_tokens="{config.blocks * config.block_tokens}"'
            f',enable_prefix_caching="{caching}"'
        )
        add("gauge", "cache_config_info", [(told, 1.0)])
        running, waiting = engine.adapters()
        told = (
            f',running_lora_adapters="{",".join(sorted(running))}"'
            f',waiting_lora_adapters="{",".join(sorted(waiting))}",max_lora="{adapters}"'
        )
        add("gauge", "lora_requests_info", [(told, 1.0)])
        add("counter", "generation_tokens_total", [("", engine.said_tokens)])
        for name, count in self._counters.items():
            add("counter", name, [("", count)])
        endings = [(f',finished_reason="{name}"', n) for name, n in self._endings.items()]
        add("counter", "request_success_total", endings)
        refused = [(f',reason="{name}"', n) for name, n in self._refused.items()]
        add("counter", "admission_rejections_total", refused)
        for name, histogram in self._histograms.items():
            lines.append(f"# TYPE vllm:{name} histogram")
            lines.extend(histogram.lines(f"vllm:{name}", labels))
        lines.append("# TYPE headway:step_lag_seconds summary")
        lines.append(f"headway:step_lag_seconds_sum{{{labels}}} {engine.late_s}")
        lines.append(f"headway:step_lag_seconds_count{{{labels}}} {engine.wakes}")
        lines.append("# TYPE process_cpu_seconds_total counter")
        lines.append(f"process_cpu_seconds_total {time.process_time()}")
        return ("\n".join(lines) + "\n").encode()

    def _observe(self, name: str, value: float) -> None:
        self._histograms[name].observe(value)
