import numpy as np
import pytest

from headway.errors import FormatError
from headway.formats import read, read_all, reads
from headway.model import total_tardiness
from tests.formats.data import DATA


def _file(n: int, width: int, count: int, seed: int = 1) -> str:
    rng = np.random.default_rng(seed)
    lines = []
    for _ in range(count):
        for low, high in ((1, 100), (1, 10), (0, 50 * n)):
            row = rng.integers(low, high + 1, n)
            lines += [" ".join(map(str, row[k : k + width])) for k in range(0, n, width)]
    return "\n".join(lines)


def test_times_weights_and_due_dates_follow_one_another():
    numbers = [int(word) for word in (DATA / "wt40_three.txt").read_text().split()]
    problem = read(DATA / "wt40_three.txt", instance=2)
    assert problem.modes.duration.tolist() == numbers[120:160]
    assert problem.jobs.weight.tolist() == numbers[160:200]
    assert problem.jobs.due.tolist() == numbers[200:240]
    assert problem.objective == total_tardiness(weighted=True)


@pytest.mark.parametrize(("n", "count"), [(40, 1), (40, 125), (50, 2), (50, 125), (100, 3)])
def test_the_published_sizes_are_found_in_rows_of_twenty(n, count, tmp_path):
    path = tmp_path / "wt.txt"
    path.write_text(_file(n, 20, count))
    problems = read_all(path)
    assert [problem.n_jobs for problem in problems] == [n] * count


@pytest.mark.parametrize("n", [1, 3, 7, 12])
def test_other_sizes_are_found_if_each_block_is_a_line(n, tmp_path):
    path = tmp_path / "small.wt"
    path.write_text(_file(n, n, 2))
    assert [problem.n_jobs for problem in read_all(path, format="weighted-tardiness")] == [n, n]


def test_lines_that_cannot_be_split_are_refused():
    with pytest.raises(FormatError, match="cannot be split so"):
        reads("1 2 3 4 5 6 7 8\n1 2 3\n", format="weighted-tardiness")


def test_an_uncertain_size_is_refused_with_the_candidates():
    text = "\n".join(["1"] * 6)
    with pytest.raises(FormatError, match="cannot tell how many jobs an instance has: 1 or 2"):
        reads(text, format="weighted-tardiness")
