"""The figures of a run: as plain data, and as flat measures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import numpy as np

from headway.serving.results import metrics
from headway.serving.results.columns import Floats, Status, Steps
from headway.serving.results.distribution import Distribution
from headway.serving.results.gaps import gaps
from headway.serving.results.metrics import Mask

if TYPE_CHECKING:
    from headway.serving.results.run import EngineRun
    from headway.serving.results.served import Served

PER_REQUEST = ("ttft_s", "tpot_s", "latency_s", "queueing_s", "max_gap_s")
"""Metrics with a value per request."""

_FIRST = ("goodput", "ttft_s.mean", "tpot_s.mean", "latency_s.mean", "ttft_s.p99", "missed")
"""Measures that tables show first."""

_NO_MEASURES = (
    "policy",
    "seed",
    "cpu_s",
    "classes",
    "tenants",
    "refusals",
    "controllers",
    "engines",
    "errors",
)


def document(run: EngineRun) -> dict[str, Any]:
    """Return all figures of a run.

    Returns
    -------
    dict
        ``requests``, ``completed``, ``dropped`` and ``steps`` are counts; names in ``_s`` hold
        ``mean``, ``p50``, ``p90`` and ``p99`` in seconds (``itl_s`` over tokens, the others over
        requests); ``goodput`` and ``throughput`` are requests per second, with ``_tokens`` output
        tokens per second; ``attainment``, ``cache_hit_rate``, ``busy`` and ``kv_use`` are shares.
        With several service classes, ``classes`` holds what can be told of each.
    """
    steps = run.steps
    return {
        "policy": run.policy,
        "seed": run.seed,
        "clairvoyant": run.clairvoyant,
        **of_requests(run),
        "steps": len(steps),
        "cpu_s": run.cpu_s,
        **of_run(run),
        "kv_use": level(steps, metrics.kv_use(run)),
        "batch": level(steps, steps.running),
        "waiting": level(steps, steps.waiting),
        "busy": metrics.busy(run),
        **of_classes(run),
    }


def measures(figures: Mapping[str, Any]) -> dict[str, float]:
    """Return the figures of `document` in one level, those that matter most first.

    ``missed`` is the share of requests that did not finish within their limits: what attainment
    lacks, for tables in which less is better.
    """
    flat = {"missed": 1 - figures["attainment"]}
    for name, value in figures.items():
        if name in _NO_MEASURES:
            continue
        if isinstance(value, dict):
            flat |= {f"{name}.{part}": float(figure) for part, figure in value.items()}
        else:
            flat[name] = float(value)
    for service, part in figures.get("classes", {}).items():
        flat |= {f"{service}.{name}": value for name, value in measures(part).items()}
    for tenant, part in figures.get("tenants", {}).items():
        flat |= {f"tenants.{tenant}.{name}": value for name, value in measures(part).items()}
    first = {name: flat.pop(name) for name in _FIRST}
    return first | flat


def samples(run: Served) -> dict[str, Floats]:
    """Return what the means over requests are the means of, in order of arrival."""
    order = np.argsort(run.requests.arrival_s, kind="stable")
    found = {}
    for name in PER_REQUEST:
        values = getattr(run, name)[order]
        found[f"{name}.mean"] = values[~np.isnan(values)]
    return found


def of_run(run: Served) -> dict[str, Any]:
    """Return what can be told of all requests together, whoever served them."""
    table = run.requests
    return {
        "duration_s": metrics.duration_s(run),
        "throughput": metrics.throughput(run),
        "throughput_tokens": metrics.throughput_tokens(run),
        "preemptions": int(table.preemptions.sum(dtype=np.int64)),
        "recomputed_tokens": int(table.recomputed_tokens.sum(dtype=np.int64)),
        "cache_hit_rate": metrics.cache_hit_rate(run),
    }


def of_classes(run: Served) -> dict[str, Any]:
    """Return what can be told of each service class, under ``classes``, if there are several."""
    classes, of = run.workload.classes, run.workload.service_class
    if len(classes) < 2:
        return {}
    told = {service.name: of_requests(run, of == k) for k, service in enumerate(classes)}
    return {"classes": told}


def of_requests(run: Served, chosen: Mask | None = None) -> dict[str, Any]:
    """Return what can be told of some requests, or of all."""
    status = run.requests.status if chosen is None else run.requests.status[chosen]
    times = {}
    for name in PER_REQUEST:
        values = getattr(run, name)
        times[name] = _told(Distribution.of(values if chosen is None else values[chosen]))
    between = gaps(*run.spoken, chosen)
    return {
        "requests": len(status),
        "completed": int(np.count_nonzero(status == Status.FINISHED)),
        "dropped": int(np.count_nonzero(status == Status.DROPPED)),
        **times,
        "itl_s": _told(Distribution.of(between.seconds, between.times)),
        "goodput": metrics.goodput(run, chosen),
        "goodput_tokens": metrics.goodput_tokens(run, chosen),
        "attainment": metrics.attainment(run, chosen),
    }


def _told(distribution: Distribution) -> dict[str, float]:
    return {name: value for name, value in asdict(distribution).items() if name != "n"}


def level(steps: Steps, values: Any) -> dict[str, float]:
    """Return mean over time and peak of a column of steps."""
    return {
        "mean": metrics.over_time(steps, values),
        "peak": float(values.max()) if len(values) else float("nan"),
    }
