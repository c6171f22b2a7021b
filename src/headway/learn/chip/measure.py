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
    return np.array([outcome(workload, policy, seed=k).latency.mean() for k in seeds])


def table(rule: LinearRule) -> list[dict[str, Any]]:
    """Return mean latencies beside those of ETF, early and late, with the same luck."""
    rows = []
    for name, settings in LOADS.items():
        workload = load(settings)
        own, other, late = (
            latencies(workload, policy, SEEDS) for policy in (policy_of(rule), REFERENCE, LATE)
        )
        compared = paired(own, other)
        rows.append(
            {
                "load": name,
                "seeds": len(SEEDS),
                "latency": round(float(own.mean()), 1),
                REFERENCE: round(float(other.mean()), 1),
                "ratio": round(compared.ratio, 4),
                "p": float(f"{compared.p_value:.2g}"),
                "late ETF": round(float(late.mean()), 1),
                "ratio to late": round(float(own.mean() / late.mean()), 4),
            }
        )
    return rows
