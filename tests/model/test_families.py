"""The constructors of the classical families say what the arrays say."""

import numpy as np
import pytest

import headway as hw
from headway.errors import ProblemError
from headway.model import FOREVER


def test_a_job_shop_is_a_chain_per_job() -> None:
    problem = hw.job_shop([[0, 1, 0], [1]], [[3, 2, 1], [4]], due=[9, FOREVER], weight=[2, 1])
    assert problem.tasks.job.tolist() == [0, 0, 0, 1]
    assert problem.relations.before.tolist() == [0, 1]
    assert problem.modes.demand_resource.tolist() == [0, 1, 0, 1]
    assert problem.jobs.due.tolist() == [9, FOREVER]


def test_a_job_without_operations_is_allowed() -> None:
    problem = hw.job_shop([[], [0, 1], []], [[], [1, 2], []])
    assert problem.n_jobs == 3
    assert problem.relations.before.tolist() == [0]


def test_a_flexible_job_shop_has_a_mode_per_choice() -> None:
    problem = hw.flexible_job_shop([[[(0, 3), (1, 5)], [(1, 2)]]], n_machines=3)
    assert problem.tasks.mode_ptr.tolist() == [0, 2, 3]
    assert problem.modes.duration.tolist() == [3, 5, 2]
    assert problem.n_resources == 3


def test_a_flexible_job_shop_may_be_a_graph() -> None:
    jobs = [[[(0, 1)]] * 2, [[(0, 1)]] * 3]
    problem = hw.flexible_job_shop(jobs, precedence=[[(0, 1)], [(0, 2), (1, 2)]])
    assert problem.relations.before.tolist() == [0, 2, 3]
    assert problem.relations.after.tolist() == [1, 4, 4]


def test_a_permutation_flow_shop_ties_neighbouring_machines() -> None:
    problem = hw.flow_shop([[1, 2, 3], [4, 5, 6]])
    assert problem.sequences.first_machine.tolist() == [0, 1]
    assert problem.sequences.first_task.tolist() == [0, 3, 1, 4]
    assert problem.sequences.second_task.tolist() == [1, 4, 2, 5]
    assert len(hw.flow_shop([[1, 2], [3, 4]], permutation=False).sequences) == 0


def test_jobs_of_a_flow_shop_may_be_kept_from_waiting() -> None:
    assert hw.flow_shop([[1, 2, 3]], no_wait=True).relations.max_lag.tolist() == [0, 0]
    assert hw.flow_shop([[1, 2, 3]]).relations.max_lag.tolist() == [FOREVER, FOREVER]


def test_jobs_of_a_blocking_flow_shop_hold_their_machines() -> None:
    problem = hw.flow_shop([[1, 2], [3, 4]], blocking=True)
    assert problem.tasks.hold_until.tolist() == [1, -1, 3, -1]


def test_flow_shop_setups_end_with_the_initial_row() -> None:
    setups = np.arange(8).reshape(2, 2, 2)
    problem = hw.flow_shop([[1, 1], [1, 1]], setups=setups, initial_setups=[[7, 8], [9, 10]])
    assert problem.setups[1].tolist() == [[4, 5], [6, 7], [9, 10]]
    assert problem.tasks.family.tolist() == [0, 0, 1, 1]


def test_a_hybrid_flow_shop_has_a_mode_per_machine_of_a_stage() -> None:
    problem = hw.hybrid_flow_shop([[3, 2], [4, 5]], machines=[1, 2])
    assert problem.tasks.mode_ptr.tolist() == [0, 1, 3, 4, 6]
    assert problem.modes.demand_resource.tolist() == [0, 1, 2, 0, 1, 2]
    assert problem.modes.duration.tolist() == [3, 2, 2, 4, 5, 5]
    assert problem.relations.before.tolist() == [0, 2]


def test_machines_of_a_stage_may_differ() -> None:
    problem = hw.hybrid_flow_shop([[3, 2, 7], [4, 5, 6]], machines=[1, 2])
    assert problem.modes.duration.tolist() == [3, 2, 7, 4, 5, 6]


@pytest.mark.parametrize(
    ("durations", "machines", "words"),
    [
        ([[1, 2]], [], "one machine or more"),
        ([[1, 2]], [1, 0], "one machine or more"),
        ([[1, 2]], [1, 1, 2], r"per stage \(3\) or per machine \(4\), got 2"),
    ],
)
def test_hybrid_flow_shops_of_other_widths_are_refused(durations, machines, words) -> None:
    with pytest.raises(ProblemError, match=words):
        hw.hybrid_flow_shop(durations, machines)


