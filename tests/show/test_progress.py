from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from matplotlib.collections import Collection
from matplotlib.text import Text

from headway.errors import ConfigError
from headway.show import Figure, progress
from headway.solve.result import Progress, Result, Status


def words(figure: Figure) -> set[str]:
    return {text.get_text() for text in figure.canvas.findobj(Text)}


def lines(figure: Figure) -> list[np.ndarray]:
    """Return the step lines of the plot: the best schedule's, then the bound's."""
    axes = figure.canvas.axes[0]
    return [line.get_xydata() for line in axes.lines]


def test_incumbents_and_bounds_are_steps_until_the_end(run: Result) -> None:
    best, bound = lines(progress(run))
    assert best[:, 1].min() == 5
    assert best[0].tolist() == [0.1, 90]
    assert bound[0].tolist() == [0.5, 0]
    assert best[-1].tolist() == [3.0, 5]
    assert bound[-1].tolist() == [3.0, 5]


def test_another_level_may_be_shown(run: Result) -> None:
    best, _ = lines(progress(run, level=1))
    assert best[:, 1].max() == 400
    with pytest.raises(ConfigError, match="0 to 1, got 2"):
        progress(run, level=2)


def test_values_never_get_worse_though_parts_of_a_portfolio_know_less(run: Result) -> None:
    moments = (
        Progress(0.1, (50, 0), (20, 0), "rules"),
        Progress(0.2, (70, 0), (10, 0), "cpsat"),
        Progress(0.3, (40, 0), (30, 0), "cpsat"),
    )
    best, bound = lines(progress(replace(run, trajectory=moments, bound=(30, 0))))
    assert (np.diff(best[:, 1]) <= 0).all()
    assert (np.diff(bound[:, 1]) >= 0).all()


def test_who_found_what_is_said_if_there_were_several(run: Result) -> None:
    assert {"found by rules", "found by cpsat"} <= words(progress(run))
    alone = replace(run, trajectory=run.trajectory[1:])
    assert not any(text.startswith("found by") for text in words(progress(alone)))


def test_time_may_be_logarithmic(run: Result) -> None:
    assert progress(run, log_time=True).canvas.axes[0].get_xscale() == "log"


def test_the_gap_is_shaded_from_the_first_bound_on(run: Result) -> None:
    (gap,) = [c for c in progress(run).canvas.findobj(Collection) if c.get_gid() == "gap"]
    assert np.nanmin(gap.get_paths()[0].vertices[:, 0]) == 0.5


def test_a_run_without_an_answer_says_so(run: Result) -> None:
    nothing = replace(run, schedule=None, bound=None, trajectory=(), status=Status.UNKNOWN)
    assert "neither a schedule nor a bound was found" in words(progress(nothing))
    assert progress(nothing).to_png(dpi=40)


def test_a_bound_alone_is_drawn(run: Result) -> None:
    only = replace(run, schedule=None, trajectory=(Progress(1.0, None, (3, 0), "cpsat"),))
    assert len(lines(progress(only))) == 1
