"""The native schedule generation agrees with its plain twin, start by start."""

from __future__ import annotations

import math

import pytest

from headway.solve.rules import RULES, Formula, GenerationError, Generator, Priority
from tests.problems import random_problem
from tests.twins.sgs import Sgs, Stuck

NAMES = sorted(RULES)


def key_of(priority: Priority):
    """The formulas of `Priority`, once more and one task at a time."""

    def key(task: int, now: int, ready: int) -> float:
        if priority.formula == Formula.STATIC:
            return float(priority.key[task])
        if priority.formula == Formula.READY:
            return float(ready)
        columns = (priority.due, priority.left, priority.work, priority.weight)
        due, left, work, weight = (float(column[task]) for column in columns)
        if priority.formula == Formula.MODIFIED_DUE:
            return max(due, now + left)
        if priority.formula == Formula.CRITICAL_RATIO:
            return (due - now) / max(left, 1.0)
        slack = max(0.0, due - now - left)
        if priority.formula == Formula.APPARENT_TARDINESS:
            return -weight / max(work, 1.0) * math.exp(-slack / priority.scale)
        patience = priority.scale * max(left, 1.0)
        return -weight / max(work, 1.0) * max(0.0, 1.0 - slack / patience)

    return key


def core(generator: Generator, priority: Priority, scheme, alpha: float, seed: int):
    try:
        schedule = generator.run(priority, scheme, alpha=alpha, seed=seed)
    except GenerationError:
        return None
    return schedule.start.tolist(), schedule.end.tolist(), schedule.mode.tolist()


def twin(generator: Generator, priority: Priority, scheme, alpha: float, seed: int):
    sgs = Sgs(generator, key_of(priority), alpha, seed)
    try:
        sgs.parallel() if scheme == "parallel" else sgs.serial()
    except Stuck:
        return None
    return sgs.start, sgs.end, sgs.mode


@pytest.mark.parametrize("block", range(6))
def test_core_and_twin_build_the_same_schedules(block):
    """Each problem with four rules: either scheme, with and without random choices."""
    placed = 0
    for seed in range(20 * block, 20 * block + 20):
        try:
            generator = Generator(random_problem(seed), cheapest_modes=seed % 5 == 0)
        except GenerationError:
            continue
        facts = generator.facts(seed)
        for k in range(4):
            rule = NAMES[(4 * seed + k) % len(NAMES)]
            arguments = (RULES[rule](facts), ("serial", "parallel")[k % 2], 1.5 * (k // 2), seed)
            expected = twin(generator, *arguments)
            assert core(generator, *arguments) == expected, (seed, rule, arguments[1:])
            placed += expected is not None
    assert placed > 30, "too few problems could be scheduled for the comparison to mean much"
