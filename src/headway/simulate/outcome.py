"""What a run leaves behind, whatever was simulated."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from os import PathLike
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from numpy.typing import NDArray

from headway.simulate.statistics import summary

if TYPE_CHECKING:
    from headway.show import Figure

BATCHES = 20
"""Into how many batches a run is cut for confidence intervals."""

_ENOUGH = 10
"""Values in a batch below which its mean says little."""


class Outcome(Protocol):
    """What happened when a policy met a scenario: verified, measured, ready to be shown.

    `headway.simulate.Trace` is one, for what amounts to a schedule.
    """

    @property
    def policy(self) -> str:
        """Who decided."""
        ...

    @property
    def seed(self) -> int:
        """Of the scenario."""
        ...

    @property
    def measures(self) -> Mapping[str, float]:
        """Figures of the run by name."""
        ...

    @property
    def samples(self) -> Mapping[str, NDArray[Any]]:
        """For measures that are means: what they are the means of, in order of time."""
        ...

    @property
    def pictures(self) -> Mapping[str, Callable[[], Figure]]:
        """Pictures of the run by name, the most telling first; each is drawn when called."""
        ...

    def text(self, name: str) -> str:
        """Return the figures for people, under the name of the scenario."""
        ...

    def to_json(self) -> str:
        """Return the figures as one JSON object."""
        ...

    def to_jsonl(self) -> str:
        """Return what happened as JSON, an event a line, by time."""
        ...

    def save(self, path: str | PathLike[str]) -> None:
        """Write what came about in the form in which Headway reads it again."""
        ...

    def save_perfetto(self, path: str | PathLike[str]) -> None:
        """Write a Chrome trace for ui.perfetto.dev."""
        ...


@runtime_checkable
class Reporting(Protocol):
    """An outcome that makes a page about itself."""

    def report(self, name: str) -> str:
        """Return a self-contained HTML page, under the name of the scenario."""
        ...


def headline(name: str, outcome: Outcome) -> str:
    """Return the first line of a run's text."""
    return f"{name}: {outcome.policy}, seed {outcome.seed} (verified)"


def half_widths(outcome: Outcome) -> dict[str, float]:
    """Return half the 95 % confidence interval of means that one run says enough about.

    It comes from the means of `BATCHES` batches; see `headway.simulate.summary`.
    """
    return {
        name: summary(sample, batches=BATCHES).half_width
        for name, sample in outcome.samples.items()
        if name in outcome.measures and len(sample) >= _ENOUGH * BATCHES
    }


def plus_minus(width: float | None) -> str:
    """Return half an interval as it stands behind a mean; nothing if there is none."""
    return "" if width is None else f" ± {float(f'{width:.2g}'):,g}"
