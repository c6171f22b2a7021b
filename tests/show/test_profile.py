from __future__ import annotations

from itertools import pairwise

import pytest
from matplotlib.collections import Collection
from matplotlib.text import Text

from headway.errors import ConfigError, UnknownNameError
from headway.model import Model, Schedule, job_shop
from headway.show import Figure, profile


def words(figure: Figure) -> set[str]:
    return {text.get_text() for text in figure.canvas.findobj(Text)}


def parts(figure: Figure, name: str) -> list[Collection]:
    return [c for c in figure.canvas.findobj(Collection) if c.get_gid() == name]


def test_renewable_resources_and_reservoirs_have_a_panel_each(bakery: Schedule) -> None:
    figure = profile(bakery)
    assert len(parts(figure, "used")) == 2
    assert {"bakers", "flour", "capacity", "smallest and largest level", "break"} <= words(figure)
    assert not parts(figure, "beyond")


def test_the_area_under_the_curve_is_the_work_done(bakery: Schedule) -> None:
    """Bakers are held from start to release: sum the rectangles under the drawn steps."""
    (used,) = parts(profile(bakery, ["bakers"]), "used")
    points = used.get_paths()[0].vertices
    area = 0.0
    for (x0, y0), (x1, y1) in pairwise(points):
        area += (x1 - x0) * (y0 + y1) / 2
    occupied = sum(
        int(bakery.free[task] - bakery.start[task]) for task in bakery.sequence(2).tolist()
    )
    assert abs(area) == pytest.approx(occupied)


def test_what_exceeds_a_limit_is_marked() -> None:
    m = Model()
    crew = m.renewable("crew", capacity=1)
    for _ in range(2):
        m.task().mode({crew: 1}, duration=4)
    problem = m.problem()
    assert parts(profile(problem.schedule([0, 2])), "beyond")
    assert not parts(profile(problem.schedule([0, 4])), "beyond")


def test_machines_alone_are_counted() -> None:
    schedule = job_shop([[0, 1], [1, 0]], [[2, 2], [2, 2]]).schedule([0, 2, 0, 2])
    figure = profile(schedule)
    assert "machines busy" in words(figure)
    (used,) = parts(figure, "used")
    assert used.get_paths()[0].vertices[:, 1].max() == 2


def test_the_time_axis_shows_dates_if_there_are_any(dated: Schedule) -> None:
    assert "00:00\nTue 3 Mar" in {text.strip() for text in words(profile(dated))}


def test_resources_may_be_chosen_by_name_or_position(bakery: Schedule) -> None:
    assert {"oven", "flour"} <= words(profile(bakery, ["oven", 4]))


def test_unknown_resources_are_refused(bakery: Schedule) -> None:
    with pytest.raises(UnknownNameError, match="did you mean oven"):
        profile(bakery, ["ovn"])
    with pytest.raises(ConfigError, match="0 to 4, got 9"):
        profile(bakery, [9])
    with pytest.raises(ConfigError, match="at least one"):
        profile(bakery, [])


def test_budgets_have_no_profile() -> None:
    m = Model()
    money = m.budget("money", capacity=9)
    m.task().mode({money: 3}, duration=1)
    with pytest.raises(ConfigError, match="'money' is a budget"):
        profile(m.problem().schedule([0]), ["money"])
