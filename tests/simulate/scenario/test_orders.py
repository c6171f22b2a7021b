"""Jobs in a table, and scenarios in which they arrive."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headway.errors import ConfigError, FormatError, HeadwayError
from headway.formats.source import Source
from headway.model import FOREVER
from headway.simulate.scenario import Order, Orders, Scenario, read_orders
from headway.simulate.scenario.orders import parse_orders
from headway.simulate.shop import run

BY_JOB = """job,arrival,due,weight,operations
table,5,,2,saw:4
chair,0,90,3,saw:12; drill:5|mill:7; paint 10:20
"""
BY_OPERATION = """Job,Seq,Machine,Duration,Arrival,Due,Weight
table,1,saw,4,5,,2
chair,3,paint 10,20,,,
chair,1,saw,12,0,90,3
chair,2,drill,5,,,

chair,2,mill,7,0,90,3
"""
CHAIR = Order("chair", ((("saw", 12),), (("drill", 5), ("mill", 7)), (("paint 10", 20),)), 0, 90, 3)
TABLE = Order("table", ((("saw", 4),),), 5, None, 2)


def orders(text: str, machines: tuple[str, ...] = ()) -> Orders:
    return parse_orders(Source(text.encode(), name="orders"), machines)


def test_both_forms_say_the_same() -> None:
    expected = Orders((CHAIR, TABLE), ("drill", "mill", "paint 10", "saw"))
    assert orders(BY_JOB) == expected
    assert orders(BY_OPERATION) == expected


def test_machines_come_in_natural_order() -> None:
    assert orders("operations\n10:1;9:2;m 10:1;m 9:3\n").machines == ("9", "10", "m 9", "m 10")
    assert orders("operations\n1:1\n", ("0", "1")).machines == ("0", "1")


def test_what_a_table_does_not_say_the_laws_do(tmp_path: Path) -> None:
    (tmp_path / "orders.csv").write_text(BY_JOB)
    scene = tmp_path / "scene.yaml"
    scene.write_text(
        "{kind: shop, arrivals: {trace: orders.csv}, jobs: {due_factor: 2, weight: 9},"
        " breakdowns: [{up: 50, down: 9, machines: [saw]}]}"
    )
    scenario = Scenario.read(scene)
    course = scenario.draw(1)
    jobs = course.problem.jobs
    assert jobs.name == ("chair", "table")
    assert (jobs.release.tolist(), course.arrival.tolist()) == ([0, 5], [0, 5])
    assert jobs.due.tolist() == [90, 5 + 2 * 4]
    assert jobs.weight.tolist() == [3, 2]
    assert course.problem.resources.name == ("drill", "mill", "paint 10", "saw")
    trace = run(course, "FIFO")
    assert {h.where for h in trace if h.what == "starts"} == {"saw", "drill", "paint 10"}
    bare = BY_JOB.replace(",due,weight", "").replace(",,2", "").replace(",90,3", "")
    (tmp_path / "orders.csv").write_text(bare)
    drawn = Scenario.read(scene).draw(1).problem.jobs
    assert (drawn.weight.tolist(), drawn.due.tolist()) == ([9, 9], [74, 13])
    scene.write_text("{kind: shop, arrivals: {trace: orders.csv}}")
    assert Scenario.read(scene).draw(0).problem.jobs.due.tolist() == [FOREVER, FOREVER]


def test_a_shop_can_name_its_machines(tmp_path: Path) -> None:
    (tmp_path / "orders.csv").write_text("operations\nsaw:3\n")
    scene = tmp_path / "scene.yaml"
    scene.write_text(
        "{kind: shop, shop: {machines: [saw, drill]}, arrivals: {trace: orders.csv},"
        " events: [{kind: machine-down, time: 1, machine: saw, from: 1, to: 9}]}"
    )
    course = Scenario.read(scene).draw(0)
    assert course.problem.resources.name == ("saw", "drill")
    assert run(course, "SPT").schedule.makespan == 11
    named = Scenario.parse("{kind: shop, shop: {machines: [a, b]}, arrivals: {jobs: 3, gap: 1}}")
    assert named.draw(0).problem.resources.name == ("a", "b")
    (tmp_path / "orders.csv").write_text("operations\nsaw:3\nlathe:4\n")
    with pytest.raises(FormatError, match=r"orders.csv:3: unknown machine 'lathe'; known: saw"):
        Scenario.read(scene)


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("", 1, "expected a header with a column 'operations'"),
        ("job,seq,machine\n", 1, "'duration' is missing"),
        ("operations,colour\n", 1, "unknown column 'colour'"),
        ("operations,operations\n", 1, "two columns"),
        ("operations\n", None, "at least one job"),
        ("operations,arrival\nsaw:1\n", 2, "expected 2 columns, got 1"),
        ("operations\nsaw:1; drill\n", 2, "a machine and a duration, as in saw:12, got 'drill'"),
        ("operations\nsaw:x\n", 2, "duration: expected a whole number from 0 on, got 'x'"),
        ("operations\nsaw:1.5\n", 2, "got '1.5'"),
        ("arrival,operations\n-1,saw:1\n", 2, "arrival: expected a whole number"),
        ("arrival,operations\n1e400,saw:1\n", 2, "arrival: expected a whole number"),
        ("weight,operations\n99999999999,saw:1\n", 2, "weight"),
        ("operations\n;\n", 2, "expected some"),
        ("job,operations\na,saw:1\na,saw:2\n", 3, "there is a job 'a' already"),
        ("job,seq,machine,duration\n,1,saw,2\n", 2, "name of a job"),
        ("job,seq,machine,duration\na,x,saw,2\n", 2, "seq"),
        ("job,seq,machine,duration,due\na,1,saw,2,7\na,2,saw,2,8\n", 3, "has 7 in line 2"),
        ('operations\n"saw:1\n', 2, "not comma-separated values"),
    ],
)
def test_nonsense_is_refused_by_its_line(text: str, line: int | None, message: str) -> None:
    with pytest.raises(FormatError, match=message) as refusal:
        orders(text)
    assert refusal.value.line == line


def test_a_trace_stands_alone(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="arrivals: 'trace' says when"):
        Scenario.parse("{kind: shop, arrivals: {trace: orders.csv, jobs: 9}}")
    with pytest.raises(FormatError, match="cannot read"):
        read_orders(tmp_path / "none.csv")


@settings(max_examples=100, deadline=None)
@given(st.sampled_from([BY_JOB, BY_OPERATION]), st.text(max_size=12), st.integers(0, 120))
def test_a_damaged_table_is_read_or_refused(text: str, noise: str, place: int) -> None:
    with suppress(HeadwayError):
        found = orders(text[:place] + noise + text[place + len(noise) :])
        assert all(order.operations for order in found.orders)
