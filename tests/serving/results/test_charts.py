"""Pictures of runs: the numbers behind the lines."""

import numpy as np
import pytest

from headway.errors import UnknownNameError
from headway.serving.results.charts import latencies, timeline
from headway.serving.workload import ServiceClass
from tests.serving.results.small import TRAFFIC, small
from tests.serving.results.test_export import crowded


def test_a_distribution_rises_to_one_at_the_largest_value() -> None:
    run = crowded()
    axes = latencies({"a": run}, ["latency_s"]).canvas.axes[0]
    for line, part in zip(axes.lines, (0, 1), strict=False):
        x, y = line.get_data()
        own = run.latency_s[run.workload.service_class == part]
        assert (x[0], x[-1]) == (own.min(), own.max())
        assert (y[0], y[-1]) == (0, 1)
        assert np.interp(np.median(own), x, y) == pytest.approx(0.5, abs=0.06)


def test_several_runs_are_told_apart_and_limits_marked() -> None:
    promised = small(workload=TRAFFIC.with_classes([ServiceClass("all", ttft_s=2)]))
    figure = latencies({"a": promised, "b": promised})
    texts = {text.get_text() for text in figure.canvas.findobj(lambda a: hasattr(a, "get_text"))}
    assert {"a", "b", "limit", "4 requests  ·  within their limits: a 50.0%, b 50.0%"} <= texts
    with pytest.raises(UnknownNameError, match="ttft_s"):
        latencies({"a": promised}, ["ttft"])


def test_the_timeline_keeps_the_area_of_what_it_shows() -> None:
    run = crowded()
    steps = run.steps
    batch, cache, *_ = timeline(run).canvas.axes
    lasted = steps.end_s - steps.start_s
    for line, values in (
        (batch.lines[0], steps.running),
        (batch.lines[1], steps.waiting),
        (cache.lines[0], 100 * steps.used_blocks / 24),
    ):
        x, y = line.get_data()
        assert np.dot(np.diff(x), y[:-1]) == pytest.approx(np.dot(lasted, values))


def test_preemptions_have_a_panel_where_there_are_any() -> None:
    assert len(timeline(crowded()).canvas.axes) == len(timeline(small()).canvas.axes) + 1


def test_a_run_without_steps_has_an_empty_timeline() -> None:
    from headway.serving.engine import Engine, EngineConfig
    from tests.serving.results.test_export import TIME

    run = Engine(TRAFFIC.select(slice(3, 4)), EngineConfig(blocks=2), TIME).run()
    assert run.document["dropped"] == 1
    assert timeline(run).to_png().startswith(b"\x89PNG")
    assert run.latencies().to_png().startswith(b"\x89PNG")
    assert "1 dropped" in run.text("nothing")
