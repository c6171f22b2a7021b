import numpy as np
import pytest

from headway.errors import FormatError
from headway.formats import read, read_all, reads
from tests.formats.data import DATA


def _makespan(durations: np.ndarray, order: np.ndarray) -> int:
    ends = np.zeros(durations.shape[1] + 1, dtype=np.int64)
    for job in order:
        for machine, length in enumerate(durations[job], start=1):
            ends[machine] = max(ends[machine], ends[machine - 1]) + length
    return int(ends[-1])


def test_taillards_files_list_machines_in_rows():
    """The published bound of the first instance, 1232, is the bound of its busiest machine."""
    first, second = read_all(DATA / "tai20_5_two.txt")
    durations = first.modes.duration.reshape(20, 5)
    assert durations[0].tolist() == [54, 79, 16, 66, 58]
    assert (second.n_jobs, second.n_resources) == (20, 5)
    heads = np.cumsum(durations, axis=1) - durations
    tails = durations.sum(axis=1, keepdims=True) - durations - heads
    bounds = heads.min(axis=0) + durations.sum(axis=0) + tails.min(axis=0)
    assert bounds.max() == 1232
    assert _makespan(durations, np.arange(20)) >= 1278


def test_pairs_in_machine_order_are_read_as_a_flow_shop():
    problem = read(DATA / "rec01.txt")
    assert problem.modes.duration[:5].tolist() == [5, 76, 74, 99, 26]
    assert len(problem.sequences) == 4


def test_a_plain_matrix_may_have_jobs_or_machines_in_rows():
    by_job = reads("3 2\n1 2\n3 4\n5 6\n", format="flow-shop")
    by_machine = reads("3 2\n1 3 5\n2 4 6\n")
    assert by_job == by_machine


def test_five_numbers_in_the_header_announce_rows_of_machines():
    problem = reads("2 3 17 40 30\n1 2\n3 4\n5 6\n")
    assert problem.modes.duration.tolist() == [1, 3, 5, 2, 4, 6]


def test_setups_are_read_per_machine():
    problem = read(DATA / "ssd.txt")
    assert problem.setups[0].tolist() == [[0, 2, 9], [1, 0, 4], [8, 3, 0], [0, 0, 0]]
    assert problem.setups[1][2].tolist() == [7, 3, 0]
    assert problem.tasks.family.tolist() == [0, 0, 1, 1, 2, 2]


def test_setups_may_follow_a_plain_matrix():
    text = "2 1\n4\n5\n0 7\n8 0\n"
    assert reads(text).setups[0].tolist() == [[0, 7], [8, 0], [0, 0]]


def test_another_route_is_no_flow_shop():
    with pytest.raises(FormatError, match=r"line 3: job 1: in a flow shop .* it visits 1 0"):
        reads("2 2\n0 3 1 4\n1 5 0 6\nSSD\nM0\n0 1\n1 0\nM1\n0 1\n1 0\n")


def test_a_missing_setup_matrix_is_named():
    with pytest.raises(FormatError, match="expected 'M1', the mark of its setup times"):
        reads("2 2\n0 3 1 4\n0 5 1 6\nSSD\nM0\n0 1\n1 0\n")
