"""The crew: those who work on one problem, each in its own way, over one board."""

from __future__ import annotations

import math
import threading
import time
from dataclasses import dataclass
from typing import Protocol, Self

from headway.model.schedule import Schedule
from headway.model.tables import FOREVER
from headway.solve import rules
from headway.solve.portfolio.board import Board
from headway.solve.result import Budget, Result, Status, Stop
from headway.solve.searcher import Searcher, goal_of

_LEAST_TIME_S = 0.01
_WATCH_S = 0.02

_LISTEN_AFTER_S = 2.0
"""CP-SAT takes no better schedule from outside once it runs, so it starts again, but not before
it has had this long; twice as long each time, since it forgets what it has learned."""

_GIVE_UP_AFTER_S = 10.0
_GIVE_UP_SHARE = 0.2
_GIVE_UP_LIMIT_S = 120.0
_HOPELESS_GAP = 0.02
"""A prover whose bound has not moved for long makes room, unless the gap is as small as this."""


@dataclass(frozen=True, slots=True)
class Stint:
    """What one of the crew may spend at a time.

    Attributes
    ----------
    threads
        How many may be used.
    seconds
        Wall-clock time.
    seed
        Seed of all random choices.
    effort
        Seconds' worth of work counted in moves, not by the clock, so that the same comes out
        everywhere; infinite for no such limit.
    helped
        Whether others look for better schedules, at the same time or in turns, so that whoever
        can prove something should do that.
    persistent
        Whether to go on even if a proof does not seem to come.
    """

    threads: int
    seconds: float
    seed: int
    effort: float = math.inf
    helped: bool = False
    persistent: bool = False


class Worker(Protocol):
    """One of the crew."""

    name: str
    title: str

    def work(self, board: Board, stint: Stint, stop: Stop) -> bool:
        """Work until the stint is spent or `stop` is set; return whether to be called again.

        Raises
        ------
        UnsupportedError
            If the problem is more than this worker can take; the others go on.
        """
        ...


class RulesWorker:
    """Priority rules: the first schedule, within milliseconds."""

    name = "rules"
    title = "priority rules"

    def __init__(self, *, sample: bool = False) -> None:
        self._sample = sample

    def work(self, board: Board, stint: Stint, stop: Stop) -> bool:
        """Run every rule once, or sample around the best ones until the end."""
        result = rules.solve(
            board.problem,
            Budget(max(stint.seconds, _LEAST_TIME_S)),
            warm_start=board.best,
            seed=stint.seed,
            on_progress=board.hear,
            stop=stop,
            sample=self._sample,
        )
        _take(board, result, self.name)
        return False


def _take(board: Board, result: Result, author: str) -> None:
    if result.schedule is not None:
        board.offer(result.schedule, author)
    if result.bound is not None and result.status is not Status.INFEASIBLE:
        board.raise_bound(result.bound, author)


class SearchWorker:
    """A native search that applies to the problem.

    It is told of better schedules and bounds while it runs.
    """

    def __init__(self, board: Board, searcher: Searcher, gap: float) -> None:
        self.name = searcher.name
        self.title = searcher.title
        self._pace = searcher.pace
        self._gap = gap
        self._search = searcher.search(board.problem)
        bound = searcher.bound(board.problem)
        if bound > -FOREVER:
            board.raise_bound((bound,), self.name)
        if board.best is not None:
            self._search.offer(board.best)
        self._board = board
        self._heard("", None)
        board.listen(self._heard)

    def work(self, board: Board, stint: Stint, stop: Stop) -> bool:
        """Search on from where the last stint ended."""
        moves = None if stint.effort == math.inf else max(1, int(stint.effort * self._pace))
        until = time.perf_counter() + stint.seconds
        found = self._search.run(
            workers=stint.threads,
            moves=moves,
            time_limit_s=max(stint.seconds, 0.0),
            seed=stint.seed,
            stop=stop,
            on_improvement=lambda schedule: self._found(board, schedule),
        )
        if found.proven and found.schedule is not None and self._gap == 0:
            board.raise_bound(found.schedule.objective_values, self.name)
        if self._search.bound is not None:
            board.raise_bound((self._search.bound,), self.name)
        # If nothing made it end, it has nothing more to try.
        ended = stop.is_set() or board.over or time.perf_counter() >= until
        return moves is not None or ended

    def _found(self, board: Board, schedule: Schedule) -> None:
        board.offer(schedule, self.name)

    def _heard(self, author: str, schedule: Schedule | None) -> None:
        if schedule is not None and author != self.name:
            self._search.offer(schedule)
        if self._board.bound:
            self._search.raise_goal(goal_of(self._board.bound[0], self._gap))


