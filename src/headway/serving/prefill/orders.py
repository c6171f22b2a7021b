"""Queue orders: who of those that wait should run, as one key per candidate."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Protocol

import numpy as np

from headway.errors import ConfigError
from headway.serving.prefill.work import Floats


@dataclass(frozen=True, slots=True)
class View:
    """What may be known of the candidates at one instant; columns of shape (n_candidates,).

    A candidate is a request that has not begun, or a batch of them that has; a batch counts with
    the deadline of its most urgent request that can still be met.

    Attributes
    ----------
    now_s
        The present.
    arrival_s, deadline_s
        Seconds.
    service_s
        Predicted seconds of the whole prefill.
    left
        Share of it that is still to run, above 0.
    pairs, pairs_left
        Query-key pairs of the whole prefill, and those still to be computed, above 0.
    """

    now_s: float
    arrival_s: Floats
    deadline_s: Floats
    service_s: Floats
    left: Floats
    pairs: Floats
    pairs_left: Floats

    @property
    def remaining_s(self) -> Floats:
        """Predicted seconds that are still to run."""
        return np.asarray(self.service_s * self.left)

    @property
    def slack_s(self) -> Floats:
        """Deadline − now − predicted remaining time; negative for those that come too late."""
        return np.asarray(self.deadline_s - self.now_s - self.remaining_s)


class Order(Protocol):
    """A queue order; the smallest key runs first, ties go to the earliest request."""

    @property
    def slack_aware(self) -> bool:
        """Whether candidates that cannot keep their deadline come after all that can."""
        ...

    @property
    def steady(self) -> bool:
        """Whether who runs stays ahead of those it was ahead of, as long as nobody arrives."""
        ...

    def keys(self, view: View) -> Floats:
        """Return the key of each candidate."""
        ...


@dataclass(frozen=True, slots=True)
class ByColumn:
    """Smallest value of one column first.

    Parameters
    ----------
    column
        Of `View`.
    slack_aware, steady
        See `Order`.
    """

    column: str
    slack_aware: bool = False
    steady: bool = True

    def keys(self, view: View) -> Floats:
        """Return the column."""
        keys: Floats = getattr(view, self.column)
        return keys


@dataclass(frozen=True, slots=True)
class Hrrn:
    """Highest response ratio next: (waited + service) / service, largest first."""

    slack_aware = False
    steady = False

    def keys(self, view: View) -> Floats:
        """Return the ratios, negative."""
        return np.asarray(-1.0 - (view.now_s - view.arrival_s) / view.service_s)


@dataclass(frozen=True, slots=True)
class Preflow:
    """Shortest remaining attention work, weighted by its slowdown and doubled with age.

    The priority is 2^(age / D) / (P · R), with P the query-key pairs of the whole prefill and R
    those that are left.

    Parameters
    ----------
    doubling_s
        D, seconds of age that double the priority; the default is a choice of ours.

    References
    ----------
    vllm-project/vllm-ascend, pull request 16360, "PREFLOW slowdown-aware scheduler" (2026).
    """

    doubling_s: float = 10.0
    slack_aware = False
    steady = True

    def __post_init__(self) -> None:
        if not self.doubling_s > 0:
            raise ConfigError(f"preflow: doubling_s: expected seconds above 0: {self.doubling_s}")

    def keys(self, view: View) -> Floats:
        """Return binary logarithms of the priorities, negative."""
        work = np.log2(view.pairs) + np.log2(view.pairs_left)
        return np.asarray(work - (view.now_s - view.arrival_s) / self.doubling_s)


ORDERS: Mapping[str, Order] = MappingProxyType(
    {
        "fcfs": ByColumn("arrival_s"),
        "edf": ByColumn("deadline_s"),
        "s-edf": ByColumn("deadline_s", slack_aware=True),
        "sjf": ByColumn("service_s"),
        "srpt": ByColumn("remaining_s"),
        "hrrn": Hrrn(),
        "preflow": Preflow(),
    }
)
"""Queue orders by name.

First come, first served; earliest deadline first, with which beyond saturation one late request
makes the next one late; the same among those that can keep their deadline, then among the others;
shortest predicted prefill first; shortest predicted rest first; highest response ratio next; and
`Preflow`.

References
----------
Hsieh, Zong, Chen, Li, Zhai, Wen (2026), "FlowPrefill: Decoupling Preemption from Prefill Scheduling
Granularity to Mitigate Head-of-Line Blocking in LLM Serving", arXiv 2602.16603, for ``s-edf``.
"""
