"""The mix: who works on a problem, with how many threads, in which order."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count

from headway.model.problem import Problem
from headway.solve.portfolio.crew import Worker

LARGEST_PROVABLE = 250
"""Up to this many tasks CP-SAT often proves the optimum once a good schedule is known."""

_FIRST_SHARE = 0.1
_FIRST_S_PER_TASK = 0.005
"""How long searches have all threads before CP-SAT joins where a proof can be expected: a share
of the time, but no longer than this."""

_EXACT_SHARE = 0.25
_EXACT_LIMIT_S = 5.0
"""How long CP-SAT has all threads first on small problems that no search knows."""

_LARGE_SHARE = 0.3
_LARGE_LIMIT_S = 60.0
"""Likewise, where none can be expected."""

_PROVING_SHARE = 0.4
"""How long CP-SAT then tries before it goes, unless it comes close; as a share of what is left."""

_ROUND_S = 1.0
"""Worth of the first turn when one worker does everything; turns grow by half."""

_GROWTH = 1.5


@dataclass(frozen=True, slots=True)
class Part:
    """One of the crew with its threads in one stage."""

    worker: Worker
    threads: int


@dataclass(frozen=True, slots=True)
class Stage:
    """Some of the crew at work at the same time.

    Attributes
    ----------
    parts
        Who, with how many threads.
    share
        Share of the time that is left.
    limit_s
        Most seconds.
    effort
        As in `Stint`.
    helped, persistent
        As in `Stint`.
    """

    parts: tuple[Part, ...]
    share: float = 1.0
    limit_s: float = math.inf
    effort: float = math.inf
    helped: bool = False
    persistent: bool = False


@dataclass(slots=True)
class Crew:
    """Who there is for a problem, beyond the rules.

    Attributes
    ----------
    search
        The search that takes part, or None.
    prover
        CP-SAT, or None where its model would not fit.
    special
        Whether the search knows this kind of problem.
    """

    search: Worker | None = None
    prover: Worker | None = None
    special: bool = True

    def dismiss(self, worker: Worker) -> None:
        """Let somebody go who has nothing more to give."""
        if worker is self.search:
            self.search = None
        else:
            self.prover = None


def stages(problem: Problem, crew: Crew, threads: int) -> Iterator[Stage]:
    """Yield stages until the time is up; the crew may shrink between them.

    With one thread the crew takes turns, measured in effort, not by the clock, so that the same
    seed gives the same answer. With several, the search and CP-SAT run side by side: CP-SAT proves
    best with one thread and a good schedule to start from, so it joins once there is one. Small
    problems of a kind that no search knows it often solves at once, so there it begins. Where no
    proof can be expected, its threads go back to the search unless it comes close; the proof of
    a small problem comes at once, after a long time in which the bound tells nothing.
    """
    if threads == 1:
        yield from _turns(crew)
        return
    provable = problem.n_tasks <= LARGEST_PROVABLE
    if crew.search is not None and crew.prover is not None:
        yield _opening(problem, crew.search, crew.prover, threads, special=crew.special)
    while crew.search is not None or crew.prover is not None:
        if crew.search is None or crew.prover is None:
            yield from _alone(crew, threads)
            continue
        proving = max(1, threads // (2 if provable else 4))
        parts = Part(crew.search, threads - proving), Part(crew.prover, proving)
        share = 1.0 if provable else _PROVING_SHARE
        yield Stage(parts, share=share, helped=True, persistent=provable)


def _opening(
    problem: Problem, search: Worker, prover: Worker, threads: int, *, special: bool
) -> Stage:
    """Return the first stage, in which one of the two has all threads."""
    if problem.n_tasks > LARGEST_PROVABLE:
        return Stage((Part(search, threads),), share=_LARGE_SHARE, limit_s=_LARGE_LIMIT_S)
    if not special:
        return Stage((Part(prover, threads),), share=_EXACT_SHARE, limit_s=_EXACT_LIMIT_S)
    limit_s = _FIRST_S_PER_TASK * problem.n_tasks
    return Stage((Part(search, threads),), share=_FIRST_SHARE, limit_s=limit_s)


def _alone(crew: Crew, threads: int) -> Iterator[Stage]:
    worker = crew.prover if crew.search is None else crew.search
    if worker is not None:
        yield Stage((Part(worker, threads),))


def _turns(crew: Crew) -> Iterator[Stage]:
    for turn in count():
        effort = _ROUND_S * _GROWTH**turn
        if crew.search is None or crew.prover is None:
            break
        yield Stage((Part(crew.search, 1),), effort=effort, helped=True)
        if crew.prover is not None:
            yield Stage((Part(crew.prover, 1),), effort=effort, helped=True)
    while crew.search is not None or crew.prover is not None:
        yield from _alone(crew, 1)
