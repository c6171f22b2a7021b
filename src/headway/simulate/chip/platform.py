"""Chips: processing elements with what they run, and applications written without a chip."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from headway.errors import ProblemError
from headway.model.tables import Ints, ints
from headway.simulate.chip.graph import UNSUPPORTED, TaskGraph


@dataclass(frozen=True, slots=True)
class OperatingPoint:
    """A pair of clock and voltage that an element can run at.

    Parameters
    ----------
    frequency_mhz, voltage_mv
        Clock in MHz and supply voltage in mV; positive.
    """

    frequency_mhz: int
    voltage_mv: int


@dataclass(frozen=True, slots=True)
class Element:
    """A processing element: a core or an accelerator.

    Parameters
    ----------
    name
        Unique on its platform.
    kind
        "CPU", "ACC" and the like; accelerators leak no power.
    duration
        Ticks per function at its clock; functions that are not named cannot run here.
    power
        Power per function at the highest clock, leakage included, in watts.
    points
        Operating points by increasing clock; none if the clock is fixed.
    point
        The one it runs at; the highest clock by default.
    """

    name: str
    kind: str
    duration: Mapping[str, int]
    power: Mapping[str, float] = field(default_factory=dict)
    points: tuple[OperatingPoint, ...] = ()
    point: OperatingPoint | None = None


@dataclass(frozen=True, eq=False)
class Application:
    """A task graph before it is known where it runs.

    Parameters
    ----------
    name
        Label for messages and plots.
    functions
        What each task computes, by the name that elements know it by; shape (n_tasks,).
    source, target, volume
        Edges and the amount of data on each, shape (n_edges,).
    """

    name: str
    functions: tuple[str, ...]
    source: Ints
    target: Ints
    volume: Ints

    def __post_init__(self) -> None:
        for name in ("source", "target", "volume"):
            object.__setattr__(self, name, ints(getattr(self, name)))


@dataclass(frozen=True, eq=False)
class Platform:
    """Processing elements and the bandwidth between them.

    Parameters
    ----------
    name
        Label for messages.
    elements
        The processing elements.
    bandwidth
        Volume per tick between each pair of elements, positive; shape (n_elements, n_elements).
    tick_s
        Seconds per tick, for display only.

    Raises
    ------
    ProblemError
        If two elements share a name, or the bandwidth has another shape or is not positive.
    """

    name: str
    elements: tuple[Element, ...]
    bandwidth: NDArray[np.int64]
    tick_s: float = 1e-6

    def __post_init__(self) -> None:
        n = len(self.elements)
        if len({element.name for element in self.elements}) < n:
            raise ProblemError(f"{self.name}: two elements have the same name")
        bandwidth = np.array(self.bandwidth, dtype=np.int64)
        if bandwidth.shape != (n, n) or (n and bandwidth.min() < 1):
            raise ProblemError(
                f"{self.name}: bandwidth: expected {n} by {n} positive numbers,"
                f" got shape {bandwidth.shape}"
            )
        bandwidth.setflags(write=False)
        object.__setattr__(self, "bandwidth", bandwidth)

    def graph(self, application: Application) -> TaskGraph:
        """Return an application with the costs it has on this platform.

        The delay of an edge is its volume over the bandwidth, rounded down.

        Raises
        ------
        ProblemError
            If a task runs on no element, or the application is no acyclic graph.
        """
        duration = [
            [element.duration.get(function, UNSUPPORTED) for element in self.elements]
            for function in application.functions
        ]
        n = len(self.elements)
        return TaskGraph(
            name=application.name,
            tasks=application.functions,
            elements=tuple(element.name for element in self.elements),
            duration=np.array(duration, dtype=np.int64).reshape(len(application.functions), n),
            source=application.source,
            target=application.target,
            delay=application.volume[:, None, None] // self.bandwidth,
            tick_s=self.tick_s,
        )
