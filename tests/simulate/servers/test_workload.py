import numpy as np
import pytest

from headway.errors import ConfigError
from headway.simulate.servers import Arrivals, SpeedChange, Workload

FARM = Workload((1, 1, 2, 4), "poisson(0.7)", "exponential(1000)", 20_000)


@pytest.mark.parametrize(
    "text", ["poisson(0.7)", "switching(0.7, 0.95)", "modulated(0.5, 0.9, 200)"]
)
def test_arrivals_survive_their_text(text: str) -> None:
    assert str(Arrivals.parse(text)) == text


@pytest.mark.parametrize(
    "text",
    ["", "poisson", "poisson()", "poisson(0)", "poisson(1, 2)", "poisson(x)", "bursts(1)",
     "modulated(1, 2)", "switching(inf)", "switching(0.5, nan)"],
)  # fmt: skip
def test_unknown_arrivals_are_refused(text: str) -> None:
    with pytest.raises(ConfigError):
        Arrivals.parse(text)


def load(tasks, part: slice) -> float:
    """Work over time between arrivals, as a share of what eight speeds of 1 do."""
    arrival = tasks.arrival[part]
    return tasks.size[part].sum() / (arrival[-1] - arrival[0]) / 8


def test_the_load_is_what_was_asked_for() -> None:
    assert load(FARM.draw(1), slice(None)) == pytest.approx(0.7, rel=0.05)


def test_a_switching_load_switches_half_way() -> None:
    tasks = Workload((1, 1, 2, 4), "switching(0.4, 0.9)", "exponential(1000)", 20_000).draw(1)
    assert load(tasks, slice(0, 10_000)) == pytest.approx(0.4, rel=0.05)
    assert load(tasks, slice(10_000, None)) == pytest.approx(0.9, rel=0.05)


def test_modulated_arrivals_come_in_bursts() -> None:
    """The same mean load, but gaps that depend on one another: more variable over windows."""

    def spread(arrivals: str) -> float:
        tasks = Workload((1,), arrivals, "constant(1000)", 20_000).draw(3)
        counts = np.bincount(tasks.arrival // 100_000)
        return counts.std() / counts.mean()

    assert spread("modulated(0.2, 2, 500)") > 2 * spread("poisson(0.36)")


def test_sources_of_luck_are_apart() -> None:
    """Another law of sizes leaves the arrivals as they were, and the other way round."""
    other = Workload((1, 1, 2, 4), "poisson(0.7)", "constant(1000)", 20_000)
    assert np.array_equal(FARM.draw(5).arrival, other.draw(5).arrival)
    slower = Workload((1, 1, 2, 4), "poisson(0.5)", "exponential(1000)", 20_000)
    assert np.array_equal(FARM.draw(5).size, slower.draw(5).size)
    assert not np.array_equal(FARM.draw(5).size, FARM.draw(6).size)


def test_unknown_sizes_are_believed_to_be_the_mean() -> None:
    tasks = Workload((1,), "poisson(0.5)", "exponential(1000)", 50, sizes_known=False).draw(0)
    assert set(tasks.believed.tolist()) == {1000}
    assert len(set(tasks.size.tolist())) > 10


def test_size_intervals_share_the_work_as_the_speeds_are() -> None:
    tasks = FARM.draw(2)
    share = np.bincount(tasks.home, weights=tasks.size) / tasks.size.sum()
    assert share == pytest.approx([1 / 8, 1 / 8, 2 / 8, 4 / 8], abs=0.02)
    assert tasks.size[tasks.home == 0].max() <= tasks.size[tasks.home == 3].min()


@pytest.mark.parametrize(
    "settings",
    [
        {"speeds": ()},
        {"speeds": (0,)},
        {"speeds": (float("nan"),)},
        {"tasks": 0},
        {"declared": (1, 1)},
        {"changes": (SpeedChange(0.5, 1, 1),)},
        {"changes": (SpeedChange(1.5, 0, 1),)},
        {"changes": (SpeedChange(0.5, 0, 0),)},
        {"sizes": "exponential(-1)"},
    ],
)
def test_workloads_that_make_no_sense_are_refused(settings) -> None:
    given = {"speeds": (1,), "arrivals": "poisson(0.5)", "sizes": "exponential(100)", "tasks": 5}
    with pytest.raises(ConfigError):
        Workload(**(given | settings))


@pytest.mark.parametrize(
    ("arrival", "size"), [([0, 5], [1]), ([5, 0], [1, 1]), ([-1, 0], [1, 1]), ([0], [0]), ([], [])]
)
def test_records_that_make_no_sense_are_refused(arrival, size) -> None:
    with pytest.raises(ConfigError):
        FARM.given(arrival, size)
