"""The figures of a run for people."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from headway.serving.results.distribution import PERCENTILES
from headway.simulate.outcome import BATCHES, half_widths, headline, plus_minus

if TYPE_CHECKING:
    from headway.serving.results.run import EngineRun

_TIMES = {
    "ttft_s": "TTFT",
    "tpot_s": "TPOT",
    "itl_s": "ITL",
    "max_gap_s": "longest gap",
    "latency_s": "latency",
    "queueing_s": "queueing",
}
"""Metrics in seconds and what people call them."""


def text(run: EngineRun, name: str) -> str:
    """Return the figures of a run, under the name of the scenario."""
    told, sure = run.document, half_widths(run)
    head = headline(name, run)
    if run.clairvoyant:
        head += ", clairvoyant: the policy knew how long answers would be"
    lines = [head, *size(told), "", *times(told, sure), "", *rates(told), *levels(told)]
    if sure:
        lines.append(f"  (± 95 % confidence, by the means of {BATCHES} batches)")
    return "\n".join(lines)


def size(told: Mapping[str, Any]) -> Iterator[str]:
    """Yield how many requests came to which end."""
    ends = [f"{told['completed']:,} completed"]
    if told["dropped"]:
        ends.append(f"{told['dropped']:,} dropped")
    noun = "request" if told["requests"] == 1 else "requests"
    size = f"{told['requests']:,} {noun} ({', '.join(ends)})"
    if "steps" in told:
        size += f", {told['steps']:,} steps"
    yield f"  {size} in {told['duration_s']:,.6g} s"


def times(told: Mapping[str, Any], sure: Mapping[str, float]) -> Iterator[str]:
    """Yield the table of times, with half the intervals of those in `sure`."""
    columns = "".join(f"{name:>10}" for name in PERCENTILES)
    yield f"  {'seconds':<12}{'mean':>10}{'':10}{columns}"
    for metric, name in _TIMES.items():
        row = told[metric]
        columns = "".join(f"{row[percentile]:>10.4g}" for percentile in PERCENTILES)
        width = plus_minus(sure.get(f"{metric}.mean"))
        yield f"  {name:<12}{row['mean']:>10.4g}{width:<10}{columns}"


def rates(told: Mapping[str, Any]) -> Iterator[str]:
    """Yield throughput, goodput and what was kept of promises."""
    for name in ("throughput", "goodput"):
        rate, tokens = told[name], told[f"{name}_tokens"]
        yield f"  {name:<12}{rate:.4g} requests/s, {tokens:,.5g} tokens/s"
    yield f"  {'attainment':<12}{told['attainment']:.1%} of requests within their limits"
    for service, part in told.get("classes", {}).items():
        yield f"  {'':<12}{service}: {part['attainment']:.1%} of {part['requests']:,}"


def levels(told: Mapping[str, Any]) -> Iterator[str]:
    """Yield what engines were busy with."""
    kv, batch, queue = told["kv_use"], told["batch"], told["waiting"]
    yield f"  {'batch':<12}{batch['mean']:.4g} running, at most {batch['peak']:,.0f}"
    yield f"  {'queue':<12}{queue['mean']:.4g} waiting, at most {queue['peak']:,.0f}"
    yield f"  {'KV cache':<12}{kv['mean']:.1%} in use, at most {kv['peak']:.1%}"
    yield f"  {'cache hits':<12}{told['cache_hit_rate']:.1%} of prompt tokens"
    again = f"{told['recomputed_tokens']:,} tokens computed again"
    yield f"  {'preemptions':<12}{told['preemptions']:,} ({again})"
