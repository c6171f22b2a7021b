from __future__ import annotations

import json
from collections import defaultdict
from itertools import pairwise
from typing import Any

import pytest

from headway.model import Model, Schedule, job_shop
from headway.show import trace, trace_json

Event = dict[str, Any]


def names(events: list[Event], kind: str) -> dict[tuple[int, int], str]:
    return {(e["pid"], e["tid"]): e["args"]["name"] for e in events if e["name"] == kind}


def tasks(events: list[Event], process: int) -> list[Event]:
    return [e for e in events if e.get("cat") == "task" and e["pid"] == process]


def test_every_event_has_the_fields_of_the_format(bakery: Schedule) -> None:
    document = json.loads(trace_json(bakery))
    assert document["displayTimeUnit"] in ("ms", "ns")
    processes = names(document["traceEvents"], "process_name")
    threads = names(document["traceEvents"], "thread_name")
    assert set(processes.values()) == {
        "machines", "renewable resources", "no resource", "jobs", "usage and levels",
    }  # fmt: skip
    for event in document["traceEvents"]:
        assert event["ph"] in ("M", "X", "C")
        assert isinstance(event["name"], str)
        assert isinstance(event["pid"], int)
        if event["ph"] == "X":
            assert event["dur"] >= 0
            assert (event["pid"], event["tid"]) in threads
        if event["ph"] == "C":
            assert all(isinstance(value, int) for value in event["args"].values())


def test_slices_of_a_thread_never_overlap(bakery: Schedule) -> None:
    """Viewers nest overlapping slices wrongly; ours only follow each other."""
    by_thread = defaultdict(list)
    for event in trace(bakery)["traceEvents"]:
        if event["ph"] == "X":
            by_thread[event["pid"], event["tid"]].append((event["ts"], event["ts"] + event["dur"]))
    for slices in by_thread.values():
        slices.sort()
        assert all(a[1] <= b[0] for a, b in pairwise(slices))


def test_a_task_tells_what_it_is(bakery: Schedule) -> None:
    events = trace(bakery)["traceEvents"]
    (bake,) = [e for e in tasks(events, 1) if e["name"] == "rolls/bake"]
    # Minutes 75 to 165 in microseconds.
    assert (bake["ts"], bake["dur"]) == (75 * 60e6, 90 * 60e6)
    assert bake["args"] == {
        "task": 7,
        "job": "rolls",
        "mode": 0,
        "start": 75,
        "end": 165,
        "slack": int(bakery.slack[7]),
        "critical": 7 in bakery.critical_path,
        "resources": "oven, bakers",
    }
    assert len(tasks(events, 4)) == bakery.problem.n_tasks


def test_a_task_tells_its_dates_if_there_are_any(dated: Schedule) -> None:
    (bake,) = [e for e in tasks(trace(dated)["traceEvents"], 1) if e["name"] == "rolls/bake"]
    assert bake["args"]["start date"] == "2026-03-02T23:15:00"
    assert bake["args"]["end date"] == "2026-03-03T00:45:00"


def test_setups_holds_and_breaks_are_events_too(bakery: Schedule) -> None:
    categories = [e["cat"] for e in trace(bakery)["traceEvents"] if e["ph"] == "X"]
    assert categories.count("setup") == 2
    assert categories.count("hold") == 6
    assert categories.count("break") == 3


def test_counters_follow_usage_and_level(bakery: Schedule) -> None:
    counters = [e for e in trace(bakery)["traceEvents"] if e["ph"] == "C"]
    flour = [e["args"]["level"] for e in counters if e["name"] == "flour"]
    assert flour[0] == 80
    assert flour[-1] == 100 - 4 * 20 + 4 * 5
    bakers = [e["args"]["used"] for e in counters if e["name"] == "bakers"]
    assert max(bakers) == 3
    assert bakers[-1] == 0


@pytest.mark.parametrize(
    ("tick_s", "micros", "said"),
    [(1.0, 3e6, "1 s"), (1e-6, 3, "1e-06 s"), (5e-9, 0.015, "5e-09 s")],
)
def test_times_are_microseconds(tick_s: float, micros: float, said: str) -> None:
    m = Model(tick_s=tick_s)
    core = m.machine("core")
    m.task(None, "load").mode({core: 1}, duration=3)
    document = trace(m.problem().schedule([0]))
    assert document["otherData"]["tick"] == said
    assert tasks(document["traceEvents"], 1)[0]["dur"] == micros


def test_ticks_finer_than_a_trace_can_show_are_stretched() -> None:
    """A clock cycle of 0.588 ns would be rounded to 1 ns or nothing."""
    m = Model(tick_s=1 / 1.7e9)
    core = m.machine("core")
    m.task(None, "load").mode({core: 1}, duration=3)
    document = trace(m.problem().schedule([0]))
    assert tasks(document["traceEvents"], 1)[0]["dur"] == 3
    assert document["otherData"]["tick"].endswith("shown as 1 µs")


def test_resources_of_the_same_visible_name_keep_their_own_tracks() -> None:
    m = Model()
    for name in ("oven", "oven\n"):
        m.task(None, "bake").mode({m.machine(name): 1}, duration=3)
    events = trace(m.problem().schedule([0, 0]))["traceEvents"]
    assert list(names(events, "thread_name").values()) == ["oven", "oven"]


def test_nothing_to_show_is_still_a_trace() -> None:
    assert trace(Model().problem().schedule([]))["traceEvents"] == []
    assert trace(job_shop([[0]], [[1]]).schedule([0]))["otherData"]["makespan"] == 1
