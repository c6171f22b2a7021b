"""The figures of a fleet's run as plain data: of its requests, its engines, and what it cost."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import numpy as np

from headway.serving.fleet.view import Floats
from headway.serving.results import Served, Status, metrics
from headway.serving.results.report import level, of_classes, of_requests, of_run

if TYPE_CHECKING:
    from headway.serving.fleet.run import FleetRun

EVENTS = {
    "starts": "start",
    "drains": "drain",
    "crashes": "crash",
    "migrations": "migrate",
    "steals": "steal",
    "adapter_loads": "load",
    "adapter_unloads": "unload",
}
"""Counts of a document, and the notes that they count; see `Note.what`."""


MOST_TENANTS = 20
"""Of which each has figures of its own."""


def document(run: FleetRun) -> dict[str, Any]:
    """Return all figures of a run.

    Returns
    -------
    dict
        The keys of an engine's document (see `headway.serving.results.report.document`; ``batch``,
        ``waiting`` and ``kv_use`` are of an engine, over all of them, ``busy`` is the share of the
        time paid for), and ``lost``, ``rejected``, ``unfinished`` and ``retries`` of
        requests; ``cost``, in the currency of the prices, ``cost_per_1k``, of a thousand requests
        that kept their limits, ``replica_seconds``, ``starts``, ``drains``, ``crashes``,
        ``migrations``, ``steals`` and ``reversals`` (of scaling); ``adapter_loads`` and
        ``adapter_unloads``, ``adapter_cold_starts``, requests that waited for a load, and
        ``adapter_wait_s``, how long on average; under ``cache_pool``, if there is one, which
        share of prompt tokens came from it (``hit_rate``), from engines' own caches, or could have
        come from it, ``declined`` fetches and what was moved; ``imbalance``, the work of the
        busiest engine over the mean; ``fairness``; under ``refusals`` why requests were rejected;
        under ``engines`` what each has done, and under ``tenants``, if there are several, what
        each of the ``MOST_TENANTS`` with most requests was given.
    """
    steps, status = run.all_steps, run.requests.status
    used = [
        part.used_blocks / m.config.blocks for part, m in zip(run.steps, run.members, strict=True)
    ]
    work = _work_s(run)
    good = int(np.count_nonzero(run.attained))
    return {
        "policy": run.policy,
        "seed": run.seed,
        **of_requests(run),
        "lost": int(np.count_nonzero(status == Status.LOST)),
        "rejected": int(np.count_nonzero(status == Status.REJECTED)),
        "refusals": dict(sorted(Counter(run.refused.values()).items())),
        "unfinished": int(np.count_nonzero(status == Status.UNFINISHED)),
        "retries": int(np.maximum(run.tries - run.stages, 0).sum()),
        "steps": len(steps),
        "cpu_s": run.cpu_s,
        **of_run(run),
        "kv_use": level(steps, np.concatenate(used)),
        "batch": level(steps, steps.running),
        "waiting": level(steps, steps.waiting),
        "busy": _ratio(float(work.sum()), run.replica_seconds),
        "cost": run.cost,
        "cost_per_1k": _ratio(1000 * run.cost, good),
        "replica_seconds": run.replica_seconds,
        **{name: run.count(what) for name, what in EVENTS.items()},
        **_adapters(run),
        **_pool(run),
        "reversals": reversals(run),
        "imbalance": _ratio(float(work.max()), float(work.mean())),
        "fairness": fairness(run),
        "controllers": list(run.controllers),
        "engines": [_engine(run, number) for number in range(len(run.members))],
        **of_classes(run),
        **_of_tenants(run),
    }


def _of_tenants(run: FleetRun) -> dict[str, Any]:
    traffic, rejected = run.workload, run.requests.status == Status.REJECTED
    if len(traffic.tenants) < 2:
        return {}
    came = np.bincount(traffic.tenant[traffic.tenant >= 0], minlength=len(traffic.tenants))
    most = np.argsort(-came, kind="stable")[:MOST_TENANTS]
    told = {}
    for k in sorted(most.tolist()):
        mine = traffic.tenant == k
        told[traffic.tenants[k]] = {
            **of_requests(run, mine),
            "rejected": int(np.count_nonzero(rejected & mine)),
            "output_tokens": int(run.requests.generated[mine].sum(dtype=np.int64)),
        }
    return {"tenants": told}


def fairness(run: Served) -> float:
    """Return Jain's index of how fast tenants were answered: 1 if all were equally fast.

    Where nobody said who asks, a tenant is a session, or else a service class. Its speed is its
    output tokens over the time that its requests took; 0 if none was finished. nan without tenants.

    References
    ----------
    Jain, Chiu, Hawe, "A Quantitative Measure of Fairness and Discrimination for Resource
    Allocation in Shared Computer Systems", DEC-TR-301, 1984.
    """
    traffic = run.workload
    columns = (traffic.tenant, traffic.session)
    tenant = next((one for one in columns if (one >= 0).any()), traffic.service_class)
    came = (tenant >= 0) & ~np.isnan(run.requests.arrival_s)
    who, number = np.unique(tenant[came], return_inverse=True)
    if not len(who):
        return float("nan")
    done = metrics.finished(run)[came]
    tokens = np.bincount(number, run.requests.generated[came] * done, len(who))
    seconds = np.bincount(number, np.where(done, run.latency_s[came], 0.0), len(who))
    speed = np.divide(tokens, seconds, out=np.zeros(len(who)), where=seconds > 0)
    return _ratio(float(speed.sum() ** 2), len(who) * float((speed**2).sum()))


def reversals(run: FleetRun) -> int:
    """Return how often a scaler changed its mind: a start after a drain of one kind, or so."""
    last: dict[str, str] = {}
    found = 0
    for note in run.notes:
        if note.what in ("start", "drain"):
            kind = run.members[note.engine].kind
            found += last.get(kind, note.what) != note.what
            last[kind] = note.what
    return found


def _adapters(run: FleetRun) -> dict[str, Any]:
    waited_s = run.cold_s[~np.isnan(run.cold_s)]
    return {
        "adapter_cold_starts": len(waited_s),
        "adapter_wait_s": _ratio(float(waited_s.sum()), len(waited_s)),
    }


def _pool(run: FleetRun) -> dict[str, Any]:
    use = run.pool
    if use is None:
        return {}
    prompts = float(run.workload.prompt_tokens.sum(dtype=np.int64))
    cached = float(run.requests.cached_tokens.sum(dtype=np.int64))
    fetched = float(use.fetched_tokens.sum())
    return {
        "cache_pool": {
            "blocks": use.blocks,
            "hit_rate": _ratio(fetched, prompts),
            "engine_hit_rate": _ratio(max(cached - fetched, 0.0), prompts),
            "found_rate": _ratio(use.found_tokens, prompts),
            "declined": use.declined,
            "read_bytes": use.read_bytes,
            "written_bytes": use.written_bytes,
            "evicted_blocks": use.evicted_blocks,
        }
    }


def _engine(run: FleetRun, number: int) -> dict[str, Any]:
    member, steps = run.members[number], run.steps[number]
    mine = run.engine == number
    prompts = float(run.workload.prompt_tokens[mine].sum(dtype=np.int64))
    found = float(run.requests.cached_tokens[mine].sum(dtype=np.int64))
    work = float((steps.end_s - steps.start_s).sum())
    return {
        "name": member.name,
        "kind": member.kind,
        "role": member.role,
        "requests": int(np.count_nonzero(mine)),
        "output_tokens": int(run.speech[number].tokens.sum()),
        "up_s": float(run.up_s[number]),
        "cost": float(run.up_s[number]) * member.price_per_h / 3600,
        "busy": _ratio(work, float(run.up_s[number])),
        "batch": level(steps, steps.running),
        "waiting": level(steps, steps.waiting),
        "kv_use": level(steps, steps.used_blocks / member.config.blocks),
        "cache_hit_rate": _ratio(found, prompts),
    }


def _work_s(run: FleetRun) -> Floats:
    return np.array([float((steps.end_s - steps.start_s).sum()) for steps in run.steps])


def _ratio(value: float, of: float) -> float:
    return float(value / of) if of else float("nan")