class CpsatWorker:
    """CP-SAT on the complete model: proofs, and whatever no search takes.

    Its last answer is `result`. It cannot be told of better schedules while it runs. When others
    have found one, it starts again from that one, with the narrower windows that it implies.
    """

    name = "cpsat"
    title = "CP-SAT"

    def __init__(self, gap: float) -> None:
        self.result: Result | None = None
        self._gap = gap

    def work(self, board: Board, stint: Stint, stop: Stop) -> bool:
        """Run until settled, out of time, or without hope while others could use the threads."""
        from headway.solve import cpsat  # takes its time, which counts

        until = time.perf_counter() + stint.seconds
        patience = _LISTEN_AFTER_S
        while not (board.over or stop.is_set()) and time.perf_counter() < until:
            start = board.best
            with _Round(board, stop, patience, _despair_after(stint)) as round_:
                self.result = cpsat.solve(
                    board.problem,
                    Budget(
                        max(until - time.perf_counter(), _LEAST_TIME_S),
                        stint.threads,
                        self._gap,
                    ),
                    warm_start=start,
                    seed=stint.seed,
                    on_progress=board.hear,
                    stop=round_.stop,
                    known_bound=board.bound,
                    proof=stint.helped and start is not None,
                    deterministic_s=stint.effort,
                )
            if self.result.status is Status.INFEASIBLE:
                board.close()
            _take(board, self.result, self.name)
            if stint.effort < math.inf:
                return True
            if not round_.outdated:
                # Nobody asked it to end: it has proven all it can, or has no memory left.
                if not round_.stop.is_set() and time.perf_counter() < until:
                    return False
                break
            patience *= 2
        return stint.persistent or not stint.helped or not _is_far(board)


def _is_far(board: Board) -> bool:
    """Return whether a proof is not to be expected soon."""
    return board.gap is None or board.gap > _HOPELESS_GAP


def _despair_after(stint: Stint) -> float:
    """Return after how many seconds without a better bound a prover gives up."""
    if stint.persistent or not stint.helped:
        return math.inf
    return max(_GIVE_UP_AFTER_S, min(_GIVE_UP_SHARE * stint.seconds, _GIVE_UP_LIMIT_S))


class _Round:
    """One run of CP-SAT: ends it when it is outdated, hopeless, or the stint is over."""

    def __init__(self, board: Board, stop: Stop, patience: float, despair_after: float) -> None:
        self.stop = Stop()
        self.outdated = False
        self._board = board
        self._outer = stop
        self._patience = patience
        self._despair_after = despair_after
        self._over = threading.Event()
        self._began = self._raised = time.perf_counter()
        self._bound = board.bound
        self._start = board.best
        self._watch = threading.Thread(target=self._run, name="headway-round", daemon=True)

    def __enter__(self) -> Self:
        self._watch.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._over.set()
        self._watch.join()

    @property
    def _is_outdated(self) -> bool:
        board = self._board
        return board.best is not self._start and board.author != CpsatWorker.name

    def _run(self) -> None:
        while not self._over.wait(_WATCH_S):
            now = time.perf_counter()
            board = self._board
            if board.bound != self._bound:
                self._bound, self._raised = board.bound, now
            self.outdated = now - self._began >= self._patience and self._is_outdated
            hopeless = _is_far(board) and now - self._raised >= self._despair_after
            if self.outdated or hopeless or self._outer.is_set() or board.over:
                self.stop.set()
                return