def test_operations_of_an_open_shop_share_the_job_as_a_machine() -> None:
    problem = hw.open_shop([[3, 4], [5, 6]])
    assert problem.n_resources == 4
    assert problem.modes.demand_resource.reshape(-1, 2).tolist() == [[0, 2], [1, 2], [0, 3], [1, 3]]
    assert len(problem.relations) == 0


def test_a_project_keeps_demands_budgets_and_lags() -> None:
    problem = hw.project(
        [[(0, (0, 0))], [(3, (2, 0)), (1, (2, 4))], [(0, (0, 0))]],
        [4, 9],
        [[1], [2], []],
        renewable=[True, False],
        lags=[(0, 2, 5), (2, 1, -7)],
    )
    assert problem.modes.demand_ptr.tolist() == [0, 0, 1, 3, 3]
    assert problem.relations.kind.tolist() == [2, 2, 0, 0]
    assert problem.relations.min_lag.tolist() == [0, 0, 5, -7]
    assert problem.resources.kind.tolist() == [1, 2]


def test_a_single_machine_with_setups_has_one_family_per_job() -> None:
    problem = hw.single_machine([2, 3], setups=[[0, 1], [2, 0], [5, 6]], due=[4, 5])
    assert problem.setups[0][-1].tolist() == [5, 6]
    assert problem.tasks.family.tolist() == [0, 1]


@pytest.mark.parametrize(
    "build",
    [
        lambda: hw.job_shop([[0, 1]], [[1]]),
        lambda: hw.job_shop([[0, -1]], [[1, 2]]),
        lambda: hw.job_shop([[0, 5]], [[1, 2]], n_machines=3),
        lambda: hw.job_shop([[0]], [[1]], due=[1, 2]),
        lambda: hw.flow_shop([1, 2, 3]),
        lambda: hw.flow_shop([[1, 2]], setups=[[[1]]]),
        lambda: hw.single_machine([1, 2], setups=[[0, 0], [0, 0]]),
        lambda: hw.project([[(1, (5,))]], [4], [[3]]),
    ],
)
def test_arrays_that_do_not_fit_together_are_refused(build) -> None:
    with pytest.raises(hw.ProblemError):
        build()


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: hw.flow_shop([[1.5, 2]]), "durations.*fractions"),
        (lambda: hw.flow_shop([[1], [2, 3]]), "durations.*equal length"),
        (lambda: hw.flow_shop([[1]], setups=[[[0.5]]]), "setups.*fractions"),
        (lambda: hw.flow_shop([[1]], initial_setups=[[0.5]]), "initial_setups.*fractions"),
        (lambda: hw.open_shop([[1, 2.5]]), "durations.*fractions"),
        (lambda: hw.flexible_job_shop([[[(0, 1.7)]]]), "duration.*fractions"),
        (lambda: hw.flexible_job_shop([[[(0, 1, 2)]]]), "expected 2 values, got 3"),
        (lambda: hw.single_machine([[1, 2], [3, 4]]), "durations.*1 dimensions"),
        (lambda: hw.job_shop([[0]], [[1]], dues=[3]), "dues.*release, due"),
        (lambda: hw.job_shop([[0]], [[1]], due=[0.5]), "due.*fractions"),
        (lambda: hw.project([[(1, [0.9])]], [2], [[]]), "demand.*fractions"),
        (lambda: hw.project([[(1, ["a"])]], [2], [[]]), "demand.*whole numbers"),
        (lambda: hw.project([[(1, [1, 1])]], [2], [[]]), "expected 1 values, got 2"),
        (lambda: hw.project([[(1, [1])]], [2], []), "successors.*expected 1 rows"),
        (lambda: hw.project([[(1, [1])]], [2], [[]], lags=[(0, 0, 0.5)]), "lags.*fractions"),
    ],
)
def test_arrays_that_do_not_fit_are_refused_by_name(make, words: str) -> None:
    with pytest.raises(hw.ProblemError, match=words):
        make()


@pytest.mark.parametrize("precedence", [[[(0, 1)], []], [[(-1, 0)], []], [[]], [[], [], []]])
def test_precedence_stays_within_its_job(precedence) -> None:
    """A number beyond the job's operations would otherwise mean one of the next job."""
    with pytest.raises(hw.ProblemError, match="precedence"):
        hw.flexible_job_shop([[[(0, 1)]], [[(0, 1)]]], precedence=precedence)
