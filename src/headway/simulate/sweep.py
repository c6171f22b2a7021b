"""Policies side by side at several loads: where each of them gives in."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from os import PathLike
from typing import TYPE_CHECKING

import msgspec
import numpy as np

from headway.errors import ConfigError, UnknownNameError
from headway.simulate.compare import Run, Runs, side_by_side
from headway.simulate.experiment import Experiment, Loaded, open_experiment

if TYPE_CHECKING:
    from headway.show import Figure
    from headway.show.table import Row
    from headway.simulate.workers import Workers


@dataclass(frozen=True, eq=False)
class Sweep:
    """What came out when policies met a scenario at several loads.

    Attributes
    ----------
    name
        Of the scenario.
    at
        What came out by load, ascending.
    """

    name: str
    at: Mapping[float, Runs]

    @property
    def runs(self) -> tuple[Run, ...]:
        """All runs."""
        return tuple(run for runs in self.at.values() for run in runs.runs)

    @property
    def measures(self) -> tuple[str, ...]:
        """The names of the measures, that which matters most first."""
        return next(iter(self.at.values())).measures

    def rows(self, measures: Sequence[str] | None = None) -> list[Row]:
        """Return a row per load and policy, at each load the best first; see `Runs.rows`.

        Raises
        ------
        UnknownNameError
            If there is no such measure.
        """
        return [
            {"load": load, **row} for load, runs in self.at.items() for row in runs.rows(measures)
        ]

    def to_markdown(self, measures: Sequence[str] | None = None) -> str:
        """Return the table of `rows` as Markdown."""
        from headway.show.table import markdown

        return markdown(self.rows(measures))

    def to_json(self) -> str:
        """Return what came out at each load, as `Runs.to_json` has it, as one JSON object."""
        loads = [
            {"load": load, **msgspec.json.decode(runs.to_json())} for load, runs in self.at.items()
        ]
        return msgspec.json.encode({"scenario": self.name, "loads": loads}).decode()

    def to_csv(self) -> str:
        """Return every run as a line of CSV."""
        from headway.show.table import comma_separated

        return comma_separated(
            [{"load": load, **row} for load, runs in self.at.items() for row in runs.run_rows()]
        )

    def plot(self, measure: str | None = None) -> Figure:
        """Return a measure over load, a line per policy, with its 95 % confidence interval.

        Parameters
        ----------
        measure
            By default the one that matters most.

        Raises
        ------
        UnknownNameError
            If there is no such measure.
        """
        from headway.show.lines import Line, Panel, chart

        what = self.measures[0] if measure is None else measure
        if what not in self.measures:
            raise UnknownNameError("measure", what, self.measures)
        loads = np.array(list(self.at))
        lines = []
        for policy in next(iter(self.at.values())).policies:
            told = [runs.summary(policy, what) for runs in self.at.values()]
            mean = np.array([summary.mean for summary in told])
            half = np.array([summary.half_width for summary in told])
            lines.append(Line(policy, loads, mean, low=mean - half, high=mean + half))
        seeds = len(next(iter(self.at.values())).seeds)
        return chart(
            [Panel(tuple(lines), "load (times the arrivals of the scenario)", what)],
            title=f"{self.name}: {what}",
            facts=f"means of {seeds} seeds" if seeds > 1 else "one seed",
            height=3.6,
        )


def sweep(
    source: str | PathLike[str] | Experiment,
    policies: Sequence[str] = (),
    *,
    loads: Sequence[float] = (),
    seeds: int | Sequence[int] = 5,
    baseline: str | None = None,
    workers: Workers = 1,
    on_run: Callable[[Run, int, int], None] | None = None,
) -> Sweep:
    """Return how policies do in a scenario under several loads, all with the same luck.

    Parameters
    ----------
    source
        A scenario, or its file.
    policies
        Their names; all there are by default.
    loads
        How many times as fast its work arrives; by default those that the scenario names.
    seeds, baseline, workers, on_run
        See `headway.simulate.compare`.

    Raises
    ------
    FormatError, ConfigError
        If the file holds no sound scenario, or one whose arrivals cannot be scaled.
    UnknownNameError
        If there is no such policy.
    """
    experiment = open_experiment(source) if isinstance(source, str | PathLike) else source
    if not isinstance(experiment, Loaded):
        raise ConfigError(
            f"loads: the arrivals of {experiment.name}, a scenario of its kind, cannot be scaled"
        )
    chosen = sorted(set(loads or experiment.loads))
    at = side_by_side(
        {load: experiment.at_load(load) for load in chosen},
        policies,
        seeds=seeds,
        baseline=baseline,
        workers=workers,
        on_run=on_run,
    )
    return Sweep(experiment.name, at)
