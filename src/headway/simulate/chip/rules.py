"""Rules for jobs that arrive: which ready task is committed to which element next."""

from __future__ import annotations

import math
from dataclasses import dataclass

from headway.errors import ConfigError
from headway.simulate.policy import Decision, Floats, Policy, RuleBook

COLUMNS = (
    "duration",
    "excess",
    "delay",
    "backlog",
    "finish",
    "regret",
    "spare",
    "rival",
    "rank",
    "left",
    "age",
    "order",
    "precedence",
    "elsewhere",
    "plan",
    "luck",
    "jobs",
    "unit",
    "span",
)
"""What a candidate, a ready task and an element that it may run on, is described by.

================ ==================================================================================
``duration``     expected ticks of the task on the element
``excess``       the same, less its least duration on any element
``delay``        ticks until its data is on the element
``backlog``      ticks until the element would be free
``finish``       ticks until the task would end there
``regret``       the same, less its least such time on any element
``spare``        by how much its second best element would end it later than its best one
``rival``        the largest ``spare`` of the other ready tasks whose best element this is
``rank``         its upward rank
``left``         tasks of its job that have not ended
``age``          ticks since its job arrived
``order``        position in the list of ready tasks, in which they became ready
``precedence``   position in that list sorted by falling rank
``elsewhere``    0 if the static plan puts the task on this element, else 1
``plan``         ticks until the static plan lets it start
``luck``         a random number, from 0 to 2^30
``jobs``         jobs in the system
``unit``         mean duration of all tasks on all elements
``span``         more than any ``finish``: ``order * span + finish`` sorts by order first
================ ==================================================================================
"""

RULES = RuleBook.of(
    "chip",
    COLUMNS,
    smallest={
        "random": lambda c: c.order * 2**30 + c.luck,
        "MET": lambda c: c.order * c.span + c.duration,
        "EFT": lambda c: c.order * c.span + c.finish,
        "RANK": lambda c: c.precedence * c.span + c.finish,
        "STF": lambda c: c.duration,
        "ETF": lambda c: c.finish,
        "HEFT": lambda c: c.elsewhere * 2**44 + c.plan,
    },
)
"""Rules by their usual names.

``random`` takes tasks in order, each on a random element; ``MET`` on its fastest one; ``EFT`` where
it ends first. ``RANK`` is EFT by falling upward rank. ``STF`` takes the pair of shortest duration,
``ETF`` (earliest task first) the pair that ends first. ``HEFT`` executes a static plan: when a job
arrives, HEFT places it around what is planned of those before it, and that is not changed.
"""


@dataclass(frozen=True, slots=True)
class Bound:
    """A policy that does not commit tasks to elements with too much ahead of them.

    Without a limit every task is committed as soon as it is ready (early binding); with a limit of
    0 only when an element is free (late binding).

    Parameters
    ----------
    policy
        Scores the candidates.
    limit
        Largest backlog of an element that is given more, in mean durations of tasks (the column
        ``unit``).
    label
        What tables call it, if not by policy and limit.

    Raises
    ------
    ConfigError
        If the limit is negative or no number.
    """

    policy: Policy
    limit: float
    label: str = ""

    def __post_init__(self) -> None:
        if not (0 <= self.limit < math.inf):
            raise ConfigError(f"limit: expected a number of at least 0, got {self.limit}")

    @property
    def name(self) -> str:
        """What tables call it."""
        return self.label or f"{self.policy.name} within {self.limit:g}"

    def score(self, decision: Decision) -> Floats:
        """Return the score of each candidate; see `Policy.score`."""
        return self.policy.score(decision)
