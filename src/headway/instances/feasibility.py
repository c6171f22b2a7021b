"""How well does a planner find valid schedules? The measures of R-ConstraintBench.

A planner is anything that takes a problem and returns a schedule, the starts of all tasks, or None.
Its answers are judged by `headway.verify`, and every broken rule is counted under one of six
headings. Counting only the first broken rule of an answer would hide how constraints interact, so
both counts are kept.

>>> from headway.instances.feasibility import evaluate
>>> score = evaluate(lambda problem: None, levels=[5], per_level=2, seed=1)
>>> score.rates, score.first_errors
({5: 0.0}, {<Error.FORMAT: 'format'>: 2})
"""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from statistics import median

import numpy as np

from headway.instances.rconstraint import Planted, plant
from headway.model.problem import Problem
from headway.model.schedule import Schedule
from headway.model.tables import FOREVER, LARGEST_TIME, ResourceKind, ints
from headway.model.verify import ViolationKind, verify

Answer = Schedule | Sequence[int] | np.ndarray | None
Planner = Callable[[Problem], Answer]


class Error(StrEnum):
    """What is wrong with an answer, in the order in which the first error is looked for."""

    FORMAT = "format"
    """No answer, tasks missing, or something that is not one whole number per task."""
    PRECEDENCE = "precedence"
    CAPACITY = "capacity"
    DOWNTIME = "downtime"
    WINDOW = "window"
    DISJUNCTIVE = "disjunctive"


_HEADINGS = {
    ViolationKind.MIN_LAG: Error.PRECEDENCE,
    ViolationKind.CAPACITY: Error.CAPACITY,
    ViolationKind.BREAK: Error.DOWNTIME,
    ViolationKind.WINDOW: Error.WINDOW,
    ViolationKind.OVERLAP: Error.DISJUNCTIVE,
}
"""Any other kind of violation means that the answer is not a plan at all: a format error."""


def grade(problem: Problem, answer: Answer) -> dict[Error, int]:
    """Count what is wrong with an answer; an empty count means that it is valid.

    Parameters
    ----------
    problem
        What was asked.
    answer
        A schedule of this very problem, one start per task, or None.
    """
    schedule = _as_schedule(problem, answer)
    if schedule is None:
        return {Error.FORMAT: 1}
    found: Counter[Error] = Counter()
    for kind, count in verify(problem, schedule).kinds.items():
        found[_HEADINGS.get(kind, Error.FORMAT)] += count
    return {error: found[error] for error in Error if found[error]}


def _as_schedule(problem: Problem, answer: Answer) -> Schedule | None:
    """Return the answer as a schedule, or None if it is not one whole number per task."""
    if answer is None:
        return None
    if isinstance(answer, Schedule):
        return answer if answer.problem == problem else None
    try:
        starts = np.asarray(answer)
    except ValueError:  # rows of different lengths
        return None
    if starts.shape != (problem.n_tasks,) or starts.dtype.kind not in "iu":
        return None
    if starts.size and max(abs(int(starts.min())), abs(int(starts.max()))) > LARGEST_TIME:
        return None
    return Schedule.of(problem, ints(starts))


@dataclass(frozen=True)
class Level:
    """How a planner did on the instances of one level.

    Parameters
    ----------
    edges
        The level: number of precedence arcs.
    instances
        How many there were.
    solved
        How many answers were valid.
    first_errors
        How often each error was the first one found in an answer.
    all_errors
        How many violations of each kind there were in all answers.
    times_s
        Wall-clock seconds that each answer took.
    """

    edges: int
    instances: int
    solved: int
    first_errors: Mapping[Error, int]
    all_errors: Mapping[Error, int]
    times_s: tuple[float, ...]

    @property
    def rate(self) -> float:
        """Share of valid answers."""
        return self.solved / self.instances

    @property
    def median_s(self) -> float:
        """Median time of an answer, in seconds."""
        return median(self.times_s)


@dataclass(frozen=True)
class Score:
    """How a planner did on growing levels.

    Parameters
    ----------
    levels
        By increasing number of arcs.
    """

    levels: tuple[Level, ...]

    @property
    def rates(self) -> dict[int, float]:
        """Feasibility rate by level: the share of valid answers."""
        return {level.edges: level.rate for level in self.levels}

    def threshold(self, share: float = 0.5) -> int | None:
        """Return the degradation threshold: the first level whose rate is below `share`, if any."""
        return next((level.edges for level in self.levels if level.rate < share), None)

    @property
    def wauc(self) -> float:
        """Weighted area under the curve of rates, 0 to 1; a level weighs as much as it has arcs."""
        weights = sum(level.edges for level in self.levels)
        if not weights:
            return float(np.mean([level.rate for level in self.levels]))
        return sum(level.edges * level.rate for level in self.levels) / weights

    @property
    def first_errors(self) -> dict[Error, int]:
        """How often each error was the first one found in an answer, over all levels."""
        return _summed(level.first_errors for level in self.levels)

    @property
    def all_errors(self) -> dict[Error, int]:
        """How many violations of each kind there were, over all levels."""
        return _summed(level.all_errors for level in self.levels)


