"""Random families, and the door to them by name."""

from __future__ import annotations

import numpy as np
import pytest

from headway.errors import ConfigError, UnknownNameError
from headway.instances.random import RANDOM_FAMILIES, generate
from headway.model.tables import ResourceKind


@pytest.mark.parametrize("family", RANDOM_FAMILIES)
def test_the_seed_determines_everything(family):
    assert generate(family, seed=4) == generate(family, seed=4)
    assert generate(family, seed=4) != generate(family, seed=5)
    drawn = generate(family, seed=np.random.default_rng(4))
    assert drawn == generate(family, seed=4)


@pytest.mark.parametrize("family", RANDOM_FAMILIES.values(), ids=list(RANDOM_FAMILIES))
def test_every_parameter_is_described_and_takes_its_default(family):
    assert family.summary.endswith(".")
    assert family.parameters[-1].name == "seed"
    for parameter in family.parameters:
        assert parameter.description.endswith("."), parameter.name
        assert parameter.checked(parameter.default) == parameter.default
    assert family() == family(**{p.name: p.default for p in family.parameters})


def test_an_unknown_family_is_refused_with_the_nearest_name():
    with pytest.raises(UnknownNameError, match=r"random family 'jobshp'; did you mean jobshop"):
        generate("jobshp")


@pytest.mark.parametrize(
    ("family", "parameters", "message"),
    [
        ("jobshop", {"job": 3}, "jobshop has no parameter 'job'; did you mean jobs?"),
        ("jobshop", {"zebra": 3}, "no parameter 'zebra'; it has jobs, machines"),
        ("jobshop", {"jobs": 0}, "jobshop: jobs: expected at least 1, got 0"),
        ("jobshop", {"jobs": "ten"}, "jobs: expected a whole number, got 'ten'"),
        ("jobshop", {"jobs": 2.5}, "jobs: expected a whole number, got 2.5"),
        ("jobshop", {"jobs": True}, "jobs: expected a whole number, got True"),
        ("jobshop", {"shortest": 9, "longest": 3}, "longest: expected at least 9, got 3"),
        ("jobshop", {"due_factor": float("nan")}, "due_factor: expected at least 0, got nan"),
        ("flowshop", {"permutation": 1}, "permutation: expected true or false, got 1"),
        ("flowshop", {"setup_share": -0.5}, "setup_share: expected at least 0, got -0.5"),
        ("flexible-jobshop", {"most_choices": 9}, "there are only 6 machines, got 9"),
        ("single-machine", {"tardiness_factor": 2}, "tardiness_factor: expected 0 to 1, got 2"),
        ("project", {"resource_strength": "big"}, "resource_strength: expected a number"),
        ("multi-mode-project", {"modes": 0}, "modes: expected at least 1, got 0"),
        ("rconstraint", {"phase": 5}, "phase: expected 1 to 4, got 5"),
        ("rconstraint", {"edges": 500}, "edges: only .* were found for 20 tasks, got 500"),
    ],
)
def test_a_wrong_parameter_is_named(family, parameters, message):
    with pytest.raises(ConfigError, match=message):
        generate(family, **parameters)


def test_a_job_shop_visits_every_machine_once_per_job():
    problem = generate("jobshop", jobs=6, machines=4, shortest=5, longest=9, seed=1)
    assert problem.modes.demand_resource.reshape(6, 4).tolist() != [[0, 1, 2, 3]] * 6
    assert np.array_equal(
        np.sort(problem.modes.demand_resource.reshape(6, 4)), np.tile(np.arange(4), (6, 1))
    )
    assert set(problem.modes.duration.tolist()) <= set(range(5, 10))


def test_due_dates_follow_the_total_work():
    problem = generate("jobshop", jobs=10, machines=3, due_factor=1.5, seed=2)
    work = problem.modes.duration.reshape(10, 3).sum(axis=1)
    assert problem.jobs.due.tolist() == (1.5 * work).astype(int).tolist()
    assert problem.jobs.weight.tolist() == [4, 4, 2, 2, 2, 2, 2, 2, 1, 1]
    assert str(problem.objective) == "weighted tardiness"


def test_flexible_operations_have_between_one_and_the_most_choices():
    problem = generate("flexible-jobshop", jobs=30, most_choices=4, seed=3)
    choices = np.diff(problem.tasks.mode_ptr)
    assert (choices.min(), choices.max()) == (1, 4)
    lengths = np.bincount(problem.tasks.job)
    assert (lengths.min(), lengths.max()) == (5, 7)


