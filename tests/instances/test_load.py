from __future__ import annotations

import numpy as np
import pytest

from headway.instances import Access, InstanceInfo, Kind, best_known, families, instance, instances
from headway.model import Problem, RelationKind, ResourceKind, makespan

HERE = [name for name in families() if any(i.access != "download" for i in instances(name))]


def least_makespan(problem: Problem) -> int:
    """Return what the load of each machine and the length of each job leave, over all modes."""
    modes, resources = problem.modes, problem.resources
    shortest = np.minimum.reduceat(modes.duration, problem.tasks.mode_ptr[:-1])
    bound = max(np.bincount(problem.tasks.job, weights=shortest), default=0)
    # Only tasks without a choice are sure to load their resources.
    fixed = np.diff(problem.tasks.mode_ptr) == 1
    demand = np.repeat(np.arange(len(modes)), np.diff(modes.demand_ptr))
    sure = fixed[modes.task[demand]]
    energy = (modes.demand_amount * modes.duration[demand])[sure]
    load = np.bincount(modes.demand_resource[sure], weights=energy, minlength=len(resources))
    return int(max(bound, *np.ceil(load / resources.capacity)))


def check(info: InstanceInfo, problem: Problem) -> None:
    machines = int((problem.resources.kind <= ResourceKind.RENEWABLE).sum())
    if info.kind is Kind.OPEN_SHOP:
        machines -= info.n_jobs  # each job is a machine too
    assert problem.name == info.name
    assert (problem.n_tasks, machines) == (info.n_tasks, info.n_machines), info.name
    assert problem.n_jobs == (0 if info.kind is Kind.PROJECT else info.n_jobs), info.name


@pytest.mark.parametrize("family", HERE)
def test_every_instance_of_the_package_loads_with_its_size(family: str) -> None:
    for info in instances(family):
        if info.access is not Access.DOWNLOAD:
            problem = instance(info.name)
            check(info, problem)
            if problem.objective != makespan():
                assert info.family.name == "ttfs"
            elif info.kind is not Kind.PROJECT:
                assert info.upper is not None
                assert least_makespan(problem) <= info.upper, info.name


def test_ft06_is_the_shop_of_the_textbook() -> None:
    problem = instance("ft06")
    assert problem.modes.demand_resource[:6].tolist() == [2, 0, 1, 3, 5, 4]
    assert problem.modes.duration[:6].tolist() == [1, 3, 6, 7, 3, 6]


def test_a_flexible_job_shop_offers_its_machines() -> None:
    """The first operation of mk01 takes 5 on machine 1 or 4 on machine 3."""
    problem = instance("mk01")
    first = slice(problem.tasks.mode_ptr[0], problem.tasks.mode_ptr[1])
    assert problem.modes.demand_resource[first].tolist() == [0, 2]
    assert problem.modes.duration[first].tolist() == [5, 4]


def test_a_hybrid_flow_shop_offers_all_machines_of_a_stage() -> None:
    """The five stages of hfs0037 have three machines each."""
    problem = instance("hfs0037")
    assert set(np.diff(problem.tasks.mode_ptr).tolist()) == {3}
    assert problem.modes.demand_resource[:15].tolist() == list(range(15))
    assert set(problem.modes.duration[:3].tolist()) == {problem.modes.duration[0]}


def test_flow_shops_come_with_setups_and_due_dates() -> None:
    shop = instance("sdst010")
    assert len(shop.setups) == 5
    assert shop.setups[0].shape == (21, 20)
    assert not shop.setups[0][20].any()
    assert len(shop.sequences) == 4
    late = instance("ttfs004")
    assert str(late.objective) == "tardiness"
    assert late.jobs.due.min() > 0


def test_hurink_sets_differ_only_in_the_choice_of_machines() -> None:
    choices = [instance(f"{name}-la16").n_modes for name in ("sdata", "edata", "rdata", "vdata")]
    assert choices == sorted(choices)
    assert choices[0] == instance("la16").n_modes


def test_a_flow_shop_keeps_one_sequence_on_all_machines() -> None:
    assert len(instance("tfs001").sequences) == 4


def test_a_project_has_its_precedences_and_capacities() -> None:
    problem = instance("j30_1_1")
    assert problem.resources.capacity.tolist() == [12, 13, 4, 12]
    assert set(problem.relations.kind.tolist()) == {RelationKind.END_START}
    assert len(problem.relations) == 48


def test_best_known_understands_other_spellings() -> None:
    assert best_known("TA1") == best_known("ta01")
