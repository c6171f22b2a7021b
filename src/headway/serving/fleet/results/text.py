"""The figures of a fleet's run for people."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from headway.serving.results.text import levels, rates, size, times
from headway.simulate.outcome import BATCHES, half_widths, headline

if TYPE_CHECKING:
    from headway.serving.fleet.run import FleetRun

_MOST_ENGINES = 16
"""Engines of which each has a line."""


def text(run: FleetRun, name: str) -> str:
    """Return the figures of a run, under the name of the scenario."""
    told, sure = run.document, half_widths(run)
    lines = [headline(name, run), *size(told), *_ends(told), "", *times(told, sure), ""]
    lines += [*rates(told), *levels(told), *_fleet(told), "", *_engines(told), *_tenants(told)]
    if sure:
        lines.append(f"  (± 95 % confidence, by the means of {BATCHES} batches)")
    return "\n".join(lines)


def _ends(told: Mapping[str, Any]) -> Iterator[str]:
    parts = [f"{told[end]:,} {end}" for end in ("lost", "rejected", "unfinished") if told[end]]
    if told["retries"]:
        parts.append(f"{told['retries']:,} sent again")
    if parts:
        yield f"  of these {', '.join(parts)}"
    if told["refusals"]:
        yield f"  rejected: {', '.join(f'{n:,} {why}' for why, n in told['refusals'].items())}"


def _fleet(told: Mapping[str, Any]) -> Iterator[str]:
    hours = told["replica_seconds"] / 3600
    yield f"  {'cost':<12}{told['cost']:,.4g} for {hours:,.4g} engine hours"
    yield f"  {'balance':<12}the busiest engine works {told['imbalance']:.3g} times the mean"
    names = ("starts", "drains", "reversals", "crashes", "migrations", "steals")
    events = [f"{told[name]:,} {name}" for name in names if told[name]]
    if events:
        yield f"  {'events':<12}{', '.join(events)}"
    if told["adapter_loads"]:
        cold = told["adapter_cold_starts"]
        waited = f", which waited {told['adapter_wait_s']:.3g} s on average" if cold else ""
        yield (
            f"  {'adapters':<12}{told['adapter_loads']:,} loaded, {told['adapter_unloads']:,} given"
            f" up, {cold:,} cold starts{waited}"
        )
    if pool := told.get("cache_pool"):
        yield (
            f"  {'pool':<12}{pool['hit_rate']:.1%} of prompt tokens, beside"
            f" {pool['engine_hit_rate']:.1%} in engines; {pool['read_bytes'] / 1e9:,.4g} GB read,"
            f" {pool['written_bytes'] / 1e9:,.4g} GB written"
        )
    yield f"  {'fairness':<12}{told['fairness']:.3g} of 1 between tenants"


def _engines(told: Mapping[str, Any]) -> Iterator[str]:
    heads = (f"{name:>10}" for name in ("busy", "batch", "queue", "KV", "hits"))
    yield f"  {'engine':<16}{'requests':>10}{''.join(heads)}"
    for engine in told["engines"][:_MOST_ENGINES]:
        shares = [engine["busy"], engine["kv_use"]["mean"], engine["cache_hit_rate"]]
        busy, kv, hits = (_or_dash(share, ".1%") for share in shares)
        batch, queue = (_or_dash(engine[name]["mean"], ".3g") for name in ("batch", "waiting"))
        cells = "".join(f"{cell:>10}" for cell in (busy, batch, queue, kv, hits))
        yield f"  {engine['name']:<16}{engine['requests']:>10,}{cells}"
    more = len(told["engines"]) - _MOST_ENGINES
    if more > 0:
        yield f"  and {more} more"


def _or_dash(value: float, form: str) -> str:
    """Return a figure, or a dash for what an engine that was never there does not have."""
    return "–" if math.isnan(value) else format(value, form)


def _tenants(told: Mapping[str, Any]) -> Iterator[str]:
    if "tenants" not in told:
        return
    yield ""
    yield f"  {'tenant':<16}{'requests':>10}{'rejected':>10}{'tokens':>10}{'TTFT':>10}{'kept':>8}"
    for name, one in told["tenants"].items():
        yield (
            f"  {name:<16}{one['requests']:>10,}{one['rejected']:>10,}{one['output_tokens']:>10,}"
            f"{one['ttft_s']['mean']:>8.3g} s{one['attainment']:>8.1%}"
        )
