"""One run of CP-SAT: in a thread of its own, with everything it finds handed over as it comes."""

from __future__ import annotations

import math
import queue
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import Enum
from typing import TYPE_CHECKING, Any

from headway.errors import UnsupportedError
from headway.solve.cpsat.encoding import set_objective
from headway.solve.cpsat.writer import TOO_LARGE, Sum
from headway.solve.result import Stop

if TYPE_CHECKING:
    from ortools.sat.python.cp_model_helper import CpModelProto

_POLL_S = 0.02
_LARGEST_EXACT_FLOAT = 2**53
_MEMORY_MB = 8000

_ALL_STRATEGIES = 8
"""With this many threads CP-SAT's own choice of strategies covers everything."""

_WITHOUT_RELAXATION = ("no_lp", "quick_restart_no_lp", "default_lp", "objective_lb_search_no_lp")
"""CP-SAT's strategies for makespans, the most useful first."""


class Answer(Enum):
    """How a run ended."""

    OPTIMAL = "optimal"
    FEASIBLE = "feasible"
    INFEASIBLE = "infeasible"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Found:
    """What a run of CP-SAT ended with.

    Attributes
    ----------
    answer
        What is proven.
    values
        The best assignment of all variables, or None.
    bound
        Proven lower bound of the objective, or None.
    interrupted
        Whether the run was cut short by Ctrl-C.
    deterministic_s
        What it took in CP-SAT's own measure of effort.
    refuted
        Whether the assignment contradicts what an earlier run has claimed.
    """

    answer: Answer
    values: list[int] | None
    bound: int | None
    interrupted: bool = False
    deterministic_s: float = 0.0
    refuted: bool = False


@dataclass(frozen=True, slots=True)
class Effort:
    """How hard a run tries.

    Attributes
    ----------
    time_s
        Wall-clock seconds.
    workers
        Threads.
    seed
        Seed of the search.
    gap
        Relative gap at which to stop.
    presolve
        Whether the model is simplified first.
    fixed
        Whether every hinted variable keeps its hinted value.
    deterministic_s
        CP-SAT's own measure of effort, about a second on a fast machine; the same everywhere.
    relaxation
        Whether the linear relaxation is worth its time: it is for sums of costs and tardiness, and
        it says next to nothing about makespans.
    proof
        Whether good assignments come from elsewhere, so that only the proof matters.
    check
        Whether to reason in another way than usual, to confirm what an earlier run has proven.
    """

    time_s: float
    workers: int = 1
    seed: int = 0
    gap: float = 0.0
    presolve: bool = True
    fixed: bool = False
    deterministic_s: float = math.inf
    relaxation: bool = True
    proof: bool = False
    check: bool = False


def minimise(
    model: CpModelProto,
    objective: Sum | None,
    effort: Effort,
    *,
    stop: Stop | None = None,
    on_values: Callable[[list[int]], None] | None = None,
    on_bound: Callable[[int], None] | None = None,
) -> Found:
    """Run CP-SAT on a model.

    Parameters
    ----------
    model
        The model; its objective is replaced.
    objective
        What is minimised; None for any assignment.
    effort
        Time, threads, seed and the like.
    stop
        Ends the run soon after it is set. Ctrl-C does the same.
    on_values, on_bound
        Called in the calling thread with each better assignment and each better bound.

    Raises
    ------
    UnsupportedError
        If sums of times or costs would overflow 64-bit integers.
    """
    from ortools.sat.python import cp_model_helper

    model.clear_objective()
    offset = 0
    if objective is not None:
        # The constant stays outside, where it cannot blur bounds, which are floats.
        offset = objective.offset
        set_objective(model, objective)
    events: queue.SimpleQueue[tuple[Callable[[Any], None], Any]] = queue.SimpleQueue()

    class Listener(cp_model_helper.SolutionCallback):
        def OnSolutionCallback(self) -> None:  # noqa: N802 (the name is OR-Tools')
            if on_values is not None:
                response: Any = self
                events.put((on_values, list(response.Response().solution)))

    def heard(bound: float) -> None:
        if on_bound is not None:
            events.put((on_bound, _whole(bound) + offset))

    wrapper: Any = cp_model_helper.SolveWrapper()
    wrapper.set_parameters(_parameters(cp_model_helper, effort))
    listener = Listener()
    wrapper.add_solution_callback(listener)
    if objective is not None:
        wrapper.add_best_bound_callback(heard)
    responses: list[Any] = []
    thread = threading.Thread(target=lambda: responses.append(wrapper.solve(model)), daemon=True)
    deadline = time.perf_counter() + effort.time_s
    thread.start()
    interrupted = False
    while True:
        try:
            alive = thread.is_alive()
            _deliver(events, wait=alive)
            if not alive:
                break
            late = time.perf_counter() > deadline + 0.1
            if interrupted or late or (stop is not None and stop.is_set()):
                wrapper.stop_search()
        except KeyboardInterrupt:
            interrupted = True
    wrapper.clear_solution_callback(listener)
    found = _found(responses[0], objective, cp_model_helper)
    return replace(found, interrupted=interrupted)


