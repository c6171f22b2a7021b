"""When a fast answer is good enough: rules that people can read."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Literal, Protocol

import numpy as np

from headway.model import Schedule
from headway.simulate.reschedule.residual import Residual
from headway.solve.bounds import makespan_bound

Route = Literal["fast", "slow"]


@dataclass(frozen=True, slots=True)
class Situation:
    """What a router looks at.

    Attributes
    ----------
    delay
        By how much keeping all orders (right-shift) makes the objective larger than it was
        planned, relative to the plan.
    gap
        By how much the best fast answer exceeds a lower bound, relative to the bound. For
        objectives other than the makespan, that of the makespan.
    affected
        Share of unstarted tasks that cannot keep their planned start if all orders are kept.
    new
        Share of tasks that have no plan.
    remaining
        Unstarted tasks.
    budget_s
        Seconds that there are.
    """

    delay: float
    gap: float
    affected: float
    new: float
    remaining: int
    budget_s: float


class Router(Protocol):
    """Decides between the fast and the slow system."""

    def __call__(self, situation: Situation) -> Route:
        """Return which system answers."""
        ...


@dataclass(frozen=True, slots=True)
class Threshold:
    """Fast if the events do little harm, or if there is no time.

    Parameters
    ----------
    delay
        Relative delay below which orders are simply kept.
    budget_s
        Seconds that the slow system needs at least.
    """

    delay: float = 0.02
    budget_s: float = 0.1

    def __call__(self, situation: Situation) -> Route:
        """Return which system answers."""
        little = situation.delay < self.delay
        return "fast" if little or situation.budget_s < self.budget_s else "slow"


@dataclass(frozen=True)
class Logistic:
    """Slow if a logistic model gives a gain that is worth it a chance of one half or more.

    Parameters
    ----------
    weights
        By attribute of `Situation`.
    bias
        What is added to the weighted sum.
    budget_s
        Seconds that the slow system needs at least.

    Raises
    ------
    ValueError
        If a weight is for something that a situation does not have.
    """

    weights: Mapping[str, float]
    bias: float
    budget_s: float = 0.1

    def __post_init__(self) -> None:
        unknown = set(self.weights) - set(Situation.__dataclass_fields__)
        if unknown:
            raise ValueError(f"weights: unknown features {sorted(unknown)}")

    def chance(self, situation: Situation) -> float:
        """Return the chance that the slow system gains what is worth it."""
        values = asdict(situation)
        total = self.bias + sum(w * values[name] for name, w in self.weights.items())
        return 1 / (1 + math.exp(-min(max(total, -50.0), 50.0)))

    def __call__(self, situation: Situation) -> Route:
        """Return which system answers."""
        if situation.budget_s < self.budget_s:
            return "fast"
        return "slow" if self.chance(situation) >= 0.5 else "fast"

    def __str__(self) -> str:
        terms = (f"{weight:+.3g} {name}" for name, weight in self.weights.items())
        return f"slow if {self.bias:+.3g} {' '.join(terms)} >= 0"


def fit(
    situations: list[Situation],
    gains: list[bool],
    features: tuple[str, ...] = ("delay", "gap", "affected", "new"),
    *,
    penalty: float = 1e-3,
) -> Logistic:
    """Return the logistic model that fits what the slow system has gained.

    Parameters
    ----------
    situations
        What was seen.
    gains
        Whether the slow system was worth it, one each.
    features
        The attributes of `Situation` that count.
    penalty
        Weight of the squares of the standardised weights.

    Notes
    -----
    Newton's method on the penalised likelihood (iteratively reweighted least squares), on
    standardised features; the weights returned are those of the features as they are.
    """
    raw = np.array([[asdict(s)[name] for name in features] for s in situations], dtype=np.float64)
    mean, spread = raw.mean(axis=0), raw.std(axis=0)
    spread[spread == 0] = 1.0
    x = np.column_stack((np.ones(len(raw)), (raw - mean) / spread))
    y = np.array(gains, dtype=np.float64)
    ridge = penalty * len(raw) * np.diag([0.0, *np.ones(len(features))]) + 1e-9 * np.eye(x.shape[1])
    w = np.zeros(x.shape[1])
    for _ in range(50):
        p = 1 / (1 + np.exp(-np.clip(x @ w, -30, 30)))
        slope = x.T @ (p - y) + ridge @ w
        curve = (x * (p * (1 - p))[:, None]).T @ x + ridge
        step = np.linalg.solve(curve, slope)
        w -= step
        if np.abs(step).max() < 1e-8:
            break
    weights = w[1:] / spread
    bias = float(w[0] - weights @ mean)
    return Logistic(dict(zip(features, weights.tolist(), strict=True)), bias)


def situation_of(
    rest: Residual,
    before: float,
    kept: Schedule | None,
    best: Schedule | None,
    budget_s: float,
) -> Situation:
    """Return what a router looks at.

    Parameters
    ----------
    rest
        What is left.
    before
        Value of the first level of the objective as planned.
    kept
        The answer that keeps all orders; None if there is none.
    best
        The best fast answer; None if there is none.
    budget_s
        Seconds that there are.
    """
    whole = rest.revision
    open_ = ~whole.started & (whole.mode >= 0)
    remaining = int(np.count_nonzero(~whole.started))
    late = 1.0
    if kept is not None:
        moved = kept.start[open_] > whole.start[open_]
        late = float(moved.mean()) if len(moved) else 0.0
    after = float("inf") if kept is None else float((kept.objective_values or (0,))[0])
    bound = max(makespan_bound(rest.problem), 1) if rest.problem.n_tasks else 1
    top = float("inf") if best is None else float(best.makespan)
    return Situation(
        delay=_relative(after, before),
        gap=_relative(top, bound) if rest.problem.n_tasks else 0.0,
        affected=late,
        new=float(np.count_nonzero(whole.unplanned)) / max(remaining, 1),
        remaining=remaining,
        budget_s=budget_s,
    )


def _relative(value: float, base: float) -> float:
    return min((value - base) / max(abs(base), 1.0), 1e6)
