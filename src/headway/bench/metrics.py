"""What the runs of a campaign say, by instance and by class.

The measures are those of the public collection ScheduleOpt/benchmarks: geometric means of value
over best known value and of bound over best known bound, the shifted geometric mean of the gap
between value and bound, and the number of proofs; besides, the mean gap to the best known value.
"""

from __future__ import annotations

import math
import statistics
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from headway.bench.campaign import Outcome
from headway.bench.entry import Entry
from headway.bench.record import Record


@dataclass(frozen=True, slots=True)
class Standing:
    """One contestant on one problem, over all its seeds.

    Attributes
    ----------
    entry, contestant
        Who and what.
    runs
        The runs.
    reference
        The best known value, or else the best value of this comparison; None if there is neither.
    """

    entry: Entry
    contestant: str
    runs: tuple[Record, ...]
    reference: int | None

    @property
    def value(self) -> int | None:
        """Median value over seeds, None if half of the runs brought none."""
        found = sorted(_values(self.runs))
        middle = (len(self.runs) - 1) // 2
        return found[middle] if middle < len(found) else None

    @property
    def best(self) -> int | None:
        """Best value over seeds."""
        return min(_values(self.runs), default=None)

    @property
    def bound(self) -> int | None:
        """Median lower bound over the seeds that brought one."""
        bounds = [run.bound for run in self.runs if run.bound is not None]
        return statistics.median_low(bounds) if bounds else None

    @property
    def proven(self) -> bool:
        """Whether most runs proved their value to be optimal."""
        return 2 * sum(run.proven for run in self.runs) > len(self.runs)

    @property
    def time_s(self) -> float:
        """Median seconds of a run."""
        return statistics.median_low(run.time_s for run in self.runs)

    @property
    def found_s(self) -> float | None:
        """Median seconds until the last improvement, None if nobody told."""
        times = [run.found_s for run in self.runs if run.found_s is not None]
        return statistics.median_low(times) if times else None

    @property
    def ratio(self) -> float | None:
        """Median value over the reference."""
        return _over(self.value, self.reference)

    @property
    def bound_ratio(self) -> float | None:
        """Median bound over the best known bound."""
        return _over(self.bound, self.entry.lower)

    @property
    def gap(self) -> float | None:
        """Median value over the reference, in percent above it."""
        return None if self.ratio is None else 100 * (self.ratio - 1)

    @property
    def troubles(self) -> tuple[str, ...]:
        """What went wrong, each once."""
        return tuple(dict.fromkeys(run.note for run in self.runs if run.note))

    @property
    def peak_mb(self) -> float | None:
        """Largest memory of any run."""
        return max((run.peak_mb for run in self.runs if run.peak_mb is not None), default=None)


def standings(outcome: Outcome) -> list[Standing]:
    """Return where everybody stands on every problem, in the order of the plan."""
    runs: dict[tuple[str, str], list[Record]] = defaultdict(list)
    for record in outcome.records:
        runs[record.instance, record.contestant].append(record)
    found = []
    for entry in outcome.plan.entries:
        names = [c.name for c in outcome.plan.contestants if runs[entry.name, c.name]]
        values = _values(run for name in names for run in runs[entry.name, name])
        reference = entry.upper if entry.upper is not None else min(values, default=None)
        found += [Standing(entry, name, tuple(runs[entry.name, name]), reference) for name in names]
    return found


@dataclass(frozen=True, slots=True)
class Summary:
    """One contestant on one class.

    Attributes
    ----------
    group, contestant
        Who and what; the group "all" holds everything.
    instances
        Problems that it took.
    solved
        Problems with a median value; the means below are over these.
    gap
        Mean gap to the reference in percent.
    ratio, bound_ratio
        Geometric means of value over reference and of bound over best known bound.
    own_gap
        Shifted geometric mean of the gap between value and bound, in percent.
    proofs
        Problems that most of its runs proved optimal.
    best
        Problems on which no other contestant has a better median value.
    found_s
        Mean seconds until the last improvement.
    """

    group: str
    contestant: str
    instances: int
    solved: int
    gap: float | None
    ratio: float | None
    bound_ratio: float | None
    own_gap: float | None
    proofs: int
    best: int
    found_s: float | None


def summaries(standing: Sequence[Standing]) -> list[Summary]:
    """Return the classes' summaries, and that of everything if there are several classes."""
    best = _best(standing)
    groups = list(dict.fromkeys(s.entry.group for s in standing))
    found = []
    for group in [*groups, "all"] if len(groups) > 1 else groups:
        inside = [s for s in standing if group in (s.entry.group, "all")]
        found += [
            _summary(group, name, [s for s in inside if s.contestant == name], best)
            for name in dict.fromkeys(s.contestant for s in inside)
        ]
    return found


