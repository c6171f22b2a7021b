"""What comes, as patterns: clusters that can be told by hand, and DBSCAN the plain way."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headway.errors import ConfigError
from headway.serving.fleet.scaling import LoadMonitor, Pattern, Profile, rates
from tests.serving.fleet.scaling.profiles import A40, A100, profile


def test_two_kinds_of_requests_and_a_stray_one_are_three_patterns() -> None:
    monitor = LoadMonitor()
    for k in range(120):
        monitor.observe(1024, 128, at_s=k)
        if k % 2:
            monitor.observe(500 + k % 20, 256, at_s=k)
    monitor.observe(8, 2000, at_s=120)
    chat, summary, stray = monitor.patterns(120.0)
    assert (chat.prompt_tokens, chat.output_tokens, chat.rate_per_s) == (1024, 128, 1.0)
    assert summary.prompt_tokens == pytest.approx(512, rel=0.03)
    assert (summary.output_tokens, summary.rate_per_s) == (256, 0.5)
    assert (stray.prompt_tokens, stray.rate_per_s) == (8, 1 / 120)
    table = rates([chat, summary, stray], [Profile.read(A40)])
    assert table[5, 3] == 1.0
    assert table[6, 2] == 0.5
    assert table[7, 0] == 1 / 120
    assert table.sum() == pytest.approx(1.5 + 1 / 120)


def test_what_is_older_than_the_window_is_forgotten() -> None:
    monitor = LoadMonitor(window_s=60)
    for k in range(200):
        monitor.observe(1024 if k < 100 else 128, 64, at_s=k)
    (only,) = monitor.patterns(200.0)
    assert (only.prompt_tokens, only.rate_per_s) == (128, 1.0)
    assert monitor.patterns(1000.0) == ()
    assert LoadMonitor().patterns(5.0) == ()


def plain(points: np.ndarray, radius: float, fewest: int) -> tuple[list[int], int]:
    """Return the sizes of DBSCAN's clusters without their borders, and distinct lone points."""
    near = np.hypot(*(points[:, None] - points[None]).T) <= radius + 1e-6
    core = near.sum(axis=1) >= fewest
    label = np.arange(len(points))
    for _ in points:
        for k in np.flatnonzero(core):
            label[k] = label[near[k] & core].min()
    lone = points[~core & ~(near & core).any(axis=1)]
    sizes = np.unique(label[core], return_counts=True)[1]
    return sorted(sizes.tolist()), len(np.unique(lone, axis=0))


@given(
    st.lists(st.tuples(st.integers(1, 400), st.integers(1, 400)), min_size=1, max_size=40),
    st.integers(1, 6),
)
@settings(max_examples=60, deadline=None)
def test_patterns_are_those_of_dbscan(lengths: list[tuple[int, int]], fewest: int) -> None:
    monitor = LoadMonitor(fewest=fewest)
    for prompt, output in lengths:
        monitor.observe(prompt, output, at_s=0.0)
    found = monitor.patterns(10.0)
    sizes = sorted(round(one.rate_per_s * 10) for one in found)
    points = np.array([[round(math.log2(n) * 10) / 10 for n in pair] for pair in lengths])
    clusters, lone = plain(points, 0.5, fewest)
    assert len(found) == len(clusters) + lone
    assert sum(sizes) == len(lengths)
    if fewest == 1:
        assert sizes == clusters


def test_patterns_beyond_what_was_measured_count_at_the_edge() -> None:
    table = rates([Pattern(1e6, 1e6, 2.0), Pattern(1.0, 1.0, 3.0)], [Profile.read(A40), A100])
    assert (table[7, 4], table[0, 0]) == (2.0, 3.0)


def test_patterns_that_no_kind_can_serve_count_at_the_nearest_that_one_can() -> None:
    table = rates([Pattern(2048, 512, 2.0)], [A100])
    assert (table[6, 3], table.sum()) == (2.0, 2.0)
    assert rates([Pattern(128, 128, 1.0)], [profile("none", 1.0, [[0.0, 0.0]])]).tolist() == [
        [1.0, 0.0]
    ]


@pytest.mark.parametrize(
    ("settings", "message"),
    [({"window_s": 5}, "window_s"), ({"fewest": 0}, "fewest"), ({"radius": -1}, "radius")],
)
def test_settings_that_cannot_be_are_refused(settings: dict[str, float], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        LoadMonitor(**settings)  # type: ignore[arg-type]
