"""Energy follows power and time, and lower clocks trade one for the other."""

from importlib import resources
from pathlib import Path

import pytest

from headway.errors import ConfigError
from headway.simulate.chip import (
    Element,
    OperatingPoint,
    Workload,
    at_points,
    energy,
    leakage_w,
    outcome,
    power_w,
    read_application,
    read_platform,
    top,
)

DATA = Path(str(resources.files("headway.simulate.chip") / "data"))
CHIP = read_platform(DATA / "DASH.SoC.Top.txt")
APPLICATION = read_application(DATA / "job_Top.txt")


def test_leakage_is_that_of_the_board() -> None:
    """1 V at 42 °C: 0.002488 * 315² * exp(-2660 / 315) + 0.000519."""
    assert leakage_w(1000) == pytest.approx(0.05366, abs=1e-4)


def test_at_the_highest_clock_power_is_as_given() -> None:
    for element in CHIP.elements:
        assert power_w(element, "task_1") == pytest.approx(element.power["task_1"])
    assert power_w(Element("fixed", "CPU", {"f": 1}, {"f": 2.5}), "f") == 2.5


def test_energy_is_power_times_time() -> None:
    """One job alone: each task takes as many watts as microseconds on this chip."""
    workload = Workload(kinds=top()[:1], gap=10_000, most_jobs=1, length=400)
    run = outcome(workload, "ETF")
    spent = energy(run, CHIP)
    assert spent.work_j == pytest.approx(float((run.duration**2).sum()) * 1e-6)
    idle = 3 * 400 - run.duration.sum()
    assert spent.idle_j == pytest.approx(float(idle) * leakage_w(1362) * 1e-6)
    assert spent.delay_product == pytest.approx(spent.work_j * run.latency.sum() * 1e-6)


def test_a_lower_clock_takes_longer_and_less_energy() -> None:
    slow = at_points(CHIP, {e.name: OperatingPoint(1000, 1000) for e in CHIP.elements})
    assert slow.elements[0].duration["task_1"] == 28
    odd = at_points(CHIP, {"P1": OperatingPoint(1200, 1037)})
    assert odd.elements[0].duration["task_1"] == 24  # 14 * 2000 / 1200, rounded up
    spent = []
    for chip in (CHIP, slow):
        kinds = (chip.graph(APPLICATION),)
        run = outcome(Workload(kinds=kinds, gap=10_000, most_jobs=1, length=1000), "ETF")
        spent.append((run.latency.mean(), energy(run, chip).work_j))
    assert spent[0][0] < spent[1][0]
    # Twice the time at half the clock and 1000/1362 of the voltage.
    assert spent[1][1] / spent[0][1] == pytest.approx((1000 / 1362) ** 2, rel=0.05)


def test_points_that_an_element_does_not_have_are_refused() -> None:
    with pytest.raises(ConfigError, match="no element is called 'P9'"):
        at_points(CHIP, {"P9": OperatingPoint(600, 900)})
    with pytest.raises(ConfigError, match="does not have"):
        at_points(CHIP, {"P1": OperatingPoint(601, 900)})
    other = at_points(CHIP, {})
    workload = Workload(kinds=(other.graph(APPLICATION),), length=10)
    wrong = type(CHIP)("x", CHIP.elements[:1], CHIP.bandwidth[:1, :1])
    with pytest.raises(ConfigError, match="not on the elements P1"):
        energy(outcome(workload), wrong)
