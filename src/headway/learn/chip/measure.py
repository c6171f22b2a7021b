"""What a rule for jobs that arrive at a chip achieves, on luck that training has not seen."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import numpy as np

from headway.learn.chip.objective import REFERENCE
from headway.learn.chip.rule import policy_of
from headway.learn.rule_file import LinearRule
from headway.simulate import Policy, paired
from headway.simulate.chip import RULES, Bound, Workload, outcome, top

LOADS: Mapping[str, Mapping[str, float]] = MappingProxyType(
    {
        "gap 25, 3 jobs": {},
        "noise 0.2": {"noise": 0.2},
        "noise 0.3": {"noise": 0.3},
        "gap 50": {"gap": 50},
        "5 jobs": {"most_jobs": 5},
        "Top_1": {"kinds": 1},
        "Top_1, 5 jobs": {"kinds": 1, "most_jobs": 5},
    }
)
"""Workloads of the ten public applications, or the first of them, by what they differ in."""

SEEDS = range(40)

LATE = Bound(RULES.find(REFERENCE), 0)
"""ETF that gives tasks to free elements only."""


def load(settings: Mapping[str, float]) -> Workload:
    """Return the workload of an entry of `LOADS`."""
    more: dict[str, Any] = dict(settings)
    return Workload(kinds=top()[: int(more.pop("kinds", 10))], **more)


def latencies(workload: Workload, policy: str | Policy, seeds: range) -> np.ndarray:
    """Return the mean latency of each seed, shape (n_seeds,), ticks."""
    return _figures(workload, policy, seeds)[:, 0]


def _figures(workload: Workload, policy: str | Policy, seeds: range) -> np.ndarray:
    """Return mean latency and number of completed jobs of each seed, shape (n_seeds, 2)."""
    runs = (outcome(workload, policy, seed=seed).latency for seed in seeds)
    return np.array([(latency.mean(), len(latency)) for latency in runs])


def table(rule: LinearRule) -> list[dict[str, Any]]:
    """Return mean latencies and completed jobs beside those of ETF, early and late."""
    policies: dict[str, str | Policy] = {
        "": policy_of(rule),
        "ETF ": REFERENCE,
        "late ETF ": LATE,
    }
    rows = []
    for name, settings in LOADS.items():
        figures = {who: _figures(load(settings), by, SEEDS) for who, by in policies.items()}
        row: dict[str, Any] = {"load": name, "seeds": len(SEEDS)}
        for who, values in figures.items():
            latency, completed = values.mean(axis=0)
            row[f"{who}latency"] = round(float(latency), 1)
            row[f"{who}completed"] = round(float(completed), 1)
        for who in ("ETF", "late ETF"):
            compared = paired(figures[""][:, 0], figures[f"{who} "][:, 0])
            row[f"ratio to {who}"] = round(compared.ratio, 4)
            row[f"p against {who}"] = float(f"{compared.p_value:.2g}")
        rows.append(row)
    return rows
