"""The default method: rules, searches and exact proof, each helping the others."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait

import numpy as np

from headway.errors import UnsupportedError
from headway.model import Problem, Schedule
from headway.solve import (
    blocking,
    flexible,
    flow,
    hybrid,
    lns,
    max_lags,
    no_wait,
    project,
    rolling,
    shop,
    single,
    tabu,
)
from headway.solve.portfolio.board import Board
from headway.solve.portfolio.crew import CpsatWorker, RulesWorker, SearchWorker, Stint, Worker
from headway.solve.portfolio.mix import Crew, Part, Stage, stages
from headway.solve.result import Budget, Progress, Result, Status, Stop
from headway.solve.searcher import Searcher
from headway.solve.shape import shape

LARGEST_EXACT_MODEL = 60_000
"""Up to this many modes a CP-SAT model is built; beyond, it would eat the time and the memory."""

LARGEST_SETUP_ARCS = 2_000_000
"""Up to this many pairs of tasks with setups between them, likewise."""

LEAST_TO_DIVIDE = 20_000
"""From so many tasks on, shops are searched window by window."""

SEARCHERS: tuple[Searcher, ...] = (
    single.solve,
    flow.solve,
    no_wait.solve,
    blocking.solve,
    hybrid.solve,
    tabu.solve,
    flexible.solve,
    shop.solve,
    project.solve,
    max_lags.solve,
)
"""The searches, the most specific first. The first one that applies takes part: it knows more about
the problem than the later ones."""

_SHARE_OF_RULES = 0.1
_WATCH_S = 0.02
_SEED_STEP = 1_000_003


def solve(
    problem: Problem,
    budget: Budget,
    *,
    warm_start: Schedule | None,
    seed: int,
    on_progress: Callable[[Progress], None],
    stop: Stop,
) -> Result:
    """Solve with what suits the problem; see `headway.solve.solve` for the parameters.

    Priority rules give the first schedule within milliseconds. Then the searches that apply and
    CP-SAT work side by side, or in turns if there is one worker only: better schedules reach all
    of them, CP-SAT's bounds end the search, and whoever meets a bound ends the run. See
    `headway.solve.portfolio.mix.stages` for who gets how many threads when.
    """
    board = Board(problem, budget.gap, on_progress, stop)
    if warm_start is not None:
        board.offer(warm_start, "warm start")
    return Portfolio(board, budget, seed).run()


class Portfolio:
    """One run of the crew over a board.

    Parameters
    ----------
    board
        What is known, and how others learn of it.
    budget
        Time, threads and gap.
    seed
        Seed of all random choices.
    """

    def __init__(self, board: Board, budget: Budget, seed: int) -> None:
        self._began = time.perf_counter()
        self._board = board
        self._budget = budget
        self._seed = seed
        self._ran: list[tuple[Part, ...]] = []
        self._stints = 0
        self._cpsat: CpsatWorker | None = None
        self._refusal: UnsupportedError | None = None

    def run(self) -> Result:
        """Work until the problem is settled or the time is up.

        Raises
        ------
        UnsupportedError
            If no schedule is known and nobody can take the problem.
        """
        board, budget = self._board, self._budget
        problem = board.problem
        fits = _fits_exact_model(problem)
        known = (rolling.solve, *SEARCHERS) if problem.n_tasks >= LEAST_TO_DIVIDE else SEARCHERS
        searcher = next((s for s in known if s.applies(problem)), None)
        special = searcher is not None
        if fits and not special and lns.solve.applies(problem):
            searcher = lns.solve
        alone = not fits and searcher is None
        rules = Part(RulesWorker(sample=alone), 1)
        self._run(Stage((rules,), share=1.0 if alone else _SHARE_OF_RULES))
        if not self._over():
            crew = Crew(special=special)
            if searcher is not None:
                crew.search = SearchWorker(board, searcher, budget.gap)
            if fits:
                crew.prover = self._cpsat = CpsatWorker(budget.gap)
            for stage in stages(problem, crew, budget.workers):
                for worker in self._run(stage):
                    crew.dismiss(worker)
                if self._over():
                    break
        return self._result()

    @property
    def _left(self) -> float:
        return self._budget.time_limit_s - (time.perf_counter() - self._began)

    def _over(self) -> bool:
        return self._board.over or self._left <= 0

    def _run(self, stage: Stage) -> list[Worker]:
        """Run a stage; return who has nothing more to give."""
        seconds = min(stage.share * self._left, stage.limit_s)
        stop = Stop()
        self._ran.append(stage.parts)
        with ThreadPoolExecutor(len(stage.parts), thread_name_prefix="headway-crew") as pool:
            pending: dict[Future[bool], Worker] = {}
            for part in stage.parts:
                stint = Stint(
                    part.threads,
                    seconds,
                    self._next_seed(),
                    stage.effort,
                    helped=stage.helped,
                    persistent=stage.persistent,
                )
                pending[pool.submit(part.worker.work, self._board, stint, stop)] = part.worker
            until = time.perf_counter() + seconds
            running = set(pending)
            while running:
                ended, running = wait(running, _WATCH_S, return_when=FIRST_COMPLETED)
                # Once one has ended the others stop too: the next stage gives them its threads.
                if ended or self._board.over or time.perf_counter() >= until:
                    stop.set()
        return [worker for future, worker in pending.items() if not self._goes_on(future)]

    def _goes_on(self, future: Future[bool]) -> bool:
        try:
            return future.result()
        except UnsupportedError as error:
            self._refusal = error
            return False

    def _next_seed(self) -> int:
        """Return a seed that no one has had; the first is the one given."""
        seed = self._seed + _SEED_STEP * self._stints
        self._stints += 1
        return seed

    def _result(self) -> Result:
        board = self._board
        last = None if self._cpsat is None else self._cpsat.result
        infeasible = board.best is None and last is not None and last.status is Status.INFEASIBLE
        if infeasible:
            status = Status.INFEASIBLE
        elif board.best is None:
            status = Status.UNKNOWN
        else:
            status = Status.OPTIMAL if board.settled else Status.FEASIBLE
        if status is Status.UNKNOWN and self._refusal is not None:
            raise self._refusal
        return Result(
            problem=board.problem,
            schedule=board.best,
            status=status,
            bound=None if infeasible else board.bound,
            trajectory=board.trajectory,
            method="+".join(self._names()),
            reason=self._reason(),
            time_s=time.perf_counter() - self._began,
            conflict=last.conflict if infeasible and last is not None else (),
            seed=self._seed,
        )

    def _names(self) -> list[str]:
        workers = (part.worker.name for parts in self._ran for part in parts)
        return list(dict.fromkeys(workers))

    def _reason(self) -> str:
        """Return who worked on what, and why they stopped."""
        steps = dict.fromkeys(" beside ".join(map(_told, parts)) for parts in self._ran)
        text = f"{shape(self._board.problem)}: {', then '.join(steps)}"
        if self._board.settled:
            doubt = self._doubt()
            return f"{text}; {doubt}" if doubt else text
        if self._refusal is not None:
            return f"{text}; {self._refusal}"
        stopped = self._board.stop.is_set()
        return f"{text}; {'stopped from outside' if stopped else 'time limit reached'}"

    def _doubt(self) -> str:
        """Return what CP-SAT says of a proof of its own that ended the run."""
        last = None if self._cpsat is None else self._cpsat.result
        proven = last is not None and last.status is Status.OPTIMAL
        return last.reason if last is not None and proven else ""


def _told(part: Part) -> str:
    threads = "" if part.threads == 1 else f" ({part.threads} threads)"
    return f"{part.worker.title}{threads}"


def _fits_exact_model(problem: Problem) -> bool:
    if problem.n_modes > LARGEST_EXACT_MODEL:
        return False
    machine = problem.resources.setup >= 0
    _, resource, _ = problem.occupied
    users = np.bincount(resource, minlength=problem.n_resources)[machine]
    return int((users.astype(np.int64) ** 2).sum()) <= LARGEST_SETUP_ARCS
