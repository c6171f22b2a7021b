"""The door to rescheduling: events meet a plan, and a new plan comes out."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Literal

from headway.errors import ConfigError, InfeasibleError
from headway.model import Schedule
from headway.model.tables import Ints
from headway.simulate.events import Event
from headway.simulate.reschedule.basis import Effort
from headway.simulate.reschedule.fast import fast_answers, in_order_of
from headway.simulate.reschedule.measure import Nervousness, Stability, nervousness
from headway.simulate.reschedule.residual import Residual, left_of
from headway.simulate.reschedule.revise import revise
from headway.simulate.reschedule.router import Router, Situation, Threshold, situation_of
from headway.simulate.reschedule.slow import slow_answer

Policy = Literal["fast", "slow", "dual", "auto"]
POLICIES: tuple[Policy, ...] = ("fast", "slow", "dual", "auto")


@dataclass(frozen=True, eq=False)
class Answer:
    """A new plan.

    Attributes
    ----------
    plan
        A verified schedule of the revised problem, history included.
    rest
        What could still be decided.
    found_by
        ``"right-shift"``, ``"insertion"``, ``"repair"``, ``"redispatch"``, ``"search"`` or
        ``"solver"``.
    calm
        How much unstarted work has moved.
    seconds
        How long it took.
    others
        Objective values of the fast answers by name.
    situation
        What a router sees; None with policy ``"fast"``.
    later
        With policy ``"dual"``: the solver's answer, when it is ready; see `merge`.
    """

    plan: Schedule
    rest: Residual
    found_by: str
    calm: Nervousness
    seconds: float
    others: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    situation: Situation | None = None
    later: Future[Answer] | None = field(default=None, repr=False)

    @property
    def origin(self) -> Ints:
        """Position of each task in the problem before the events, `ABSENT` for new ones."""
        return self.rest.revision.origin

    def __str__(self) -> str:
        return (
            f"{self.plan.problem.objective} = {self.plan.objective} by {self.found_by} in"
            f" {self.seconds:.3f} s; {self.calm}"
        )


def reschedule(
    plan: Schedule,
    events: Iterable[Event] = (),
    now: int | None = None,
    *,
    policy: Policy = "fast",
    stability: float | Stability = 0.0,
    time_limit: float = 1.0,
    workers: int | None = None,
    seed: int = 0,
    router: Router | None = None,
    effort: Effort | None = None,
) -> Answer:
    """Return a new plan for what is left of one that met events.

    Parameters
    ----------
    plan
        What was going to happen.
    events
        What has happened; see `headway.simulate.events`.
    now
        Current tick; by default the latest time of an event. What has started before stays.
    policy
        ``"fast"``: milliseconds, see `fast_answers`. ``"slow"``: the solver, from the fast answer.
        ``"dual"``: the fast answer at once, and the solver's in `Answer.later`. ``"auto"``: fast or
        slow, as the router says.
    stability
        What one tick of mean shift of unstarted tasks is worth in units of the objective, or prices
        for shifts and machine changes.
    time_limit
        Seconds of the slow system, and what the router takes for the budget.
    workers, seed
        As for `headway.solve.solve`.
    router
        For policy ``"auto"``; `Threshold` by default.
    effort
        Of the fast system.

    Returns
    -------
    Answer
        Its plan has passed `verify`, starts nothing new before `now`, and leaves alone what has
        started.

    Raises
    ------
    EventError, UnknownNameError
        If an event does not fit.
    InfeasibleError
        If there is no plan any more; names what clashes where that is known.
    ConfigError
        If an option has a value it cannot have.

    Examples
    --------
    >>> import headway as hw
    >>> from headway.simulate.events import MachineDown
    >>> shop = hw.job_shop([[0, 1], [1, 0]], [[3, 2], [2, 4]])
    >>> plan = shop.schedule([0, 3, 0, 3])
    >>> down = MachineDown(time=2, machine="machine 0", start=4, end=6)
    >>> reschedule(plan, [down]).plan.start.tolist()
    [0, 3, 0, 6]
    """
    if policy not in POLICIES:
        raise ConfigError(f"policy: expected one of {', '.join(POLICIES)}, got {policy!r}")
    if not 0 <= time_limit < float("inf"):
        raise ConfigError(f"time_limit: expected seconds, got {time_limit}")
    prices = stability if isinstance(stability, Stability) else Stability(float(stability))
    began = time.perf_counter()
    rest = left_of(revise(plan, events, now))
    quick = fast_answers(rest, prices, effort)
    values = {name: found.objective_values for name, found in quick.items()}
    name, best = next(iter(quick.items()), ("", None))
    situation = None
    if policy != "fast":
        before = float((plan.objective_values or (0,))[0])
        situation = situation_of(rest, before, quick.get("right-shift"), best, time_limit)

    def told(found: Schedule, found_by: str, later: Future[Answer] | None = None) -> Answer:
        spent = time.perf_counter() - began
        calm = nervousness(rest, found)
        return Answer(found, rest, found_by, calm, spent, values, situation, later)

    def solved() -> Answer:
        found, result = slow_answer(
            rest, best, time_limit=time_limit, workers=workers, seed=seed, stability=prices
        )
        if found is None:
            raise InfeasibleError(
                f"nothing was found that continues the plan of {plan.problem.name!r} from"
                f" {rest.revision.now} on ({result.status})",
                result.conflict or (),
            )
        return told(found, name if found is best else "solver")

    if policy == "auto" and situation is not None:
        policy = (router or Threshold())(situation)
    if best is None or policy == "slow":
        return solved()
    if policy == "fast":
        return told(best, name)
    with_time = ThreadPoolExecutor(1, thread_name_prefix="headway-reschedule")
    later = with_time.submit(solved)
    with_time.shutdown(wait=False)
    return told(best, name, later)


def merge(
    current: Schedule,
    proposal: Schedule,
    now: int,
    *,
    stability: float | Stability = 0.0,
) -> Schedule:
    """Return a plan that goes over from one plan to another, later one where that still helps.

    Parameters
    ----------
    current
        The plan that is being carried out.
    proposal
        Another plan of the same problem, made some time ago.
    now
        Current tick. What `current` has started before stays as it is.
    stability
        What calm is worth, as for `reschedule`.

    Returns
    -------
    Schedule
        Unstarted tasks in the order and on the machines of the proposal, or `current` if that costs
        no more. Verified.

    Raises
    ------
    ConfigError
        If the two are plans of different problems.
    """
    if current.problem != proposal.problem:
        raise ConfigError("proposal: expected a plan of the same problem as the current one")
    prices = stability if isinstance(stability, Stability) else Stability(float(stability))
    rest = left_of(revise(current, (), now))
    merged = in_order_of(rest, proposal.start, proposal.mode) if rest.problem.n_tasks else None
    if merged is None:
        return current
    return min((current, merged), key=lambda plan: prices.cost(rest, plan))
