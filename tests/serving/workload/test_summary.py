"""The figures of a workload, by hand; and its picture."""

from __future__ import annotations

import msgspec
import pytest

from headway.errors import ConfigError
from headway.serving.workload import Blocks, ServiceClass, Workload, chart, read_workload
from tests.serving.workload.traces import FORMATS, TRACES


def four() -> Workload:
    """Gaps of 1, 1 and 4 s: mean 2, standard deviation √2."""
    return Workload.of(
        name="four",
        arrival_s=[1, 2, 3, 7],
        prompt_tokens=[8, 8, 12, 20],
        output_tokens=[1, 2, 3, 4],
        limit_tokens=[1, 2**31 - 1, 2**31 - 1, 2**31 - 1],
        service_class=[0, 1, 1, 1],
        classes=[ServiceClass("a"), ServiceClass("b"), ServiceClass("c")],
        session=[5, 5, -1, 2],
        adapter=[-1, 1, 1, -1],
        adapters=["x", "y"],
        blocks=Blocks.of([[0, 1], [0, 2], [0, 1, 3], [9]], 4),
    )


def test_the_figures_are_those_counted_by_hand() -> None:
    told = four().summary()
    assert (told.name, told.n, told.span_s, told.rate_per_s) == ("four", 4, 6.0, 0.5)
    assert told.gap_cv == pytest.approx(2**0.5 / 2)
    assert told.prompt is not None
    assert told.prompt.mean == 12
    assert told.prompt.p50 == 10
    assert (told.prompt.max, told.prompt.total, told.prompt.per_s) == (20, 48, 8.0)
    assert told.output is not None
    assert told.output.p90 == pytest.approx(3.7)
    assert told.limited == 0.25
    assert told.sessions == (2, 3)
    assert [(kind.name, kind.n, kind.prompt_mean, kind.output_mean) for kind in told.classes] == [
        ("a", 1, 8.0, 1.0),
        ("b", 3, 40 / 3, 3.0),
        ("c", 0, 0.0, 0.0),
    ]
    assert told.adapters == {"x": 0, "y": 2}
    assert told.sharing is not None
    assert (told.sharing.blocks, told.sharing.distinct, told.sharing.share) == (8, 7, 1 / 8)
    assert told.sharing.requests == 0.25


def test_what_does_not_apply_is_left_out() -> None:
    at_once = read_workload(TRACES / "lengths.json").summary().document()
    assert set(at_once) == {"name", "n", "span_s", "prompt", "output", "limited"}
    assert at_once["prompt"]["per_s"] is None
    nobody = Workload.of(arrival_s=[], prompt_tokens=[], output_tokens=[]).summary().document()
    assert nobody == {"name": "workload", "n": 0, "span_s": 0.0, "limited": 0.0}


@pytest.mark.parametrize("name", FORMATS)
def test_every_trace_is_told_as_json_and_drawn(name: str) -> None:
    work = read_workload(TRACES / name)
    document = msgspec.json.decode(msgspec.json.encode(work.summary().document()))
    assert document["n"] == len(work)
    picture = work.chart()
    assert picture.to_png(dpi=40).startswith(b"\x89PNG")
    # Arrivals and lengths; what a prefix cache finds; the legend.
    assert len(picture.canvas.axes) == 3 + (work.blocks is not None)


def test_the_same_workload_gives_the_same_picture_in_both_themes() -> None:
    light = chart(four()).to_svg()
    assert light == chart(four()).to_svg()
    assert light != chart(four(), colours="dark").to_svg()


def test_nothing_is_not_drawn() -> None:
    with pytest.raises(ConfigError, match="nothing: there is nothing to draw"):
        chart(Workload.of(name="nothing", arrival_s=[], prompt_tokens=[], output_tokens=[]))
