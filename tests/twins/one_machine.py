"""One machine in plain Python: what orders cost, and heuristics as slowly as they are written."""

from __future__ import annotations

import random
from collections.abc import Sequence
from itertools import permutations

import headway as hw
from headway.model import FOREVER, Problem


def tardiness(work: Sequence[int], due: Sequence[int], order: Sequence[int]) -> int:
    now = total = 0
    for job in order:
        now += work[job]
        total += max(0, now - due[job])
    return total


def augmented(work: Sequence[int], due: Sequence[int], order: Sequence[int]) -> list[int]:
    """After each job, the best strictly better move of one job to the end."""
    partial: list[int] = []
    for job in order:
        partial.append(job)
        trials = [[*partial[:i], *partial[i + 1 :], partial[i]] for i in range(len(partial) - 1)]
        partial = min([partial, *trials], key=lambda trial: tardiness(work, due, trial))
    return partial


def cannot_be_improved_by_insertion(work, due, order) -> bool:
    value = tardiness(work, due, order)
    for i in range(len(order)):
        rest = [*order[:i], *order[i + 1 :]]
        for j in range(len(order)):
            if tardiness(work, due, [*rest[:j], order[i], *rest[j:]]) < value:
                return False
    return True


def eddc(work: Sequence[int], due: Sequence[int]) -> list[int]:
    """As specified, with every sum taken afresh."""
    order = sorted(range(len(work)), key=lambda j: (work[j], due[j]))
    for i in range(1, len(order)):
        j = i
        while j > 0 and due[order[j]] < due[order[j - 1]]:
            if due[order[j - 1]] > sum(work[k] for k in order[:j]):
                order[j - 1], order[j] = order[j], order[j - 1]
            j -= 1
    return order


def mddc(work: Sequence[int], due: Sequence[int]) -> list[int]:
    left = sorted(range(len(work)), key=lambda j: (due[j], work[j]))
    order, now = [], 0
    while left:
        mean = sum(work[j] for j in left) / len(left)
        longest = max(work[j] for j in left)

        def score(j: int, now=now, mean=mean, longest=longest) -> float:
            rho = min(work[j] / (now + longest), 1)
            theta = rho**2 / (1 + rho**2)
            return max(1.1 * work[j] + now, due[j]) * (1 + theta) + work[j] / (now + mean)

        best = min(left, key=score)
        left.remove(best)
        order.append(best)
        now += work[best]
    return order


def least(problem: Problem) -> int:
    """Return the least value of any order, from the schedules of all of them."""
    return min(value(problem, order) for order in permutations(range(problem.n_tasks)))


def value(problem: Problem, order: Sequence[int]) -> int:
    """Return what the objective says of the schedule in which tasks run in an order."""
    release = problem.jobs.release.tolist()
    matrix = problem.setups[0] if problem.setups else None
    start = [0] * len(order)
    now, before = 0, -1
    for task in order:
        gap = 0 if matrix is None else int(matrix[before, task])
        start[task] = max(now + gap, release[task])
        now = start[task] + int(problem.modes.duration[task])
        before = task
    return problem.schedule(start).objective_values[0]


OBJECTIVES = {
    "tardiness": hw.total_tardiness(),
    "weighted tardiness": hw.total_tardiness(weighted=True),
    "completion": hw.total_completion(),
    "weighted completion": hw.total_completion(weighted=True),
    "weighted flow time": hw.total_flow_time(weighted=True),
    "tardy jobs": hw.tardy_jobs(),
    "weighted tardy jobs": hw.tardy_jobs(weighted=True),
    "lateness": hw.max_lateness(),
    "largest tardiness": hw.max_tardiness(),
    "makespan": hw.makespan(),
    "mixture": hw.total_tardiness(weighted=True) * 2 + hw.total_completion() + hw.makespan(),
    "maxima": hw.max_lateness() * 3 + hw.tardy_jobs() + hw.makespan(),
}


def random_problem(
    seed: int, objective: str, *, n: int = 5, releases: bool = False, setups: bool = False
) -> Problem:
    rng = random.Random(seed)
    work = [rng.randint(1 if setups else 0, 9) for _ in range(n)]
    data = {
        "due": [rng.choice([rng.randint(-3, 30), FOREVER]) if k else 9 for k in range(n)],
        "weight": [rng.randint(0, 5) for _ in range(n)],
        "release": [rng.choice([0, rng.randint(0, 25)]) for _ in range(n)] if releases else None,
        "objective": OBJECTIVES[objective] + hw.total_setup() if setups else OBJECTIVES[objective],
    }
    matrix = [[rng.randint(0, 6) for _ in range(n)] for _ in range(n + 1)] if setups else None
    return hw.single_machine(work, setups=matrix, name=f"{objective} {seed}", **data)
