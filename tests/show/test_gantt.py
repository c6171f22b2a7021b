from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from itertools import pairwise

import numpy as np
import pytest
from matplotlib.collections import Collection, PolyCollection
from matplotlib.text import Text

from headway.errors import ConfigError
from headway.model import Model, Schedule, job_shop
from headway.show import Figure, gantt
from tests.show.conftest import shop


def part(figure: Figure, name: str) -> Collection | None:
    found = [c for c in figure.canvas.findobj(Collection) if c.get_gid() == name]
    assert len(found) <= 1
    return found[0] if found else None


def count(figure: Figure, name: str) -> int:
    collection = part(figure, name)
    return 0 if collection is None else len(collection.get_paths())


def words(figure: Figure, kind: str | None = None) -> list[str]:
    return [t.get_text() for t in figure.canvas.findobj(Text) if kind in (None, t.get_gid())]


def test_everything_in_the_schedule_is_drawn(bakery: Schedule) -> None:
    figure = gantt(bakery)
    # 21 uses of resources, two pauses cut the bars of two resources each, and one milestone.
    assert count(figure, "bars") == 26
    assert count(figure, "pauses") == 4
    assert count(figure, "holds") == 6
    assert count(figure, "setups") == 2
    assert count(figure, "breaks") == 3
    assert count(figure, "milestones") == 1
    assert count(figure, "critical") > 0
    assert {"mixer", "oven", "bakers", "packing line", "no resource"} <= set(words(figure))
    assert set(words(figure, "legend")) == {
        "critical path", "setup", "holds its machine", "paused", "break", "takes no time",
    }  # fmt: skip


def test_the_job_view_marks_dates(bakery: Schedule) -> None:
    figure = gantt(bakery, by="job")
    assert count(figure, "due") == 3  # the last one lies far behind the plan
    assert count(figure, "deadline") == 1
    assert count(figure, "tardy") == 1
    assert {"due date", "deadline", "late"} <= set(words(figure, "legend"))


def test_the_critical_path_may_be_left_out(bakery: Schedule) -> None:
    figure = gantt(bakery, critical=False)
    assert part(figure, "critical") is None
    assert "critical path" not in words(figure, "legend")


def test_the_headline_tells_what_is_shown(bakery: Schedule) -> None:
    title, facts = words(gantt(bakery), "headline")
    assert title == "bakery"
    assert facts == "4 jobs  ·  14 tasks  ·  tardiness 5 min  ·  makespan 5 h 15 min"
    assert words(gantt(bakery, title="Tuesday"), "headline")[0] == "Tuesday"


def test_the_time_axis_has_real_units(bakery: Schedule) -> None:
    assert "time (h)" in words(gantt(bakery))
    assert "time (min)" in words(gantt(bakery, unit="min"))
    assert "time (ticks)" in words(gantt(shop(2, 2)))


def test_the_time_axis_shows_dates_if_there_are_any(dated: Schedule) -> None:
    said = words(gantt(dated))
    assert {"Tue 3 Mar 03:15", "22:00\nMon 2 Mar 2026", "00:00\nTue 3 Mar"} <= set(said)
    assert not [text for text in said if text.startswith("time (")]
    counted = words(gantt(dated, unit="min"))
    assert {"time (min)", "5 h 15 min"} <= set(counted)


@pytest.mark.parametrize(
    ("tick_s", "origin"),
    [
        (60, datetime(2026, 3, 2, 22, 50)),
        (900, datetime(2026, 3, 2, 8)),
        (7200, datetime(2026, 12, 20)),
        (86400, datetime(2026, 12, 20)),
        (1, datetime(2026, 9, 30, 23, 59)),
    ],
)
def test_dates_on_the_axis_never_overlap(tick_s: float, origin: datetime) -> None:
    schedule = shop(12, 8)
    problem = replace(schedule.problem, tick_s=float(tick_s), origin=origin)
    dated = Schedule(problem, schedule.start, schedule.end, schedule.mode)
    figure = gantt(dated)
    axes = figure.canvas.axes[0]
    figure.canvas.draw_without_rendering()
    boxes = [label.get_window_extent() for label in axes.get_xticklabels()]
    assert len(boxes) > 2
    assert all(a.x1 < b.x0 for a, b in pairwise(boxes))
    assert boxes[0].x0 >= 0
    assert boxes[-1].x1 <= figure.canvas.bbox.x1
    assert len({round(box.y1, 3) for box in boxes}) == 1


def test_jobs_keep_their_colour_on_every_machine() -> None:
    figure = gantt(shop(3, 3))
    bars = part(figure, "bars")
    assert isinstance(bars, PolyCollection)
    colours = {tuple(colour) for colour in np.round(bars.get_facecolor(), 6).tolist()}
    assert len(colours) == 3


def test_two_thousand_operations_are_one_collection_with_labels_where_they_fit() -> None:
    figure = gantt(shop(100, 20))
    assert count(figure, "bars") == 2000
    assert 0 < len(words(figure, "label")) <= 2000


def test_masses_are_stored_as_pixels_in_vector_formats() -> None:
    figure = gantt(shop(1100, 20))
    bars = part(figure, "bars")
    assert bars is not None
    assert bars.get_rasterized()
    assert len(words(figure, "label")) <= 4000


def test_names_are_never_read_as_formulas() -> None:
    m = Model("$x^2$ and \\frac{")
    oven = m.machine("$\\alpha")
    m.task(None, "$_{").mode({oven: 1}, duration=4)
    svg = gantt(m.problem().schedule([0])).to_svg()
    assert svg.startswith("<?xml")


def test_letters_without_a_glyph_are_no_reason_to_warn(recwarn: pytest.WarningsRecorder) -> None:
    m = Model("工厂")
    oven = m.machine("機械 \U0001f600")
    m.task(None, "任務").mode({oven: 1}, duration=4)
    gantt(m.problem().schedule([0])).to_png(dpi=40)
    assert not [w for w in recwarn if "Glyph" in str(w.message)]


def test_nothing_can_be_drawn_too() -> None:
    figure = gantt(Model("nothing").problem().schedule([]))
    assert "0 tasks" in words(figure, "headline")[1]
    assert figure.to_png(dpi=40)


def test_wrong_schedules_are_drawn_as_they_are() -> None:
    problem = job_shop([[0], [0]], [[5], [5]])
    schedule = Schedule(problem, [0, 3], [5, 1], [0, 9])  # type: ignore[arg-type]
    assert count(gantt(schedule, critical=False), "bars") == 2


def test_the_size_may_be_given(bakery: Schedule) -> None:
    assert gantt(bakery, width=8, height=5).canvas.get_size_inches().tolist() == pytest.approx(
        [8, 5]
    )


@pytest.mark.parametrize(
    "option", [{"by": "week"}, {"labels": "all"}, {"unit": "eon"}, {"width": 0}, {"colours": "red"}]
)
def test_wrong_options_are_refused_by_name(bakery: Schedule, option: dict[str, object]) -> None:
    name, value = next(iter(option.items()))
    with pytest.raises(ConfigError, match=str(value)) as error:
        gantt(bakery, **option)  # type: ignore[arg-type]
    assert name.rstrip("s") in str(error.value) or name == "colours"
