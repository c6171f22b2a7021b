"""What the threads of the search do and share: draw a window, solve it, put it back."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from headway.model.problem import Problem
from headway.model.schedule import Schedule
from headway.model.tables import FOREVER
from headway.solve import rules
from headway.solve.result import Budget, Stop
from headway.solve.rolling.part import Part, part_of, put_back
from headway.solve.rolling.shop import Shop, State
from headway.solve.search import Halt, Search
from headway.solve.searcher import Searcher
from headway.solve.window import Window

if TYPE_CHECKING:
    from headway.solve.rolling.search import Settings

_MEMORY = 0.8
"""How much of what is known of a window size survives a step."""

_CURIOSITY = 0.2
"""Share of steps that are spread evenly over all sizes."""

_AT_BENDS = 0.75
"""Share of windows that lie around a place where a critical path changes machines; nowhere else
can the path get shorter."""

_GAIN_UNIT = 1e4
"""A gain of a hundredth of a percent counts as one."""

_PAUSE_S = 0.01
"""How long to wait if the window that was drawn overlaps one in work."""

_LEAST_MOVES = 64
_OVERHEAD = 100
"""What building a window costs, in moves."""


@dataclass(slots=True)
class Size:
    """How many tasks windows have, and what that has brought lately."""

    tasks: int
    gain: float = 1.0
    effort: float = 1.0


@dataclass(frozen=True, slots=True)
class Stretch:
    """A window in work: where it lies, and in which state's order."""

    size: Size
    first: int
    last: int
    seed: int
    moves: int


@dataclass(frozen=True, slots=True)
class Answer:
    """A schedule of a window, or of the whole shop."""

    stretch: Stretch
    part: Part | None
    schedule: Schedule
    version: int


@dataclass(slots=True)
class Shared:
    """What the threads of a search share, under one lock."""

    state: State | None = None
    version: int = 0
    offered: Schedule | None = None
    goal: int = -FOREVER
    active: list[Stretch] = field(default_factory=list)


class Worker:
    """What the threads of a search do."""

    def __init__(self, problem: Problem, settings: Settings, solver: Searcher) -> None:
        self.problem = problem
        self.settings = settings
        self.solver = solver
        self.shop = Shop(problem)
        self.lock = threading.RLock()
        self.shared = Shared()
        n = problem.n_tasks
        sizes = [size for size in settings.sizes if size < n]
        self.sizes = [Size(size) for size in sizes]
        if settings.whole or not sizes:
            # Never far from the best choice, so it is tried about as often as the others together.
            self.sizes.append(Size(n, gain=1.0 + len(sizes)))
        self._whole: Search | None = None

    def offer(self, schedule: Schedule) -> None:
        """Note a schedule for the next step to go on from."""
        with self.lock:
            known = self.shared.offered
            if known is None or schedule.makespan < known.makespan:
                self.shared.offered = schedule

    def raise_goal(self, goal: int) -> None:
        """Be content with a makespan."""
        with self.lock:
            self.shared.goal = max(self.shared.goal, goal)
            if self._whole is not None:
                self._whole.raise_goal(self.shared.goal)

    def run(
        self, seed: int, iterations: int, stop: Halt, on_improvement: Callable[..., None]
    ) -> int:
        """Work through windows, in the calling thread, until a limit or the goal."""
        steps = Steps(self, seed, stop, on_improvement)
        made = 0
        while made < iterations and not stop.is_set():
            state = self.current(seed, stop, on_improvement)
            if state is None or state.makespan <= self.shared.goal:
                break
            steps.step(state)
            made += 1
        return made

    def current(self, seed: int, halt: Halt, on_improvement: Callable[..., None]) -> State | None:
        """Return the best decisions there are; None if there was no time to find any."""
        with self.lock:
            shared = self.shared
            offered, shared.offered = shared.offered, None
            if offered is None and shared.state is None:
                offered = _first_schedule(self.problem, seed, halt)
            if offered is not None:
                state = self.shop.state_of(offered)
                if state is not None:
                    self.replace(state, on_improvement)
            return shared.state

    def whole(self) -> Search:
        """Return the search of the whole shop, which keeps what it has learnt."""
        with self.lock:
            if self._whole is None:
                self._whole = self.solver.search(self.problem)
                self._whole.raise_goal(self.shared.goal)
            return self._whole

    def replace(self, state: State, on_improvement: Callable[..., None]) -> bool:
        """Take over decisions of the whole shop if they are better."""
        with self.lock:
            known = self.shared.state
            if known is not None and state.makespan >= known.makespan:
                return False
            self.shared.state = self.shop.sorted_by_time(state)
            self.shared.version += 1
            self.shared.active.clear()
        self._tell(state, on_improvement)
        return True

    def take(self, answer: Answer, on_improvement: Callable[..., None]) -> float:
        """Take over an answer unless that makes the whole worse; return the relative gain."""
        with self.lock:
            known = self.shared.state
            assert known is not None
            if answer.part is None:
                state = self.shop.state_of(answer.schedule)
            elif self.shared.version == answer.version:
                first = answer.stretch.first
                state = put_back(self.shop, known, first, answer.part, answer.schedule)
            else:
                state = None  # the whole has been replaced since
            if state is None or state.makespan > known.makespan:
                return 0.0
            if answer.part is not None:
                self.shared.state = state
        if state.makespan == known.makespan:
            return 0.0
        if answer.part is None:
            self.replace(state, on_improvement)
        else:
            self._tell(state, on_improvement)
        return (known.makespan - state.makespan) / known.makespan

    def _tell(self, state: State, on_improvement: Callable[..., None]) -> None:
        schedule = self.shop.schedule(state)
        on_improvement(state.makespan, schedule.start, schedule.end, schedule.mode)


