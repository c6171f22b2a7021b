"""A plan carried out in a world that does not follow it, by one strategy of rescheduling."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np

from headway.errors import ConfigError, EventError
from headway.model import Schedule
from headway.simulate.events import DurationChange, Event
from headway.simulate.reschedule.basis import Effort
from headway.simulate.reschedule.fast import fast_answers
from headway.simulate.reschedule.measure import Stability, nervousness
from headway.simulate.reschedule.replan import Answer, Policy, reschedule
from headway.simulate.reschedule.residual import left_of, narrowed
from headway.simulate.reschedule.revise import revise
from headway.simulate.reschedule.slow import slow_answer
from headway.simulate.trace import Happening, Trace

_KEEP_ORDERS = Effort(insertions=0, moves=0)


@dataclass(frozen=True, slots=True)
class Strategy:
    """When to plan anew, and how.

    Parameters
    ----------
    policy
        As for `reschedule`; "dual" is not for simulated time.
    every
        Ticks between two new plans; None for one after each event. In between, events only push
        tasks to the right, new jobs behind all others.
    window
        Only tasks planned to start within so many ticks are open in a new plan, the others keep
        their order; None for all.
    stability
        What calm is worth.
    time_limit
        Seconds for each new plan by the slow system.
    """

    policy: Policy = "fast"
    every: int | None = None
    window: int | None = None
    stability: Stability = field(default_factory=Stability)
    time_limit: float = 0.5

    def __post_init__(self) -> None:
        if self.policy == "dual":
            raise ConfigError("policy: expected 'fast', 'slow' or 'auto' in simulated time")
        for name in ("every", "window"):
            value = getattr(self, name)
            if value is not None and value < 1:
                raise ConfigError(f"{name}: expected at least one tick, got {value}")

    def __str__(self) -> str:
        when = "event-driven" if self.every is None else f"every {self.every}"
        far = "" if self.window is None else f", window {self.window}"
        calm = f", calm {self.stability.shift:g}" if self.stability.counts else ""
        return f"{self.policy}, {when}{far}{calm}"


@dataclass(frozen=True, eq=False)
class Execution:
    """What came of a plan.

    Attributes
    ----------
    trace
        What happened, verified.
    planned
        The plan at the beginning.
    replans
        How often a new plan was made.
    skipped
        Events that did not fit any more, with the reason, such as a change to a task that had
        finished.
    mean_shift
        Ticks by which a new plan moved an unstarted task, on average over plans.
    slowest_s
        Seconds that the slowest new plan took.
    """

    trace: Trace
    planned: Schedule
    replans: int
    skipped: tuple[str, ...]
    mean_shift: float
    slowest_s: float


def execute(
    plan: Schedule,
    events: Iterable[Event],
    strategy: Strategy,
    *,
    durations: Mapping[str, int] | None = None,
    seed: int = 0,
    workers: int | None = 1,
) -> Execution:
    """Carry out a plan while things happen.

    Parameters
    ----------
    plan
        The plan at the beginning.
    events
        What happens, each at its own time; whoever plans learns of it then.
    strategy
        When and how to plan anew.
    durations
        True durations of tasks by label, which show when a task has started. Those that are not
        named are as planned.
    seed, workers
        Of the slow system.

    Returns
    -------
    Execution
        Its trace is verified as a schedule of what the problem turned out to be.

    Notes
    -----
    Events name jobs and tasks, so that different strategies meet the same luck.
    """
    run = _Run(plan, strategy, dict(durations or {}), seed, workers)
    for event in sorted(events, key=lambda event: event.time):
        run.until(event.time)
        run.meet(event)
    run.until(None)
    return run.execution(plan)


class _Run:
    """An execution under way."""

    def __init__(
        self,
        plan: Schedule,
        strategy: Strategy,
        durations: dict[str, int],
        seed: int,
        workers: int | None,
    ) -> None:
        self.plan, self.strategy, self.durations = plan, strategy, durations
        self.seed, self.workers = seed, workers
        self.due = strategy.every or 0
        self.replans = 0
        self.shifts: list[float] = []
        self.slowest = 0.0
        self.skipped: list[str] = []
        self.happenings: list[Happening] = []

    def until(self, stop: int | None) -> None:
        """Let time pass: tasks start and show how long they take, periods end."""
        while True:
            shown = self._next_surprise()
            renewal = self._next_renewal()
            times = [t for t in (shown[0] if shown else None, renewal) if t is not None]
            if not times or (stop is not None and min(times) > stop):
                return
            now = min(times)
            if shown is not None and shown[0] == now:
                self._change(shown[1], now)
            else:
                self.due = now + (self.strategy.every or 0)
                self._renew(now)

    def _next_surprise(self) -> tuple[int, DurationChange] | None:
        """Return the next task whose true duration is another one, and when that shows."""
        problem = self.plan.problem
        best: tuple[int, DurationChange] | None = None
        for task in np.flatnonzero(self.plan.present).tolist():
            label = problem.task_label(task)
            true = self.durations.get(label)
            if true is None or true == problem.modes.duration[self.plan.mode[task]]:
                continue
            at = int(self.plan.start[task]) + 1
            if best is None or at < best[0]:
                best = at, DurationChange(time=at, task=label, duration=max(true, 1))
        return best

    def _next_renewal(self) -> int | None:
        if self.strategy.every is None or self.due >= self.plan.makespan:
            return None
        return self.due

    def meet(self, event: Event) -> None:
        """Let an event happen."""
        self._change(event, event.time)

    def _change(self, event: Event, now: int) -> None:
        try:
            rest = left_of(revise(self.plan, [event], now))
        except EventError as error:
            self.skipped.append(str(error))
            if isinstance(event, DurationChange) and isinstance(event.task, str):
                self.durations.pop(event.task, None)
            return
        kind = type(event).__struct_config__.tag
        self.happenings.append(Happening(now, str(kind), _whom(event)))
        if isinstance(event, DurationChange) and isinstance(event.task, str):
            self.durations.pop(event.task, None)
        if self.strategy.every is None:
            self._take(self._answer([event], now), now)
            return
        kept = fast_answers(rest, self.strategy.stability, _KEEP_ORDERS)
        pushed = kept.get("right-shift") or next(iter(kept.values()), None)
        self.plan = self._answer([event], now).plan if pushed is None else pushed

    def _renew(self, now: int) -> None:
        self._take(self._answer([], now), now)

    def _answer(self, events: list[Event], now: int) -> Answer:
        options = self.strategy
        if options.window is None:
            return reschedule(
                self.plan,
                events,
                now,
                policy=options.policy,
                stability=options.stability,
                time_limit=options.time_limit,
                seed=self.seed,
                workers=self.workers,
            )
        answer = reschedule(self.plan, events, now, stability=options.stability)
        if options.policy == "fast" or not answer.rest.problem.n_tasks:
            return answer
        began = time.perf_counter()
        near = narrowed(left_of(revise(answer.plan, (), now)), now + options.window)
        found, _ = slow_answer(
            near,
            answer.plan,
            time_limit=options.time_limit,
            seed=self.seed,
            workers=self.workers,
            stability=options.stability,
        )
        best = answer.plan if found is None else found
        spent = answer.seconds + time.perf_counter() - began
        return Answer(best, answer.rest, "solver", nervousness(answer.rest, best), spent)

    def _take(self, answer: Answer, now: int) -> None:
        self.plan = answer.plan
        self.replans += 1
        self.shifts.append(answer.calm.mean_shift)
        self.slowest = max(self.slowest, answer.seconds)
        self.happenings.append(Happening(now, "replanned", answer.found_by))

    def execution(self, planned: Schedule) -> Execution:
        """Return what came of it all."""
        shift = float(np.mean(self.shifts)) if self.shifts else 0.0
        measures = {
            **{name: float(value) for name, value in self.plan.measures().items()},
            "replans": float(self.replans),
            "mean shift": shift,
        }
        trace = Trace(self.plan, str(self.strategy), self.seed, self.happenings, measures)
        return Execution(trace, planned, self.replans, tuple(self.skipped), shift, self.slowest)


def _whom(event: Event) -> str:
    """Return the job, task or machine that an event is about."""
    for key in ("job", "task", "machine"):
        if hasattr(event, key):
            return str(getattr(event, key))
    return ""
