"""Lines in panels: what is drawn where, and how the axes are labelled."""

import numpy as np
import pytest

from headway.show.lines import Line, Panel, chart


def line(name: str, *y: float, **more: object) -> Line:
    return Line(name, np.arange(len(y), dtype=float), np.array(y), **more)  # type: ignore[arg-type]


def texts(figure: object) -> list[str]:
    return [
        text.get_text() for text in figure.canvas.findobj(match=lambda a: hasattr(a, "get_text"))
    ]  # type: ignore[attr-defined]


def test_lines_of_one_name_share_a_colour_and_an_entry() -> None:
    figure = chart(
        [Panel((line("a", 1, 2), line("b", 2, 1))), Panel((line("b", 5, 6),))], title="t"
    )
    first, second, _ = figure.canvas.axes
    assert first.lines[1].get_color() == second.lines[0].get_color() != first.lines[0].get_color()
    assert texts(figure).count("b") == 1


def test_panels_in_a_column_share_the_time() -> None:
    figure = chart([Panel((line("a", 1, 2, 3),)), Panel((line("b", 1, 2),), "time (s)")], title="t")
    first, second, _ = figure.canvas.axes
    assert first.get_xlim() == second.get_xlim()
    beside = chart([Panel((line("a", 1, 2, 3),)), Panel((line("b", 1, 2),))], title="t", columns=2)
    first, second, _ = beside.canvas.axes
    assert (first.get_xlim(), second.get_xlim()) == ((0, 2), (0, 1))


@pytest.mark.parametrize(
    ("low", "high", "marks"),
    [
        (0.02, 0.11, ["0.02", "0.03", "0.05", "0.07", "0.1"]),
        (0.01, 5, ["0.01", "0.03", "0.1", "0.3", "1", "3"]),
        (1e-6, 1e6, ["1e-06", "0.001", "1", "1000", "1e+06"]),
    ],
)
def test_logarithms_have_few_round_marks(low: float, high: float, marks: list[str]) -> None:
    ends = Line("a", np.array([low, high]), np.array([0.0, 1.0]), "step")
    axes = chart([Panel((ends,), "s", log=True)], title="t").canvas.axes[0]
    assert axes.get_xscale() == "log"
    assert [label.get_text() for label in axes.get_xticklabels()] == marks


def test_what_is_not_positive_has_no_logarithm() -> None:
    axes = chart([Panel((line("a", 1, 2, 9),), log=True)], title="t").canvas.axes[0]
    assert axes.get_xscale() == "linear"


def test_limits_and_intervals_are_drawn() -> None:
    band = {"low": np.array([0.5, 1.5]), "high": np.array([1.5, 2.5])}
    figure = chart([Panel((line("a", 1, 2, **band),), limits=(0.5,))], title="t")
    axes = figure.canvas.axes[0]
    assert len(axes.collections) == 1
    assert "limit" in texts(figure)


def test_nothing_to_show_is_said() -> None:
    assert "there is nothing to show" in texts(chart([Panel(())], title="t"))
    unknown = Line("a", np.array([1.0]), np.array([np.nan]))
    assert "there is nothing to show" in texts(chart([Panel((unknown,))], title="t"))