def _first_schedule(problem: Problem, seed: int, halt: Halt) -> Schedule | None:
    """Return the first schedule that a priority rule finds."""
    enough = Stop()
    with halt.calling(enough.set):
        return rules.solve(
            problem,
            Budget(math.inf),
            warm_start=None,
            seed=seed % 2**32,
            on_progress=lambda _: enough.set(),
            stop=enough,
        ).schedule


class Steps(Window[State, Stretch, "Part | None", Answer]):
    """The steps of one thread."""

    def __init__(
        self, worker: Worker, seed: int, halt: Halt, on_improvement: Callable[..., None]
    ) -> None:
        self._worker = worker
        self._halt = halt
        self._on_improvement = on_improvement
        self._random = np.random.default_rng(seed)
        self._version = 0

    def select(self, state: State) -> Stretch | None:
        """Return a stretch that no other thread works on."""
        worker, random = self._worker, self._random
        n = worker.problem.n_tasks
        with worker.lock:
            shared = worker.shared
            self._version = shared.version
            if not shared.active and shared.state is not None:
                state = shared.state = worker.shop.sorted_by_time(shared.state)
            rate = np.array([size.gain / size.effort for size in worker.sizes])
            share = _CURIOSITY / len(rate) + (1 - _CURIOSITY) * rate / max(rate.sum(), 1e-12)
            size = worker.sizes[int(random.choice(len(rate), p=share / share.sum()))]
            at = self._place(state)
            length = size.tasks
            first = int(np.clip(at - random.integers(length), 0, n - length))
            last = first + length
            # The rest would be too short to be told from the window's own tasks.
            first = 0 if first < length // 2 else first
            last = n if n - last < length // 2 else last
            moves = max(_LEAST_MOVES, worker.settings.effort // (last - first))
            stretch = Stretch(size, first, last, int(random.integers(2**31)), moves)
            if length < n:
                if any(first < other.last and other.first < last for other in shared.active):
                    return None
                shared.active.append(stretch)
            return stretch

    def step(self, state: State) -> bool:
        """Try to improve one window, or wait a moment if another thread works on it."""
        choice = self.select(state)
        if choice is None:
            self._halt.wait(_PAUSE_S)
            return False
        return self.commit(self.solve(state, choice, self.freeze(state, choice)))

    def _place(self, state: State) -> int:
        """Return a place in the linear order around which to look."""
        random, shop = self._random, self._worker.shop
        if random.random() < _AT_BENDS:
            duration = shop.problem.modes.duration[state.mode]
            first, second = shop.neighbours(state.mode, state.order)
            bend = (state.head + state.tail == state.makespan) & (state.head > 0)
            bend[second[state.head[first] + duration[first] == state.head[second]]] = False
            places = np.flatnonzero(bend[state.order])
            if len(places):
                return int(random.choice(places))
        return int(random.integers(len(state.order)))

    def freeze(self, state: State, choice: Stretch) -> Part | None:
        """Return the window as a shop; None stands for the whole shop itself."""
        worker = self._worker
        if choice.size.tasks == worker.problem.n_tasks:
            return None
        with worker.lock:
            state = worker.shared.state or state
        tasks = state.order[choice.first : choice.last]
        fixed = worker.settings.fixing(worker.shop, state, tasks, self._random)
        return part_of(worker.shop, state, choice.first, choice.last, fixed)

    def solve(self, state: State, choice: Stretch, part: Part | None) -> Answer:
        """Let the native search make its moves."""
        worker = self._worker
        if part is None:
            search, start = worker.whole(), worker.shop.schedule(state)
        else:
            search, start = worker.solver.search(part.problem), part.start
        search.offer(start)
        found = search.run(moves=choice.moves, seed=choice.seed, stop=self._halt)
        return Answer(choice, part, found.schedule or start, self._version)

    def commit(self, answer: Answer) -> bool:
        """Put the answer back if that makes the whole no worse, and note how well it went."""
        worker = self._worker
        gain = worker.take(answer, self._on_improvement)
        stretch, size = answer.stretch, answer.stretch.size
        with worker.lock:
            if stretch in worker.shared.active:
                worker.shared.active.remove(stretch)
            effort = (stretch.moves + _OVERHEAD) * (stretch.last - stretch.first)
            size.gain = _MEMORY * size.gain + gain * _GAIN_UNIT
            size.effort = _MEMORY * size.effort + effort / worker.settings.effort
        return gain > 0
