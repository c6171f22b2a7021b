import numpy as np
import psplib
import pytest

from headway.errors import FormatError
from headway.formats import read, reads
from headway.model.tables import ResourceKind
from tests.formats.data import DATA

OTHERS = {
    "j30_1_3.rcp": "patterson",
    "broken.rcp": "patterson",
    "small.sm": "psplib",
    "small.mm": "psplib",
    "small.sch": "rcpsp_max",
}


@pytest.mark.parametrize(("name", "form"), OTHERS.items())
def test_another_library_reads_the_same(name, form):
    problem, other = read(DATA / name), psplib.parse(DATA / name, form)
    modes = [mode for activity in other.activities for mode in activity.modes]
    assert problem.modes.duration.tolist() == [mode.duration for mode in modes]
    demands = np.zeros((problem.n_modes, problem.n_resources), dtype=np.int64)
    owner = np.repeat(np.arange(problem.n_modes), np.diff(problem.modes.demand_ptr))
    demands[owner, problem.modes.demand_resource] = problem.modes.demand_amount
    assert demands.tolist() == [mode.demands for mode in modes]
    assert problem.resources.capacity.tolist() == [r.capacity for r in other.resources]
    renewable = problem.resources.kind == ResourceKind.RENEWABLE
    assert renewable.tolist() == [r.renewable for r in other.resources]
    arcs = zip(problem.relations.before.tolist(), problem.relations.after.tolist(), strict=True)
    assert list(arcs) == [(i, j) for i, a in enumerate(other.activities) for j in a.successors]


def test_lags_run_from_start_to_start():
    problem = read(DATA / "small.sch")
    lags = zip(
        problem.relations.before.tolist(),
        problem.relations.after.tolist(),
        problem.relations.min_lag.tolist(),
        strict=True,
    )
    assert (2, 1, -5) in list(lags)
    assert problem.relations.kind.tolist() == [0] * len(problem.relations)


def test_patterson_numbers_may_be_broken_over_lines_anywhere():
    text = (DATA / "broken.rcp").read_text()
    assert reads(text.replace("\n", " ")) == reads("\n".join(text.split())) == reads(text)


def test_a_project_without_resources_has_no_line_of_capacities():
    problem = reads("2 0\n3 1 2\n4 0\n", format="patterson")
    assert problem.n_resources == 0
    assert problem.modes.duration.tolist() == [3, 4]


def test_the_multi_mode_library_without_preamble_is_read():
    text = (DATA / "small.mm").read_text()
    shortened = text[text.index("jobs (incl.") :].replace("   ", "\t")
    assert reads(shortened) == reads(text)


@pytest.mark.parametrize(
    ("name", "old", "new", "message"),
    [
        ("small.sm", "jobs (incl. supersource/sink ):  6", "jobs (incl.) : 7", "7 jobs announced"),
        (
            "small.sm",
            "   4        1          1           6\n",
            "",
            "line 22: number of a job: .* 4 to 4",
        ),
        ("small.sm", "2   3   4", "2   3   7", "line 19: successor of job 1: .* 1 to 6, got 7"),
        ("small.sm", "    4    3\n*", "    4\n*", r"expected 2 numbers \(capacity of a resource\)"),
        ("small.sm", "constrained        :  0", "constrained        :  1", "doubly constrained"),
        ("small.mm", "         3     6", "         4     6", "mode of job 2: .* 3 to 3, got '4'"),
        ("small.sch", "3\t2\t0\t0", "3\t2\t0\t1", "only renewable resources"),
        (
            "small.sch",
            "1\t1\t4\t2\t1",
            "1\t1\t4\t-2\t1",
            "negative demand belongs to .* inventories",
        ),
        ("small.sch", "2\t1\t2\t1\t4", "2\t2\t2\t1\t4", "activity 2 has 2 modes"),
    ],
)
def test_what_is_wrong_in_a_project_is_named(name, old, new, message):
    text = (DATA / name).read_text()
    assert old in text
    with pytest.raises(FormatError, match=message):
        reads(text.replace(old, new, 1))