def test_flow_shop_setups_are_a_share_of_the_longest_duration():
    problem = generate("flowshop", jobs=9, machines=2, setup_share=0.5, seed=1)
    assert len(problem.setups) == 2
    for matrix in problem.setups:
        between = matrix[:-1]
        assert not matrix[-1].any()
        assert not between.diagonal().any()
        assert between[~np.eye(9, dtype=bool)].min() >= 1
        assert between.max() <= 49
    assert len(problem.sequences) == 1
    assert not len(generate("flowshop", permutation=False).sequences)


def test_due_dates_of_a_single_machine_lie_in_their_range():
    problem = generate("single-machine", jobs=500, tardiness_factor=0.4, due_range=0.2, seed=5)
    total = problem.modes.duration.sum()
    due = problem.jobs.due / total
    assert 0.5 <= due.min() < 0.51
    assert 0.69 < due.max() <= 0.7
    assert (problem.jobs.weight.min(), problem.jobs.weight.max()) == (1, 10)
    late = generate("single-machine", tardiness_factor=1.0, due_range=1.0, seed=5)
    assert late.jobs.due.min() == 0
    assert str(generate("single-machine", weighted=False).objective) == "tardiness"


def test_single_machine_setups_have_the_severity_asked_for():
    problem = generate("single-machine", jobs=60, setup_severity=0.5, seed=1)
    (matrix,) = problem.setups
    assert matrix.mean() == pytest.approx(0.5 * problem.modes.duration.mean(), rel=0.05)


def test_an_open_shop_leaves_the_order_open():
    problem = generate("openshop", jobs=4, machines=3)
    assert (problem.n_tasks, problem.n_resources, len(problem.relations)) == (12, 7, 0)


@pytest.mark.parametrize("factor", [0.0, 0.25, 0.5, 1.0])
def test_a_project_needs_the_share_of_resources_asked_for(factor):
    problem = generate("project", tasks=40, resources=4, resource_factor=factor, seed=2)
    assert len(problem.modes.demand_resource) == 160 * factor


def test_a_project_grows_as_many_arcs_as_asked_for():
    for complexity in (1.5, 1.8, 2.1):
        problem = generate("project", tasks=40, network_complexity=complexity, seed=2)
        assert len(problem.relations) == pytest.approx(40 * complexity, abs=1)
        assert (problem.relations.before < problem.relations.after).all()


@pytest.mark.parametrize("tasks", [1, 2, 3, 4000])
def test_a_project_may_be_tiny_or_large(tasks):
    problem = generate("project", tasks=tasks, seed=1)
    assert problem.n_tasks == tasks
    assert len(problem.relations) <= 1.6 * tasks
    assert tasks < 100 or len(problem.relations) >= 1.5 * tasks


def test_resource_strength_spans_just_enough_to_plenty():
    weakest, strongest = (
        generate("project", resource_strength=strength, seed=7) for strength in (0, 1)
    )
    demand = np.zeros((30, 4), dtype=int)
    mode = np.repeat(np.arange(30), np.diff(weakest.modes.demand_ptr))
    demand[mode, weakest.modes.demand_resource] = weakest.modes.demand_amount
    assert weakest.resources.capacity.tolist() == demand.max(axis=0).tolist()
    start = np.zeros(30, dtype=int)
    for before, after in sorted(
        zip(strongest.relations.before, strongest.relations.after, strict=True),
        key=lambda arc: arc[1],
    ):
        start[after] = max(start[after], start[before] + strongest.modes.duration[before])
    end = start + strongest.modes.duration
    usage = [((start <= t) & (t < end)) @ demand for t in range(end.max())]
    assert strongest.resources.capacity.tolist() == np.max(usage, axis=0).tolist()


@pytest.mark.parametrize("seed", range(5))
def test_slower_modes_need_less_and_the_most_frugal_ones_can_be_paid(seed):
    problem = generate("multi-mode-project", budget_strength=0.0, resource_strength=0.0, seed=seed)
    modes, kind = problem.modes, problem.resources.kind
    demand = np.zeros((problem.n_modes, problem.n_resources), dtype=int)
    mode = np.repeat(np.arange(problem.n_modes), np.diff(modes.demand_ptr))
    demand[mode, modes.demand_resource] = modes.demand_amount
    table = demand.reshape(20, 3, 4)
    assert (np.diff(table, axis=1) <= 0).all()
    assert (np.diff(modes.duration.reshape(20, 3), axis=1) > 0).all()
    frugal = table[:, -1]
    budget = kind == ResourceKind.NONRENEWABLE
    assert budget.tolist() == [False, False, True, True]
    capacity = np.where(budget, frugal.sum(axis=0), frugal.max(axis=0))
    assert problem.resources.capacity.tolist() == capacity.tolist()
