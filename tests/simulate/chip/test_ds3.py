"""DS3 files are read, and what is no DS3 file is refused where it goes wrong."""

import random
from importlib import resources
from pathlib import Path

import numpy as np
import pytest

from headway.errors import FormatError, ProblemError
from headway.simulate.chip import OperatingPoint, read_application, read_graph, read_platform, top
from headway.simulate.chip.ds3 import parse_application, parse_platform
from tests.formats.mutations import damaged

DATA = resources.files("headway.simulate.chip") / "data"
CHIP = "DASH.SoC.Top.txt"


def test_the_chip_of_the_heft_paper_is_read() -> None:
    chip = read_platform(Path(str(DATA / CHIP)))
    assert [element.name for element in chip.elements] == ["P1", "P2", "P3"]
    assert chip.elements[1].duration["task_4"] == 8
    assert chip.elements[1].power["task_4"] == 8.0
    assert chip.elements[0].points[0] == OperatingPoint(600, 900)
    assert len(chip.elements[0].points) == 8
    assert chip.bandwidth.tolist() == [[100, 1, 1], [1, 100, 1], [1, 1, 100]]


def test_delays_are_whole_ticks_rounded_down_and_none_within_an_element() -> None:
    graph = read_graph(Path(str(DATA / CHIP)), Path(str(DATA / "job_Top.txt")))
    assert graph.name == "Top_1"
    assert (graph.n_tasks, graph.n_edges) == (10, 15)
    assert graph.delay[0].tolist() == [[0, 18, 18], [18, 0, 18], [18, 18, 0]]


def test_the_ten_applications_travel_with_the_package() -> None:
    kinds = top()
    assert [kind.name for kind in kinds] == [f"Top_{k}" for k in range(1, 11)]
    assert {kind.n_tasks for kind in kinds} == {10}


def test_an_element_of_capacity_two_is_two_elements() -> None:
    text = "add_new_resource CPU A 0 2 1 none\nf 5 1\nadd_new_resource MEM M 1 1 0\ncomm_band 0 0 9"
    chip = parse_platform(text.encode(), "x")
    assert [element.name for element in chip.elements] == ["A.0", "A.1"]
    assert (chip.bandwidth == 9).all()


REFUSED_CHIPS = {
    "": (1, "expected add_new_resource"),
    "comm_bond 0 1 2": (1, "expected add_new_resource or comm_band"),
    "add_new_resource CPU A 0 1": (1, "expected type, name, id"),
    "add_new_resource CPU A 0 0 1 none\nf 1 1": (1, "capacity"),
    "add_new_resource CPU A 0 1 2 none\nf 1 1": (1, "expected 2 functions, found 1"),
    "add_new_resource CPU A 0 1 1 none\nf 1": (2, "expected opp"),
    "add_new_resource CPU A 0 1 1 none\nf 1.5 1": (2, "duration of 'f'"),
    "add_new_resource CPU A 0 1 1 none\nf 1 nan": (2, "power of 'f'"),
    "add_new_resource CPU A 0 1 2 none\nf 1 1\nf 2 2": (3, "stands twice"),
    "add_new_resource CPU A 0 1 1 none\nopp 0 5\nf 1 1": (2, "frequency"),
    "add_new_resource MEM M 0 1 1 none\nNone 0 0": (2, "expected an element besides memory"),
    "add_new_resource CPU A 0 1 1 none\nf 1 1\nadd_new_resource CPU A 1 1 1 none\nf 1 1": (
        3,
        "taken by 'A'",
    ),
    "add_new_resource CPU A 0 1 1 none\nf 1 1\ncomm_band 0 1 5": (3, "no resource has id 1"),
    "add_new_resource CPU A 0 1 1 none\nf 1 1\ncomm_band 0 0 0": (3, "bandwidth"),
    "add_new_resource CPU A 0 1 1 none\nf 1 1\ncomm_band 0 0": (3, "two ids and a bandwidth"),
}

REFUSED_APPLICATIONS = {
    "": (1, "expected add_new_tasks"),
    "job_name": (1, "expected job_name"),
    "add_new_tasks 0": (1, "number of tasks"),
    "add_new_tasks 2\na 0": (1, "expected 2 tasks, found 1"),
    "add_new_tasks 1\na": (2, "expected a name, an id"),
    "add_new_tasks 1\na 1": (2, "expected id 0"),
    "add_new_tasks 1\na 0 0": (2, "predecessor 0 is not possible"),
    "add_new_tasks 2\na 0\nb 1 2": (3, "predecessor"),
    "add_new_tasks 1\na 0\nadd_new_tasks 1": (3, "expected it once"),
    "add_new_tasks 1\na 0\nb HEAD": (3, "expected the name of the task above"),
    "add_new_tasks 1\na 0\na earliest_start x deadline 1": (3, "earliest start"),
    "comm_vol 0 1 5": (1, "expected add_new_tasks above"),
    "add_new_tasks 2\na 0\nb 1\ncomm_vol 0 1 5": (4, "task 0 is no predecessor of task 1"),
    "add_new_tasks 2\na 0\nb 1 0\ncomm_vol 0 1 -5": (4, "volume"),
}


@pytest.mark.parametrize("text", REFUSED_CHIPS)
def test_a_malformed_chip_is_refused_with_its_line(text: str) -> None:
    line, message = REFUSED_CHIPS[text]
    with pytest.raises(FormatError, match=message) as refused:
        parse_platform(text.encode(), "x", path=Path("chip.txt"))
    assert refused.value.line == line
    assert str(refused.value).startswith(f"chip.txt:{line}: ")


@pytest.mark.parametrize("text", REFUSED_APPLICATIONS)
def test_a_malformed_application_is_refused_with_its_line(text: str) -> None:
    line, message = REFUSED_APPLICATIONS[text]
    with pytest.raises(FormatError, match=message) as refused:
        parse_application(text.encode(), "x")
    assert refused.value.line == line


def test_a_missing_file_is_refused() -> None:
    with pytest.raises(FormatError, match="cannot read"):
        read_application("nowhere.txt")


def test_an_application_that_a_chip_cannot_run_is_refused() -> None:
    chip = parse_platform(b"add_new_resource CPU A 0 1 1 none\nf 1 1", "x")
    with pytest.raises(ProblemError, match="task 'g' runs on none of the elements"):
        chip.graph(parse_application(b"add_new_tasks 1\ng 0", "x"))
    cycle = parse_application(b"add_new_tasks 2\nf 0 1\nf 1 0", "x")
    with pytest.raises(ProblemError, match="cycle"):
        chip.graph(cycle)


@pytest.mark.parametrize(
    ("name", "parse"), [(CHIP, parse_platform), ("job_Top2.txt", parse_application)]
)
def test_a_damaged_file_is_read_or_refused(name: str, parse) -> None:
    rng = random.Random(name)
    data = b"\n".join(
        line for line in (DATA / name).read_bytes().splitlines() if not line.startswith(b"#")
    )
    read, refusals = 0, []
    for _ in range(300):
        try:
            found = parse(damaged(rng, data), "x")
        except FormatError as error:
            refusals.append(error)
        else:
            read += 1
            assert np.asarray(getattr(found, "bandwidth", found.__dict__.get("volume"))).min() >= 0
    assert 0 < read < 300
    for refusal in refusals:
        assert refusal.line is not None or "expected text in UTF-8" in str(refusal)