def _summed(counts: Iterable[Mapping[Error, int]]) -> dict[Error, int]:
    total: Counter[Error] = Counter()
    for count in counts:
        total.update(count)
    return {error: total[error] for error in Error if total[error]}


def evaluate(
    planner: Planner,
    levels: Iterable[int],
    per_level: int,
    seed: int,
    *,
    phase: int = 4,
    tasks: int = 20,
    probability: float = 0.75,
    slack: float = 4.0,
    migration: bool = False,
) -> Score:
    """Ask a planner for schedules of random instances and score its answers.

    Parameters
    ----------
    planner
        Gets a problem; returns a schedule, one start per task, or None if it finds none.
    levels
        Numbers of precedence arcs.
    per_level
        How many instances of each level.
    seed
        The same seed asks the same questions, whatever the planner.
    phase, tasks, probability, slack, migration
        See `headway.instances.rconstraint.rconstraint`.
    """
    scored = []
    for edges in sorted(levels):
        answers = []
        for index in range(per_level):
            planted = question(
                seed,
                index,
                edges=edges,
                phase=phase,
                tasks=tasks,
                probability=probability,
                slack=slack,
                migration=migration,
            )
            begun = time.perf_counter()
            answer = planner(planted.problem)
            took = time.perf_counter() - begun
            answers.append((grade(planted.problem, answer), took))
        scored.append(
            Level(
                edges,
                per_level,
                sum(not errors for errors, _ in answers),
                _summed({next(iter(errors)): 1} for errors, _ in answers if errors),
                _summed(errors for errors, _ in answers),
                tuple(took for _, took in answers),
            )
        )
    return Score(tuple(scored))


def question(seed: int, index: int, *, edges: int, phase: int = 4, **settings: object) -> Planted:
    """Return one of the instances of `evaluate`: number `index` of a level and phase."""
    mixed = np.random.SeedSequence([seed, phase, edges, index])
    return plant(
        edges=edges,
        phase=phase,
        seed=np.random.default_rng(mixed),
        **settings,  # type: ignore[arg-type]
    )


def describe(problem: Problem) -> str:
    """Return the problem in words, for planners that read: a language model, or a person.

    Covers what `rconstraint` draws: one mode per task, precedence, windows, shared resources with
    downtimes, and machines.
    """
    tasks, modes, resources = problem.tasks, problem.modes, problem.resources
    lines = ["Give every task a whole-number start time, 0 or later, so that all rules hold."]
    lines += ["", "Resources:"]
    users: dict[int, list[int]] = {}
    needs: list[list[str]] = []
    for i in range(problem.n_tasks):
        row = slice(modes.demand_ptr[i], modes.demand_ptr[i + 1])
        amounts = dict(
            zip(modes.demand_resource[row].tolist(), modes.demand_amount[row].tolist(), strict=True)
        )
        needs.append(
            [
                f"{q} of {resources.name[r]}"
                for r, q in amounts.items()
                if resources.kind[r] == ResourceKind.RENEWABLE
            ]
        )
        for r in amounts:
            users.setdefault(r, []).append(i)
    for r, name in enumerate(resources.name):
        if resources.kind[r] != ResourceKind.RENEWABLE:
            continue
        row = slice(resources.break_ptr[r], resources.break_ptr[r + 1])
        downs = zip(resources.break_start[row], resources.break_end[row], strict=True)
        text = f"- {name}: {resources.capacity[r]} units"
        lines.append(text + "".join(f"; down from {a} to {b}, b excluded" for a, b in downs))
    lines += ["", "Tasks (a task that starts at s and takes p runs from s to s + p, excluded):"]
    for i in range(problem.n_tasks):
        text = f"- {i} ({tasks.name[i]}): takes {modes.duration[i]}"
        text += f", needs {', '.join(needs[i])}" if needs[i] else ""
        text += f", starts at {tasks.earliest_start[i]} or later" if tasks.earliest_start[i] else ""
        text += (
            f", ends at {tasks.latest_end[i]} or earlier" if tasks.latest_end[i] < FOREVER else ""
        )
        lines.append(text)
    lines += ["", "Order (the first ends before the second starts):"]
    arcs = zip(problem.relations.before, problem.relations.after, strict=True)
    lines += [f"- {before} before {after}" for before, after in arcs] or ["- none"]
    lines += ["", "Never at the same time:"]
    pairs = [users[r] for r in sorted(users) if resources.kind[r] == ResourceKind.MACHINE]
    lines += [f"- {' and '.join(map(str, pair))}" for pair in pairs] or ["- none"]
    lines += ["", f"Answer with a JSON list of {problem.n_tasks} start times, task 0 first."]
    return "\n".join(lines)


def reading_planner(complete: Callable[[str], str]) -> Planner:
    """Return a planner that puts the problem in words and reads starts from the reply.

    Parameters
    ----------
    complete
        For instance a call of a language model: text in, text out. The last JSON list of the
        reply counts; a reply without one is no answer.
    """

    def planner(problem: Problem) -> Answer:
        reply = complete(describe(problem))
        end = reply.rfind("]")
        begin = reply.rfind("[", 0, end)
        try:
            starts = json.loads(reply[begin : end + 1]) if begin >= 0 else None
        except ValueError:
            return None
        return starts if isinstance(starts, list) else None

    return planner
