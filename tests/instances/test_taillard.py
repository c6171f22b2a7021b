from __future__ import annotations

import csv
import hashlib
from pathlib import Path

import pytest

from headway.errors import ProblemError
from headway.instances import Access, InstanceInfo, instance, instances, taillard
from headway.model import Problem

PUBLISHED = Path(__file__).with_name("published.csv")


def as_published(info: InstanceInfo, problem: Problem) -> str:
    """Return the numbers of the published file: the size, then durations by job.

    Job shops and flow shops name the machine before each duration.
    """
    modes = problem.modes
    machine = modes.demand_resource[modes.demand_ptr[:-1]]
    numbers = [info.n_jobs, info.n_machines]
    for k in range(problem.n_tasks):
        if info.family.name != "tos":
            numbers.append(int(machine[k]))
        numbers.append(int(modes.duration[k]))
    return " ".join(map(str, numbers))


@pytest.mark.parametrize("family", ["ta", "dmu", "tos", "tfs"])
def test_generated_instances_equal_the_published_files(family: str) -> None:
    """The checksums are of the files' numbers, separated by single blanks."""
    with PUBLISHED.open(encoding="utf-8") as file:
        digests = {row["name"]: row["sha256"] for row in csv.DictReader(file)}
    generated = instances(family)
    assert len(generated) == {"ta": 80, "dmu": 80, "tos": 60, "tfs": 120}[family]
    for info in generated:
        assert info.access is Access.GENERATED
        text = as_published(info, instance(info.name))
        assert hashlib.sha256(text.encode()).hexdigest() == digests[info.name], info.name


def test_the_random_numbers_are_those_of_the_minimal_standard_generator() -> None:
    """Park and Miller (1988): from 1, the ten thousandth state is 1043618065."""
    random = taillard.Random(1)
    for _ in range(10_000):
        state = random.next()
    assert state == 1043618065


def test_uniform_numbers_reach_both_ends_and_nothing_beyond() -> None:
    random = taillard.Random(42)
    assert {random.uniform(3, 7) for _ in range(1000)} == {3, 4, 5, 6, 7}


def test_every_job_of_a_job_shop_visits_every_machine_once() -> None:
    machines, durations = taillard.job_shop(7, 5, time_seed=11, machine_seed=12)
    assert [sorted(row) for row in machines] == [[0, 1, 2, 3, 4]] * 7
    assert all(1 <= duration <= 99 for row in durations for duration in row)


@pytest.mark.parametrize("seed", [0, -1, 2**31 - 1])
def test_a_seed_on_which_the_generator_would_stand_still_is_refused(seed: int) -> None:
    with pytest.raises(ProblemError, match=f"got {seed}"):
        taillard.flow_shop(3, 3, seed)
