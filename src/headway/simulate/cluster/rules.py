"""Orders of the queue, each a small function of what the scheduler knows about a job.

Without preemption the columns are ``t`` (now), ``submit``, ``wait``, ``requested`` (seconds),
``processors`` and ``area`` (requested seconds times processors). With preemption there are also
``remaining`` (of the requested seconds) and ``attained`` (processor-seconds received so far).

References
----------
WFP3 and UNICEP: Tang, Lan, Desai, Buettner (2009), "Fault-aware, utility-based job scheduling on
Blue Gene/P systems". F1: Carastan-Santos, de Camargo (2017), "Obtaining dynamic scheduling policies
with simulation and machine learning". Two-queue least attained service: Gu et al. (2019),
"Tiresias: a GPU cluster manager for distributed deep learning".
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from headway.simulate.expression import Expression
from headway.simulate.policy import RuleBook

COLUMNS = (
    "t",
    "submit",
    "wait",
    "requested",
    "processors",
    "area",
    "remaining",
    "attained",
)
"""What rules may look at."""

CHANGING = frozenset(("t", "wait", "remaining", "attained"))
"""Columns whose values change while a job waits or runs."""

PREEMPTIVE = frozenset(("remaining", "attained"))
"""Columns that only mean something where jobs may be taken off again."""

HOUR = 3600.0
"""Service, in processor-seconds, below which a job is in the first queue of LAS."""

_ALWAYS_LATER = 1e12


def fcfs(c: Any) -> Expression:
    """First come, first served."""
    return c.submit  # type: ignore[no-any-return]


def sjf(c: Any) -> Expression:
    """Shortest job first, by requested time."""
    return c.requested  # type: ignore[no-any-return]


def ljf(c: Any) -> Expression:
    """Longest job first, by requested time (largest)."""
    return c.requested  # type: ignore[no-any-return]


def saf(c: Any) -> Expression:
    """Smallest area first: requested time times processors."""
    return c.area  # type: ignore[no-any-return]


def wfp3(c: Any) -> Expression:
    """Prefer what has waited long for its length, and wide jobs (largest)."""
    slowdown = c.wait / c.requested
    return slowdown * slowdown * slowdown * c.processors  # type: ignore[no-any-return]


def unicep(c: Any) -> Expression:
    """Prefer what has waited long for its length, and narrow jobs (largest)."""
    return c.wait * math.log(2) / (np.log(c.processors + 1) * c.requested)  # type: ignore[no-any-return]


def f1(c: Any) -> Expression:
    """Short, narrow and early, as a regression on many small simulations found best."""
    logarithms = np.log(c.requested) * c.processors + 870 * np.log(np.maximum(c.submit, 1))
    return logarithms / math.log(10)  # type: ignore[no-any-return]


def srpt(c: Any) -> Expression:
    """Shortest remaining time first."""
    return c.remaining  # type: ignore[no-any-return]


def srsf(c: Any) -> Expression:
    """Shortest remaining service first: remaining time times processors."""
    return c.remaining * c.processors  # type: ignore[no-any-return]


def las(c: Any) -> Expression:
    """Least attained service in two queues: first those below `HOUR`; first come within each."""
    return c.submit - _ALWAYS_LATER * np.less(c.attained, HOUR)  # type: ignore[no-any-return]


RULES = RuleBook.of(
    "cluster",
    COLUMNS,
    smallest={
        "FCFS": fcfs,
        "SJF": sjf,
        "SAF": saf,
        "F1": f1,
        "SRPT": srpt,
        "SRSF": srsf,
        "LAS": las,
    },
    largest={"LJF": ljf, "WFP3": wfp3, "UNICEP": unicep},
)
"""All rules by their usual names."""

SERVICE_LEVELS: dict[str, tuple[float, ...]] = {"LAS": (HOUR,)}
"""Attained service, in processor-seconds, at which a rule looks again at a job that runs."""
