from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from headway.model import Model, Schedule, job_shop, open_shop, project
from headway.model.tables import ints
from headway.show.layout import MOST_TASK_ROWS, Spans, arrange, pack


def spans(part: Spans) -> list[tuple[int, int, int, int, int]]:
    return list(part)


def labels(schedule: Schedule, view: str) -> list[str]:
    return [row.label for row in arrange(schedule, view).rows]  # type: ignore[arg-type]


def test_every_use_of_a_resource_is_a_bar(bakery: Schedule) -> None:
    layout = arrange(bakery, "machine")
    assert [row.label for row in layout.rows] == [
        "mixer", "oven", "bakers", "packing line", "no resource",
    ]  # fmt: skip
    # Four jobs use mixer, oven and line once and bakers twice; the inspection uses bakers.
    assert np.bincount(layout.bars.row).tolist() == [4, 4, 9, 4, 1]
    assert layout.rows[2].note == "capacity 2–3"


def test_valid_machines_have_one_lane_and_shared_resources_as_many_as_needed(
    bakery: Schedule,
) -> None:
    assert [row.lanes for row in arrange(bakery, "machine").rows] == [1, 1, 3, 1, 1]


def test_an_interruptible_task_pauses_in_breaks_of_all_its_resources(bakery: Schedule) -> None:
    """The rolls (task 7) meet the oven's break, the pretzel (task 10) that of the bakers."""
    layout = arrange(bakery, "machine")
    on_oven = [(start, end, task) for row, _, start, end, task in layout.pauses if row == 1]
    assert on_oven == [(120, 150, 7), (240, 260, 10)]
    work = [(start, end) for row, _, start, end, task in layout.work if row == 1 and task == 7]
    assert work == [(75, 120), (150, 165)]


def test_a_blocking_task_holds_its_machine_until_the_next_one_starts(bakery: Schedule) -> None:
    on_mixer = [
        (start, end, task)
        for row, _, start, end, task in arrange(bakery, "machine").holds
        if row == 0
    ]
    assert sorted(on_mixer) == [(50, 75, 6), (100, 170, 3), (195, 220, 9)]


def test_setups_end_where_the_task_they_prepare_starts(bakery: Schedule) -> None:
    """On the oven, the loaf needs 10 at first, the brioche 5 after the dark rolls."""
    assert spans(arrange(bakery, "machine").setups) == [(1, 0, 15, 25, 1), (1, 0, 165, 170, 4)]


def test_breaks_belong_to_their_rows(bakery: Schedule) -> None:
    breaks = [(row, start, end) for row, _, start, end, _ in arrange(bakery, "machine").breaks]
    assert breaks == [(1, 120, 150), (1, 300, 330), (2, 240, 260)]


def test_the_job_view_shows_dates_and_lateness(bakery: Schedule) -> None:
    layout = arrange(bakery, "job")
    assert [row.label for row in layout.rows] == ["loaf", "brioche", "rolls", "pretzel", "no job"]
    assert [(row, end) for row, _, _, end, _ in layout.due] == [
        (0, 90),
        (1, 260),
        (2, 230),
        (3, 400),
    ]
    assert [(row, end) for row, _, _, end, _ in layout.deadline] == [(1, 330)]
    assert spans(layout.tardy) == [(0, 0, 90, 95, -1)]
    assert len(layout.bars) == bakery.problem.n_tasks


def test_a_view_without_rows_gives_way() -> None:
    m = Model("errands")
    for name in ("post", "bank"):
        m.task(None, name).mode({}, duration=3)
    schedule = m.problem().schedule([4, 0])
    layout = arrange(schedule, "machine")
    assert layout.view == "task"
    assert [row.label for row in layout.rows] == ["bank", "post"]


def test_many_tasks_without_jobs_share_rows() -> None:
    count = MOST_TASK_ROWS + 1
    schedule = project([[(2, [])]] * count, [], [[]] * count).schedule([0] * count)
    layout = arrange(schedule, "task")
    assert len(layout.rows) == 1
    assert layout.rows[0].lanes == count


def test_dummies_of_a_project_are_shown() -> None:
    modes = [[(0, [0])], [(3, [1])], [(0, [0])]]
    schedule = project(modes, [1], [[1], [2], []]).schedule([0, 0, 3])
    layout = arrange(schedule, "machine")
    assert [row.label for row in layout.rows][-1] == "no resource"
    assert sorted(layout.bars.task.tolist()) == [0, 1, 2]


def test_jobs_that_are_machines_are_not_shown_twice() -> None:
    schedule = open_shop([[2, 3], [4, 1]]).schedule([0, 4, 2, 0])
    assert labels(schedule, "machine") == ["machine 0", "machine 1"]


def test_tasks_that_overlap_on_a_machine_get_lanes() -> None:
    schedule = job_shop([[0], [0]], [[5], [5]]).schedule([0, 3])
    layout = arrange(schedule, "machine")
    assert layout.rows[0].lanes == 2
    assert layout.bars.lane.tolist() == [0, 1]


def test_tasks_that_are_left_out_have_no_bar() -> None:
    m = Model()
    oven = m.machine("oven")
    m.task(None, "bake").mode({oven: 1}, duration=2)
    m.task(None, "extra", optional=True).mode({oven: 1}, duration=2)
    schedule = m.problem().schedule([0, -1], mode=[0, -1])
    assert arrange(schedule, "machine").bars.task.tolist() == [0]


@given(st.lists(st.tuples(st.integers(0, 30), st.integers(1, 8)), max_size=30))
def test_lanes_never_overlap_and_are_as_few_as_possible(tasks: list[tuple[int, int]]) -> None:
    tasks.sort()
    start = ints([s for s, _ in tasks])
    end = ints([s + d for s, d in tasks])
    lane, lanes = pack(start, end)
    for k in range(lanes):
        mine = np.flatnonzero(lane == k)
        assert (start[mine][1:] >= end[mine][:-1]).all()
    # At any instant as many lanes are busy as tasks are in progress, so the peak is a lower bound.
    peak = max((int(((start <= t) & (t < end)).sum()) for t in range(40)), default=0)
    assert lanes == max(peak, 1)
