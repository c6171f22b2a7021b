"""A fleet's run as one HTML page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from headway.serving.results.distribution import PERCENTILES
from headway.show.sheet import Fact, Table, sheet

if TYPE_CHECKING:
    from headway.serving.fleet.run import FleetRun

_TIMES = {
    "ttft_s": "time to first token",
    "tpot_s": "time per output token",
    "itl_s": "time between tokens",
    "latency_s": "latency",
    "queueing_s": "queueing",
}


def page(run: FleetRun, name: str) -> str:
    """Return a self-contained HTML page about a run: figures, timelines, a row per engine.

    Parameters
    ----------
    run
        The run.
    name
        Of the scenario.
    """
    told = run.document
    return sheet(
        f"{name}: {run.policy}",
        f"{told['requests']:,} requests met {len(run.members)} engines for"
        f" {told['duration_s']:,.5g} s; seed {run.seed}, simulated and verified",
        facts=_facts(told),
        pictures={
            "Engines over time": lambda look: run.timeline(colours=look),
            "Waiting times": lambda look: run.latencies(colours=look),
        },
        tables=[_times(told), _engines(told), *_parts(told)],
    )


def _facts(told: Mapping[str, Any]) -> list[Fact]:
    kept = told["attainment"]
    lost = told["lost"] + told["rejected"] + told["dropped"] + told["unfinished"]
    return [
        Fact("within their limits", f"{kept:.1%}", f"of {told['requests']:,} requests"),
        Fact("goodput", f"{told['goodput']:.4g} / s", f"{told['goodput_tokens']:,.5g} tokens / s"),
        Fact("first token, 99 %", f"{told['ttft_s']['p99']:.4g} s"),
        Fact("cost", f"{told['cost']:,.4g}", f"{told['replica_seconds'] / 3600:,.4g} engine hours"),
        Fact("busy", f"{told['busy']:.0%}", f"busiest engine {told['imbalance']:.3g} x the mean"),
        Fact("cache hits", f"{told['cache_hit_rate']:.1%}", "of prompt tokens"),
        Fact(
            "without an answer", f"{lost:,}", f"{told['retries']:,} sent again", "bad" * (lost > 0)
        ),
    ]


def _times(told: Mapping[str, Any]) -> Table:
    rows = tuple(
        (title, *(f"{told[name][part]:.4g}" for part in ("mean", *PERCENTILES)))
        for name, title in _TIMES.items()
    )
    return Table("Times in seconds", ("", "mean", *PERCENTILES), rows)


def _engines(told: Mapping[str, Any]) -> Table:
    head = ("engine", "kind", "requests", "busy", "batch", "queue", "KV cache", "hits", "cost")
    rows = tuple(
        (
            engine["name"],
            engine["kind"],
            f"{engine['requests']:,}",
            f"{engine['busy']:.1%}",
            f"{engine['batch']['mean']:.4g}",
            f"{engine['waiting']['mean']:.4g}",
            f"{engine['kv_use']['mean']:.1%}",
            f"{engine['cache_hit_rate']:.1%}",
            f"{engine['cost']:,.4g}",
        )
        for engine in told["engines"]
    )
    return Table("Engines", head, rows)


def _parts(told: Mapping[str, Any]) -> list[Table]:
    found = []
    for title, one in (("Service classes", "class"), ("Tenants", "tenant")):
        parts = told.get("classes" if one == "class" else "tenants", {})
        rows = tuple(
            (
                name,
                f"{part['requests']:,}",
                f"{part['completed']:,}",
                f"{part['attainment']:.1%}",
                f"{part['ttft_s']['p99']:.4g} s",
                f"{part['tpot_s']['p99']:.4g} s",
            )
            for name, part in parts.items()
        )
        head = (one, "requests", "completed", "within limits", "TTFT p99", "TPOT p99")
        found += [Table(title, head, rows)] if rows else []
    if told["refusals"]:
        why = tuple((cause, f"{n:,}") for cause, n in told["refusals"].items())
        found.append(Table("Rejected", ("why", "requests"), why))
    return found
