"""The one door to all solvers: limits kept, Ctrl-C honoured, every schedule verified."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import replace
from numbers import Integral
from typing import Literal

from headway.errors import ConfigError, VerificationError
from headway.model import Model, Problem, Schedule, verify
from headway.solve.registry import find
from headway.solve.result import (
    MOST_WORKERS,
    Budget,
    Progress,
    Result,
    Solver,
    Status,
    Stop,
    Values,
    show,
)


def solve(
    problem: Problem | Model,
    *,
    time_limit: float = 60.0,
    workers: int | Literal["ray"] | None = None,
    gap: float = 0.0,
    seed: int = 0,
    method: str | Solver = "auto",
    warm_start: Schedule | None = None,
    on_improvement: Callable[[Progress], None] | None = None,
) -> Result:
    """Find the best schedule of a problem, and prove how good it is.

    Parameters
    ----------
    problem
        What is to be scheduled; a `Model` is frozen first.
    time_limit
        Wall-clock seconds; ``math.inf`` for no limit.
    workers
        Threads that may run at once; all cores by default. With one worker, one seed and no
        interference of the time limit, the same answer comes back every time. ``"ray"`` spreads
        the portfolio over all nodes of a Ray cluster; see `headway.solve.cluster`.
    gap
        Relative gap between value and bound at which to stop.
    seed
        Seed of all random choices.
    method
        A name (see `headway.solve.solvers`) or a solver itself.
    warm_start
        A valid schedule to start from; the result is never worse.
    on_improvement
        Called with each improvement of the incumbent or of the bound, from the solver's thread,
        which waits for it: be quick.
        An exception in it stops the solver and is raised here.

    Returns
    -------
    Result
        With status ``optimal``, ``feasible``, ``infeasible`` (and why) or ``unknown``. Its
        schedule has passed `verify`.

    Raises
    ------
    ConfigError
        If an option has a value it cannot have, or `warm_start` is not valid.
    UnknownNameError
        If there is no such method.
    VerificationError
        If a solver returned an invalid schedule or a bound that it beats; a defect of Headway.

    Notes
    -----
    Ctrl-C ends the search and returns the best schedule so far; a second one is raised.

    Examples
    --------
    >>> import headway as hw
    >>> result = hw.solve(hw.instance("ft06"), time_limit=10, workers=1)
    >>> result.objective, str(result.status)
    ((55,), 'optimal')
    """
    _check_kinds(problem, method, seed, warm_start, on_improvement)
    frozen = problem.problem() if isinstance(problem, Model) else problem
    budget, solver = _budget_and_solver(time_limit, workers, gap, method)
    if warm_start is not None:
        _check_warm_start(frozen, warm_start)
    stop = Stop()
    record = _Record(frozen, on_improvement, stop, gap=budget.gap)
    outcome, interrupted = _run_interruptibly(
        lambda: solver(
            frozen,
            budget,
            warm_start=warm_start,
            seed=seed,
            on_progress=record,
            stop=stop,
        ),
        stop,
    )
    record.raise_if_failed()
    return record.finish(outcome, warm_start, interrupted=interrupted)


def _budget_and_solver(
    time_limit: float, workers: int | str | None, gap: float, method: str | Solver
) -> tuple[Budget, Solver]:
    """Return how much may be spent and by whom."""
    if workers == "ray":
        if method != "auto":
            raise ConfigError(
                f"workers: 'ray' spreads the portfolio, method 'auto', over a cluster;"
                f" {method!r} runs on one machine"
            )
        from headway.solve import cluster

        return Budget(time_limit, available_cores(), gap), cluster.solve
    if workers is None:
        workers = min(available_cores(), MOST_WORKERS)
    if isinstance(workers, str):
        raise ConfigError(f"workers: expected a number of threads or 'ray', got {workers!r}")
    return Budget(time_limit, workers, gap), find(method) if isinstance(method, str) else method


def available_cores() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _check_kinds(
    problem: object, method: object, seed: object, warm_start: object, on_improvement: object
) -> None:
    """Refuse arguments of the wrong kind by name, not from somewhere deep in a solver."""
    if not isinstance(problem, Problem | Model):
        raise ConfigError(
            f"problem: expected a Problem or a Model, got {problem!r}; instance(name) and"
            " read(path) return problems"
        )
    if not (isinstance(method, str) or callable(method)):
        raise ConfigError(f"method: expected a name or a solver, got {method!r}")
    if not (isinstance(seed, Integral) and int(seed) >= 0):
        raise ConfigError(f"seed: expected a whole number from 0 up, got {seed!r}")
    if warm_start is not None and not isinstance(warm_start, Schedule):
        raise ConfigError(
            f"warm_start: expected a Schedule, as in result.schedule, got a"
            f" {type(warm_start).__name__}"
        )
    if on_improvement is not None and not callable(on_improvement):
        raise ConfigError(f"on_improvement: expected a function, got {on_improvement!r}")


def _check_warm_start(problem: Problem, schedule: Schedule) -> None:
    if schedule.problem != problem:
        raise ConfigError(
            f"warm_start: it is a schedule of {schedule.problem.name!r}, not of this problem"
        )
    report = verify(problem, schedule)
    if not report.ok:
        raise ConfigError(f"warm_start: not a valid schedule: {report[0].message}")


class _Record:
    """Everything solvers report during one run: stamped, verified, passed on."""

    def __init__(
        self,
        problem: Problem,
        listener: Callable[[Progress], None] | None,
        stop: Stop,
        *,
        gap: float,
    ) -> None:
        self._problem = problem
        self._gap = gap
        self._listener = listener
        self._stop = stop
        self._began = time.perf_counter()
        self._lock = threading.Lock()
        self._trajectory: list[Progress] = []
        self._best: Schedule | None = None
        self._bound: Values | None = None
        self._failure: BaseException | None = None

    def __call__(self, progress: Progress) -> None:
        with self._lock:
            if self._failure is not None:
                return
            try:
                self._take(progress)
            except BaseException as error:  # raised again by the calling thread
                self._failure = error
                self._stop.set()

    def _take(self, progress: Progress) -> None:
        """Merge an improvement: methods that follow each other do not know what is known."""
        schedule = None
        if progress.schedule is not None:
            _require_valid(self._problem, progress.schedule, progress.method)
            value = progress.schedule.objective_values
            if self._best is None or value < self._best.objective_values:
                self._best = schedule = progress.schedule
        raised = progress.bound is not None and (
            self._bound is None or progress.bound > self._bound
        )
        if raised:
            self._bound = progress.bound
        if schedule is None and not raised:
            return
        event = Progress(
            time.perf_counter() - self._began,
            None if self._best is None else self._best.objective_values,
            self._bound,
            progress.method,
            schedule,
        )
        # Only the best schedule is kept: thousands of them would not fit into memory.
        self._trajectory.append(replace(event, schedule=None))
        if self._listener is not None:
            self._listener(event)

    def raise_if_failed(self) -> None:
        if self._failure is not None:
            raise self._failure

    def finish(self, outcome: Result, warm_start: Schedule | None, *, interrupted: bool) -> Result:
        """Return the outcome with the best schedule of all, verified."""
        schedule = _best(outcome.schedule, self._best, warm_start)
        status, bound = outcome.status, outcome.bound
        if status is not Status.INFEASIBLE and self._bound is not None:
            bound = self._bound if bound is None else max(bound, self._bound)
        if schedule is not None:
            _require_valid(self._problem, schedule, outcome.method)
            if status is Status.INFEASIBLE:
                raise VerificationError(
                    f"{outcome.method} calls {self._problem.name} infeasible,"
                    f" but a valid schedule is known"
                )
            if status is Status.UNKNOWN:
                status = Status.FEASIBLE
            _require_honest_proof(schedule.objective_values, bound, outcome, self._gap)
        reason = outcome.reason
        if interrupted:
            reason = f"{reason}; interrupted" if reason else "interrupted"
        elapsed = time.perf_counter() - self._began
        return replace(
            outcome,
            schedule=schedule,
            status=status,
            bound=bound,
            trajectory=tuple(self._trajectory),
            reason=reason,
            time_s=elapsed,
            verified=schedule is not None,
        )


def _best(*schedules: Schedule | None) -> Schedule | None:
    known = [schedule for schedule in schedules if schedule is not None]
    return min(known, key=lambda schedule: schedule.objective_values, default=None)


def _require_valid(problem: Problem, schedule: Schedule, method: str) -> None:
    report = verify(problem, schedule)
    if not report.ok:
        raise VerificationError(
            f"{method} returned an invalid schedule of {problem.name}: {report[0].message}"
            f" ({len(report)} violations); please report this"
        )


def _require_honest_proof(value: Values, bound: Values | None, outcome: Result, gap: float) -> None:
    if outcome.status is Status.OPTIMAL and gap == 0 and bound != value:
        raise VerificationError(
            f"{outcome.method} claims that {show(value)} is optimal, but proves no more than the"
            f" bound {show(bound)}; please report this"
        )
    if bound is not None and bound > value:
        raise VerificationError(
            f"{outcome.method} claims the bound {show(bound)}, but {show(value)} is reached;"
            " please report this"
        )


def _run_interruptibly(work: Callable[[], Result], stop: Stop) -> tuple[Result, bool]:
    """Run `work` in a thread so that Ctrl-C can stop it; return its result and whether it did."""
    future: Future[Result] = Future()

    def run() -> None:
        try:
            future.set_result(work())
        except BaseException as error:  # raised again by result()
            future.set_exception(error)

    threading.Thread(target=run, name="headway-solve", daemon=True).start()
    try:
        return future.result(), False
    except KeyboardInterrupt:
        stop.set()
        return future.result(), True
    finally:
        stop.set()
