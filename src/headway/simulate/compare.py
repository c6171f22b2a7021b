"""Policies side by side: the same scenario, the same luck, one table."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from math import isfinite, isnan, nan
from os import PathLike
from typing import TYPE_CHECKING, TypeVar

import msgspec

from headway.errors import ConfigError, UnknownNameError
from headway.simulate.experiment import Experiment, open_experiment
from headway.simulate.outcome import Outcome
from headway.simulate.statistics import Comparison, Summary, paired, summary

if TYPE_CHECKING:
    from headway.show.table import Row
    from headway.simulate.workers import Workers

_DIGITS = 4
_SHOWN = 4
"""Measures that a table shows unless others are asked for."""

_Load = TypeVar("_Load", bound="float | None")


@dataclass(frozen=True, slots=True)
class Run:
    """One policy with one seed.

    Attributes
    ----------
    policy, seed
        Who met which luck.
    measures
        Figures by name.
    time_s
        Seconds of wall-clock time that the simulation took.
    load
        How many times as fast as the scenario says its work arrived; None if nobody asked.
    """

    policy: str
    seed: int
    measures: Mapping[str, float]
    time_s: float
    load: float | None = None


@dataclass(frozen=True, eq=False)
class Runs:
    """What came out when policies met a scenario, each with the same seeds.

    Attributes
    ----------
    name
        Of the scenario.
    runs
        All of them.
    measure
        The measure that matters most; smaller is better.
    baseline
        The policy that the others are compared with.
    """

    name: str
    runs: tuple[Run, ...]
    measure: str
    baseline: str

    @property
    def policies(self) -> tuple[str, ...]:
        """The policies, in the order in which they were given."""
        return tuple(dict.fromkeys(run.policy for run in self.runs))

    @property
    def measures(self) -> tuple[str, ...]:
        """The names of the measures, that which matters most first."""
        names = dict.fromkeys(name for run in self.runs for name in run.measures)
        return (self.measure, *(name for name in names if name != self.measure))

    @property
    def seeds(self) -> tuple[int, ...]:
        """The seeds that every policy met."""
        return tuple(dict.fromkeys(run.seed for run in self.runs))

    def values(self, policy: str, measure: str) -> list[float]:
        """Return a measure of a policy, seed by seed; nan for runs that do not have it."""
        return [run.measures.get(measure, nan) for run in self.runs if run.policy == policy]

    def summary(self, policy: str, measure: str | None = None) -> Summary:
        """Return what all seeds together say about a policy."""
        return summary(self.values(policy, measure or self.measure))

    def against(self, policy: str, measure: str | None = None) -> Comparison:
        """Return how a policy does against the baseline, seed by seed.

        Raises
        ------
        ConfigError
            If there is no seed for which both have the measure.
        """
        what = measure or self.measure
        pairs = zip(self.values(policy, what), self.values(self.baseline, what), strict=True)
        known = [(a, b) for a, b in pairs if isfinite(a) and isfinite(b)]
        if not known:
            raise ConfigError(f"no seed has {what!r} of both {policy!r} and {self.baseline!r}")
        return paired(*zip(*known, strict=True))

    def rows(self, measures: Sequence[str] | None = None) -> list[Row]:
        """Return a row per policy, the best first: means over seeds, and the baseline's distance.

        The interval is that of the paired difference in the measure that matters most.

        Parameters
        ----------
        measures
            The measures to show; by default that which matters most and the next few.

        Raises
        ------
        UnknownNameError
            If there is no such measure.
        """
        shown = self.measures[:_SHOWN] if measures is None else tuple(dict.fromkeys(measures))
        for measure in shown:
            if measure not in self.measures:
                raise UnknownNameError("measure", measure, self.measures)
        return [self._row(policy, shown) for policy in self._ranked()]

    def _ranked(self) -> list[str]:
        """Return the policies, the best first; those that did nothing of the kind last."""
        mean = {policy: self.summary(policy).mean for policy in self.policies}
        return sorted(self.policies, key=lambda policy: (isnan(mean[policy]), mean[policy]))

    def _row(self, policy: str, measures: Sequence[str]) -> Row:
        row: dict[str, object] = {"policy": policy}
        for measure in measures:
            mean = self.summary(policy, measure).mean
            row[measure] = None if isnan(mean) else _short(mean)
        if len(self.policies) > 1:
            row[f"{self.measure} against {self.baseline}"] = row["smaller/equal/larger"] = None
            gap = self._gap(policy)
            if gap is not None:
                width = "" if isnan(gap.half_width) else f" ± {_short(gap.half_width):g}"
                difference = f"{_short(gap.difference):+g}{width}"
                row[f"{self.measure} against {self.baseline}"] = difference
                row["smaller/equal/larger"] = f"{gap.smaller}/{gap.equal}/{gap.larger}"
        row["runs"] = len(self.values(policy, self.measure))
        return row

    def _gap(self, policy: str) -> Comparison | None:
        """Return how a policy does against the baseline, None if that says nothing."""
        both = set(map(isnan, self.values(policy, self.measure)))
        both |= set(map(isnan, self.values(self.baseline, self.measure)))
        return None if policy == self.baseline or True in both else self.against(policy)

    def to_markdown(self, measures: Sequence[str] | None = None) -> str:
        """Return the table of `rows` as Markdown."""
        from headway.show.table import markdown

        return markdown(self.rows(measures))

    def to_json(self) -> str:
        """Return means, and differences to the baseline, of all measures as one JSON object."""
        policies = []
        for policy in self._ranked():
            gap = self._gap(policy)
            means = {name: self.summary(policy, name).mean for name in self.measures}
            policies.append(
                {
                    "policy": policy,
                    "means": {k: None if isnan(mean) else mean for k, mean in means.items()},
                    "against": None if gap is None else asdict(gap),
                }
            )
        document = {
            "scenario": self.name,
            "measure": self.measure,
            "baseline": self.baseline,
            "seeds": self.seeds,
            "policies": policies,
        }
        return msgspec.json.encode(document).decode()

    def to_csv(self) -> str:
        """Return every run as a line of CSV."""
        from headway.show.table import comma_separated

        return comma_separated(self.run_rows())

    def run_rows(self) -> list[Row]:
        """Return a row per run: who, which luck, and all measures."""
        return [
            {
                "policy": run.policy,
                "seed": run.seed,
                **{name: run.measures.get(name) for name in self.measures},
                "time_s": run.time_s,
            }
            for run in self.runs
        ]

    def __str__(self) -> str:
        return f"{self.name}: {len(self.runs)} runs\n\n{self.to_markdown()}"


def simulate(source: str | PathLike[str] | Experiment, policy: str, *, seed: int = 0) -> Outcome:
    """Return what happens when a policy meets a scenario.

    Parameters
    ----------
    source
        A scenario, or its file; `headway.simulate.kinds` lists what there is.
    policy
        Its name.
    seed
        The luck; the same seed gives the same run.

    Raises
    ------
    FormatError, ConfigError
        If the file holds no sound scenario.
    UnknownNameError
        If there is no such policy.
    """
    return _opened(source).run(policy, _seed(seed))


def compare(
    source: str | PathLike[str] | Experiment,
    policies: Sequence[str] = (),
    *,
    seeds: int | Sequence[int] = 5,
    baseline: str | None = None,
    workers: Workers = 1,
    on_run: Callable[[Run, int, int], None] | None = None,
) -> Runs:
    """Return how policies do in a scenario, all with the same luck.

    Parameters
    ----------
    source
        A scenario, or its file.
    policies
        Their names; all there are by default.
    seeds
        How many, counted from 0, or which.
    baseline
        The policy that the others are compared with; the first one by default.
    workers
        Processes, or ``"ray"`` for a cluster.
    on_run
        Told of every run that is over, its number and that of all.

    Raises
    ------
    FormatError, ConfigError
        If the file holds no sound scenario.
    UnknownNameError
        If there is no such policy.
    """
    experiment = _opened(source)
    (runs,) = side_by_side(
        {None: experiment},
        policies,
        seeds=seeds,
        baseline=baseline,
        workers=workers,
        on_run=on_run,
    ).values()
    return runs


def side_by_side(
    experiments: Mapping[_Load, Experiment],
    policies: Sequence[str],
    *,
    seeds: int | Sequence[int],
    baseline: str | None,
    workers: Workers,
    on_run: Callable[[Run, int, int], None] | None,
) -> dict[_Load, Runs]:
    """Return how policies do in one scenario under several loads, or as it is (None).

    All runs share the workers; for the other parameters and errors see `compare`.
    """
    from headway.simulate.workers import over

    first = next(iter(experiments.values()))
    names: tuple[str, ...] = tuple(dict.fromkeys(policies)) or first.policies()
    chosen = tuple(map(_seed, range(seeds) if isinstance(seeds, int) else seeds))
    if not chosen:
        raise ConfigError("seeds: expected at least one")
    reference = names[0] if baseline is None else baseline
    if reference not in names:
        names = (reference, *names)
    cases = [(load, policy, seed) for load in experiments for policy in names for seed in chosen]
    runs: list[Run] = []
    for run in over(partial(_run, experiments), cases, workers):
        runs.append(run)
        if on_run is not None:
            on_run(run, len(runs), len(cases))
    return {
        load: Runs(
            first.name, tuple(run for run in runs if run.load == load), first.measure, reference
        )
        for load in experiments
    }


def _run(experiments: Mapping[_Load, Experiment], case: tuple[_Load, str, int]) -> Run:
    load, policy, seed = case
    began = time.perf_counter()
    outcome = experiments[load].run(policy, seed)
    return Run(policy, seed, outcome.measures, time.perf_counter() - began, load)


def _opened(source: str | PathLike[str] | Experiment) -> Experiment:
    return open_experiment(source) if isinstance(source, str | PathLike) else source


def _seed(seed: int) -> int:
    if seed < 0:
        raise ConfigError(f"seed: expected a number from 0 on, got {seed}")
    return seed


def _short(value: float) -> float:
    return float(f"{value:.{_DIGITS}g}")