def _deliver(events: queue.SimpleQueue[tuple[Callable[[Any], None], Any]], *, wait: bool) -> None:
    """Call the receivers of all events there are; wait a little for the first."""
    try:
        if wait:
            receiver, value = events.get(timeout=_POLL_S)
            receiver(value)
        while True:
            receiver, value = events.get_nowait()
            receiver(value)
    except queue.Empty:
        return


def _parameters(helper: Any, effort: Effort) -> Any:
    parameters = helper.SatParameters()
    parameters.num_workers = effort.workers
    single = effort.workers == 1 and not effort.fixed
    only_proof = single and effort.proof and not effort.relaxation
    # One thread takes turns between proving and improving, deterministically; alone, the default
    # strategy rarely leaves a poor first schedule. Given good ones, it is the best at proofs.
    parameters.interleave_search = single and not only_proof
    if only_proof:
        parameters.linearization_level = 0
        # OR-Tools 9.15 was caught in false proofs with its usual conflict resolution: 903 for
        # setb4xyz, whose optimum is 902, with and without presolve. The newer one gave none in
        # several hundred runs, and is faster.
        parameters.use_new_integer_conflict_resolution = not effort.check
    elif not effort.relaxation and effort.workers < _ALL_STRATEGIES:
        # With few threads CP-SAT would spend one of them, often the only one that proves anything,
        # on the relaxation.
        parameters.subsolvers.extend(_WITHOUT_RELAXATION)
    # Literals for the order of any two tasks of a machine lead to other conflicts and clauses.
    parameters.use_strong_propagation_in_disjunctive = effort.check
    parameters.random_seed = effort.seed % 2**31
    if math.isfinite(effort.time_s):
        parameters.max_time_in_seconds = max(effort.time_s, 1e-3)
    if math.isfinite(effort.deterministic_s):
        parameters.max_deterministic_time = effort.deterministic_s
    parameters.relative_gap_limit = effort.gap
    parameters.cp_model_presolve = effort.presolve
    parameters.fix_variables_to_their_hinted_value = effort.fixed
    parameters.catch_sigint_signal = False
    parameters.max_memory_in_mb = _MEMORY_MB
    return parameters


def _found(response: Any, objective: Sum | None, helper: Any) -> Found:
    status = helper.CpSolverStatus
    answer = {
        status.OPTIMAL: Answer.OPTIMAL,
        status.FEASIBLE: Answer.FEASIBLE,
        status.INFEASIBLE: Answer.INFEASIBLE,
    }.get(response.status, Answer.UNKNOWN)
    if response.status == status.MODEL_INVALID:
        raise UnsupportedError(TOO_LARGE)
    values = None
    if answer in (Answer.OPTIMAL, Answer.FEASIBLE):
        values = list(response.solution)
    bound = None
    if objective is not None and answer is not Answer.INFEASIBLE:
        bound = _whole(response.best_objective_bound) + objective.offset
        if values is not None:
            value = value_of(objective, values)
            if answer is Answer.OPTIMAL and bound > value:
                bound = value
    return Found(answer, values, bound, deterministic_s=response.deterministic_time)


def value_of(total: Sum, values: list[int]) -> int:
    """Return what a sum is worth under an assignment."""
    return total.offset + sum(c * values[v] for v, c in total.coefficients.items())


def _whole(bound: float) -> int:
    """Return the integer lower bound that a float stands for."""
    if not math.isfinite(bound):
        return -(2**62)
    if abs(bound) < _LARGEST_EXACT_FLOAT:
        return math.ceil(bound - 1e-6)
    # A float this large may have been rounded up.
    return int(bound) - int(math.ulp(bound))


def complete(
    model: CpModelProto, hint: dict[int, int], objective: Sum, effort: Effort, stop: Stop | None
) -> list[int] | None:
    """Return values of all variables that agree with those of some, or None if there are none.

    CP-SAT does the work: with the hinted variables fixed, the rest follows by propagation.
    """
    set_hint(model, hint)
    found = minimise(model, objective, effort, stop=stop)
    return found.values


def set_hint(model: CpModelProto, hint: dict[int, int]) -> None:
    """Replace the hint of a model."""
    model.clear_solution_hint()
    model.solution_hint.vars.extend(list(hint))
    model.solution_hint.values.extend(list(hint.values()))