def _summary(
    group: str, contestant: str, rows: Sequence[Standing], best: Mapping[str, int]
) -> Summary:
    return Summary(
        group=group,
        contestant=contestant,
        instances=len(rows),
        solved=sum(row.value is not None for row in rows),
        gap=_mean(row.gap for row in rows),
        ratio=_geometric(row.ratio for row in rows),
        bound_ratio=_geometric(row.bound_ratio for row in rows),
        own_gap=_shifted(rows),
        proofs=sum(row.proven for row in rows),
        best=sum(row.value is not None and row.value == best[row.entry.name] for row in rows),
        found_s=_mean(row.found_s for row in rows),
    )


@dataclass(frozen=True, slots=True)
class Duel:
    """The first contestant against another, by median values, on problems that both took.

    A problem that only one of the two solved is a win for that one.
    """

    group: str
    first: str
    other: str
    wins: int
    ties: int
    losses: int


def duels(standing: Sequence[Standing], first: str) -> list[Duel]:
    """Return how often `first` is better than each other contestant, by class."""
    values = {(s.entry.name, s.contestant): s.value for s in standing}
    groups = dict.fromkeys(s.entry.group for s in standing)
    found = []
    others = dict.fromkeys(s.contestant for s in standing if s.contestant != first)
    for group in groups:
        for other in others:
            signs = [
                _compare(values[s.entry.name, first], s.value)
                for s in standing
                if s.contestant == other
                and s.entry.group == group
                and (s.entry.name, first) in values
            ]
            if signs:
                counts = (signs.count(-1), signs.count(0), signs.count(1))
                found.append(Duel(group, first, other, *counts))
    return found


def contradictions(standing: Sequence[Standing]) -> list[str]:
    """Return what cannot all be true: values below bounds, whoever claims them.

    Then a bound or a schedule is wrong, here or in the literature.
    """
    best = _best(standing)
    found = []
    for s in standing:
        name, low, high = s.entry.name, s.entry.lower, s.entry.upper
        if s.best is not None and low is not None and s.best < low:
            found.append(f"{name}: {s.contestant} reaches {s.best}, below the best bound {low}")
        claims = max((run.bound for run in s.runs if run.bound is not None), default=None)
        reached = min((v for v in (high, best.get(name)) if v is not None), default=None)
        if claims is not None and reached is not None and claims > reached:
            found.append(f"{name}: {s.contestant} claims the bound {claims}, but {reached} exists")
    return found


def improvements(standing: Sequence[Standing]) -> list[str]:
    """Return values and bounds that are better than the best known ones."""
    found = []
    for s in standing:
        high, low = s.entry.upper, s.entry.lower
        if s.best is not None and high is not None and s.best < high:
            found.append(f"{s.entry.name}: {s.contestant} reaches {s.best}, best known is {high}")
        if s.bound is not None and low is not None and s.bound > low:
            found.append(f"{s.entry.name}: {s.contestant} proves {s.bound}, best known is {low}")
    return found


def _best(standing: Sequence[Standing]) -> dict[str, int]:
    """Return the best median value on each problem."""
    best: dict[str, int] = {}
    for s in standing:
        if s.value is not None:
            best[s.entry.name] = min(s.value, best.get(s.entry.name, s.value))
    return best


def _values(runs: Iterable[Record]) -> list[int]:
    return [run.value for run in runs if run.value is not None]


def _over(value: int | None, reference: int | None) -> float | None:
    """Return a ratio; a reference of zero can only be met."""
    if value is None or reference is None:
        return None
    if reference <= 0:
        return 1.0 if value == reference else None
    return value / reference


def _compare(value: int | None, other: int | None) -> int:
    """Return -1 if the first is better, 1 if the second is, 0 if they are equal."""
    first, second = (math.inf if v is None else v for v in (value, other))
    return (first > second) - (first < second)


def _mean(values: Iterable[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return statistics.fmean(known) if known else None


def _geometric(ratios: Iterable[float | None]) -> float | None:
    """Return the geometric mean of what is known; one ratio of zero makes it zero."""
    known = [ratio for ratio in ratios if ratio is not None]
    if not known or min(known) <= 0:
        return 0.0 if known else None
    return math.exp(statistics.fmean(map(math.log, known)))


def _shifted(rows: Sequence[Standing]) -> float | None:
    """Return the shifted geometric mean of the gaps between value and bound, in percent."""
    gaps = [
        max(row.value - row.bound, 0) / row.value if row.value > 0 else float(row.value > row.bound)
        for row in rows
        if row.value is not None and row.bound is not None
    ]
    mean = _geometric(1 + gap for gap in gaps)
    return None if mean is None else 100 * (mean - 1)
