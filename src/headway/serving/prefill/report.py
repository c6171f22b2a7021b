"""The figures of a prefill instance: as plain data, as measures, and for people."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import numpy as np

from headway.serving.prefill.work import Floats
from headway.serving.results.distribution import PERCENTILES, Distribution
from headway.simulate.outcome import half_widths, headline, plus_minus

if TYPE_CHECKING:
    from headway.serving.prefill.run import PrefillRun

_FIRST = ("missed", "ttft_s.mean", "ttft_s.p99", "goodput")
"""Measures that tables show first."""

_TIMES = {"ttft_s": "TTFT", "queueing_s": "queueing", "blocking_s": "blocking"}


def document(run: PrefillRun) -> dict[str, Any]:
    """Return all figures of a run.

    Returns
    -------
    dict
        ``requests``, ``passes`` and ``preemptions`` are counts; names in ``_s`` are seconds, with
        ``mean``, ``p50``, ``p90`` and ``p99`` over requests (``blocking_s`` over those that came
        more urgent than who ran); ``goodput`` and ``throughput`` are requests per second;
        ``attainment`` and ``utilisation`` are shares. With several classes, ``classes`` holds the
        attainment and TTFT of each.
    """
    requests, length_s = run.requests, run.duration_s
    figures: dict[str, Any] = {
        "policy": run.policy,
        "seed": run.seed,
        "requests": len(requests),
        "passes": len(run.passes.offsets) - 1,
        "duration_s": length_s,
        **{name: _told(getattr(run, name)) for name in _TIMES},
        "attainment": run.attainment,
        "goodput": float(run.kept.sum()) / length_s if length_s else float("nan"),
        "throughput": len(requests) / length_s if length_s else float("nan"),
        "utilisation": run.utilisation,
        "preemptions": int(run.preemptions.sum()),
        "suspended_s": float(run.suspended_s.sum()),
        "wasted_s": float(run.wasted_s.sum()),
    }
    if len(requests.classes) > 1:
        figures["classes"] = {
            name: {
                "requests": int(np.sum(requests.service_class == k)),
                "attainment": share,
                "ttft_s": _told(run.ttft_s[requests.service_class == k]),
            }
            for k, name in enumerate(requests.classes)
            if (share := run.attainment_by_class().get(name)) is not None
        }
    return figures


def measures(figures: Mapping[str, Any]) -> dict[str, float]:
    """Return the figures of `document` in one level, those that matter most first.

    ``missed`` is what attainment lacks, for tables in which less is better.
    """
    flat = {"missed": 1 - figures["attainment"]}
    for name, value in figures.items():
        if isinstance(value, dict):
            inner = value.items() if name != "classes" else ()
            flat |= {f"{name}.{part}": float(figure) for part, figure in inner}
        elif name not in ("policy", "seed"):
            flat[name] = float(value)
    for name, part in figures.get("classes", {}).items():
        flat |= {f"{name}.{key}": value for key, value in measures(part).items()}
    return {name: flat[name] for name in _FIRST if name in flat} | flat


def text(run: PrefillRun, name: str) -> str:
    """Return the figures of a run, under the name of the scenario."""
    told, sure = run.document, half_widths(run)
    passes = f"{told['passes']:,} passes, {told['duration_s']:,.6g} s"
    lines = [
        headline(name, run),
        f"  {told['requests']:,} requests in {passes}",
        "",
        f"  {'seconds':<12}{'mean':>10}{'':10}" + "".join(f"{p:>10}" for p in PERCENTILES),
    ]
    for metric, title in _TIMES.items():
        row = told[metric]
        columns = "".join(f"{row[percentile]:>10.4g}" for percentile in PERCENTILES)
        width = plus_minus(sure.get(f"{metric}.mean"))
        lines.append(f"  {title:<12}{row['mean']:>10.4g}{width:<10}{columns}")
    lines += [
        "",
        f"  {'goodput':<12}{told['goodput']:.4g} of {told['throughput']:.4g} requests/s",
        f"  {'attainment':<12}{told['attainment']:.1%} of first tokens in time",
    ]
    for service, part in told.get("classes", {}).items():
        lines.append(f"  {'':<12}{service}: {part['attainment']:.1%} of {part['requests']:,}")
    lost = f"{told['suspended_s']:,.4g} s put aside, {told['wasted_s']:,.4g} s computed again"
    lines += [
        f"  {'utilisation':<12}{told['utilisation']:.1%}",
        f"  {'preemptions':<12}{told['preemptions']:,} ({lost})",
    ]
    return "\n".join(lines)


def happenings(run: PrefillRun) -> Iterator[str]:
    """Yield what happened to requests by time, a line of JSON each.

    ``what`` is "arrives", "scheduled" or "first token".
    """
    times = {
        "arrives": run.requests.arrival_s,
        "scheduled": run.scheduled_s,
        "first token": run.first_token_s,
    }
    names, n = list(times), len(run.requests)
    moments = np.concatenate(list(times.values()))
    for place in np.argsort(moments, kind="stable").tolist():
        line = {"time_s": float(moments[place]), "what": names[place // n], "request": place % n}
        yield json.dumps(line) + "\n"


def trace_events(run: PrefillRun) -> dict[str, Any]:
    """Return a Chrome trace: passes as slices, and below them the request of each head."""
    passes = run.passes
    events: list[dict[str, Any]] = []
    rows = zip(passes.batch.tolist(), passes.start_s.tolist(), passes.end_s.tolist(), strict=True)
    for batch, start, end in rows:
        first, after = passes.offsets[batch], passes.offsets[batch + 1]
        tokens = int(passes.tokens[first:after].sum())
        who = passes.members[first:after].tolist()
        events.append(
            {
                "name": f"request {who[0]}" + (f" and {len(who) - 1} more" if who[1:] else ""),
                "ph": "X",
                "ts": round(start * 1e6, 3),
                "dur": round((end - start) * 1e6, 3),
                "pid": 1,
                "tid": 0,
                "args": {"requests": who, "tokens": tokens},
            }
        )
    return {"displayTimeUnit": "ms", "otherData": {"policy": run.policy}, "traceEvents": events}


def _told(values: Floats) -> dict[str, float]:
    return {name: value for name, value in asdict(Distribution.of(values)).items() if name != "n"}
