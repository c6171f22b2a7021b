"""Energy of a run, and chips whose elements run at lower clocks.

The model is that of DS3 for the Odroid XU3 board at constant temperature: the power of a function
at the highest clock is measured and given; what is not leakage goes with C V² f, and a task takes
longer in the proportion of the clocks.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from headway.errors import ConfigError
from headway.simulate.chip.platform import Element, OperatingPoint, Platform
from headway.simulate.chip.stream import Outcome

AMBIENT_K = 273 + 42
_C1, _C2, _GATE = 0.002488, 2660.0, 0.000519
_NO_LEAKAGE = "ACC"


def leakage_w(voltage_mv: float, kelvin: float = AMBIENT_K) -> float:
    """Return the static power of a core in watts: V (c1 T² exp(-c2 / T) + gate current)."""
    volts = voltage_mv / 1000
    return volts * (_C1 * kelvin**2 * math.exp(-_C2 / kelvin) + _GATE)


def power_w(element: Element, function: str) -> float:
    """Return the power that an element draws while it runs a function, in watts.

    At its present operating point; as given if it has none.
    """
    given = element.power.get(function, 0.0)
    if not element.points:
        return given
    fastest, now = element.points[-1], element.point or element.points[-1]
    still = 0.0 if element.kind == _NO_LEAKAGE else leakage_w(fastest.voltage_mv)
    # What little is given below the leakage is leakage.
    dynamic = max(given - still, 0.0)
    share = now.frequency_mhz / fastest.frequency_mhz * (now.voltage_mv / fastest.voltage_mv) ** 2
    return dynamic * share + min(given, still) * now.voltage_mv / fastest.voltage_mv


def at_points(platform: Platform, points: Mapping[str, OperatingPoint]) -> Platform:
    """Return a chip some of whose elements run at other operating points.

    Parameters
    ----------
    platform
        The chip.
    points
        Operating point by name of element, one of its own. Durations grow in the proportion of the
        highest clock to this one, rounded up.

    Raises
    ------
    ConfigError
        If there is no such element, or it does not have the point.
    """
    known = {element.name: element for element in platform.elements}
    for name, point in points.items():
        if name not in known:
            raise ConfigError(f"points: no element is called {name!r}")
        if point not in known[name].points:
            raise ConfigError(f"points: element {name!r} does not have {point}")
    elements = tuple(
        _slowed(element, points[element.name]) if element.name in points else element
        for element in platform.elements
    )
    return replace(platform, elements=elements)


def _slowed(element: Element, point: OperatingPoint) -> Element:
    present = element.point or element.points[-1]
    duration = {
        function: -(-ticks * present.frequency_mhz // point.frequency_mhz)
        for function, ticks in element.duration.items()
    }
    return replace(element, duration=duration, point=point)


@dataclass(frozen=True, slots=True)
class Energy:
    """Energy of a run in joules.

    Attributes
    ----------
    work_j
        Of tasks, leakage while they run included.
    idle_j
        Leakage of elements that wait.
    delay_product
        Energy of tasks times the sum of the latencies of completed jobs, in joule seconds.
    """

    work_j: float
    idle_j: float
    delay_product: float


def energy(outcome: Outcome, platform: Platform) -> Energy:
    """Return the energy of a run on a chip, whose kinds of jobs are graphs of `platform`.

    Raises
    ------
    ConfigError
        If the run was on another chip.
    """
    names = tuple(element.name for element in platform.elements)
    if outcome.workload.kinds[0].elements != names:
        raise ConfigError(f"energy: the run was not on the elements {', '.join(names)}")
    power = [
        np.array(
            [
                [power_w(element, function) for element in platform.elements]
                for function in kind.tasks
            ]
        )
        for kind in outcome.workload.kinds
    ]
    work = 0.0
    busy = np.zeros(len(names))
    for run, kind in zip(outcome.runs(), outcome.kind, strict=True):
        rows = np.flatnonzero(run.element >= 0)
        end = np.minimum(run.end[rows], outcome.workload.length)
        ticks = end - run.start[rows]
        work += float((power[kind][rows, run.element[rows]] * ticks).sum())
        np.add.at(busy, run.element[rows], ticks)
    idle = np.maximum(outcome.workload.length - busy, 0)
    still = np.array([_still_w(element) for element in platform.elements])
    tick_s = platform.tick_s
    latency_s = float(outcome.latency.sum()) * tick_s
    return Energy(work * tick_s, float((idle * still).sum()) * tick_s, work * tick_s * latency_s)


def _still_w(element: Element) -> float:
    point = element.point or (element.points[-1] if element.points else None)
    return 0.0 if point is None or element.kind == _NO_LEAKAGE else leakage_w(point.voltage_mv)
