"""The cheapest fleet and router that keep the promises, and what would happen if."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np

from headway.errors import ConfigError
from headway.serving.fleet.experiment import FleetExperiment
from headway.serving.fleet.planning.case import Case, Slo
from headway.serving.fleet.planning.floor import Floor
from headway.serving.fleet.planning.lattice import MOST_COMBINATIONS, Counts, Search, cheapest
from headway.simulate.workers import Workers, over

if TYPE_CHECKING:
    from headway.show import Figure

STRIPES = 10
"""Pieces of the traffic, of each of which a share is held out."""

SURGE = 1.5
"""Times the traffic, for the question what would happen if."""


@dataclass(frozen=True, eq=False)
class Option:
    """The cheapest fleet behind one router.

    Attributes
    ----------
    policy
        Who routes.
    counts
        Engines of each kind; None if not even the largest fleet keeps the promises.
    price_per_h
        Of all engines.
    tried
        What each fleet that was simulated keeps, of the traffic that was planned with.
    planned, confirmed
        Share of requests within their limits, of the class that fares worst: of the traffic that
        was planned with, and of that which was held out.
    one_down, surge
        The same of the traffic held out, with the engine missing that is missed most, and with
        `SURGE` times the arrivals.
    """

    policy: str
    counts: Counts | None
    price_per_h: float
    tried: Mapping[Counts, float] = field(repr=False)
    planned: float = float("nan")
    confirmed: float = float("nan")
    one_down: float = float("nan")
    surge: float = float("nan")


@dataclass(frozen=True, eq=False)
class Plan:
    """What a fleet needs to keep its promises.

    Attributes
    ----------
    name
        Of the fleet.
    kinds
        Names of the kinds of engines.
    prices
        Of one of each, for an hour.
    slo
        What was promised.
    held_out
        Share of the requests that was not planned with.
    options
        One for each router, the cheapest first.
    least_per_h
        What fleets cost at the least that keep the promises for what was planned with, whoever
        routes; inf if none within `most` does. See `Floor`.
    """

    name: str
    kinds: tuple[str, ...]
    prices: tuple[float, ...]
    slo: Slo
    held_out: float
    options: tuple[Option, ...]
    least_per_h: float

    @property
    def best(self) -> Option | None:
        """The cheapest of all; the one that keeps more of the traffic held out, if two are."""
        first = self.options[0]
        return None if first.counts is None else first

    @property
    def holds(self) -> bool:
        """Whether the cheapest also keeps the promises for the traffic that was held out."""
        return self.best is not None and self.best.confirmed >= self.slo.share

    def price(self, counts: Counts) -> float:
        """Return what so many engines cost in an hour."""
        return float(np.dot(counts, self.prices))

    @cached_property
    def rows(self) -> list[dict[str, object]]:
        """A row for each router, for tables."""
        return [
            {
                "policy": option.policy,
                "engines": self.engines(option.counts),
                "per hour": None if option.counts is None else round(option.price_per_h, 4),
                "planned": _percent(option.planned),
                "held out": _percent(option.confirmed),
                "one engine down": _percent(option.one_down),
                f"traffic × {SURGE:g}": _percent(option.surge),
                "fleets simulated": len(option.tried),
            }
            for option in self.options
        ]

    def engines(self, counts: Counts | None) -> str:
        """Return how many engines of which kinds, in words."""
        if counts is None:
            return "not even all"
        return ", ".join(
            f"{count} {kind}" for kind, count in zip(self.kinds, counts, strict=True) if count
        )

    def text(self) -> str:
        """Return the plan in a sentence or two."""
        share = f"{self.slo.share:.4g}".rstrip("0").rstrip(".")
        if self.best is None:
            sure = ", whoever routes" if np.isinf(self.least_per_h) else ""
            return (
                f"{self.name}: no fleet within 'most' keeps the promises for a share of {share} of"
                f" each class's requests{sure}"
            )
        best = self.best
        sure = "also keep" if self.holds else "do NOT keep"
        told = f"{self.name}: {self.engines(best.counts)} behind {best.policy},"
        return (
            f"{told} {best.price_per_h:,.4g} per hour\n"
            f"They keep the promises for {best.planned:.2%} of the requests planned with; they"
            f" {sure} them for the requests held out: {best.confirmed:.2%} (asked: {share})\n"
            f"Whoever routes, no fleet for less than {self.least_per_h:,.4g} per hour could do it"
        )

    def document(self) -> dict[str, Any]:
        """Return the plan as plain data."""
        return {
            "name": self.name,
            "kinds": list(self.kinds),
            "prices": list(self.prices),
            "share": self.slo.share,
            "limits": dict(self.slo.limits),
            "held_out": self.held_out,
            "holds": self.holds,
            "least_per_h": self.least_per_h,
            "options": [
                {
                    "policy": option.policy,
                    "counts": None if option.counts is None else list(option.counts),
                    "price_per_h": option.price_per_h,
                    "planned": option.planned,
                    "confirmed": option.confirmed,
                    "one_down": option.one_down,
                    "surge": option.surge,
                    "tried": [[list(counts), kept] for counts, kept in option.tried.items()],
                }
                for option in self.options
            ],
        }

    def to_json(self) -> str:
        """Return `document` as one JSON object; what is not known is null."""
        return msgspec.json.encode(self.document()).decode()

    def pareto(self, **options: Any) -> Figure:
        """Return attainment over cost; see `charts.pareto`."""
        from headway.serving.fleet.planning.charts import pareto

        return pareto(self, **options)

    def report(self) -> str:
        """Return a self-contained HTML page; see `page.page`."""
        from headway.serving.fleet.planning.page import page

        return page(self)


def plan(
    fleet: FleetExperiment,
    slo: Slo | None = None,
    *,
    policies: Sequence[str] = (),
    seed: int = 0,
    held_out: float = 0.5,
    stripes: int = STRIPES,
    workers: Workers = 1,
) -> Plan:
    """Return the cheapest counts of engines that keep the promises, for each router.

    Each candidate is simulated with one part of the requests; the fleets found then meet the rest,
    which nobody has looked at. Counts below the `Floor` are not simulated.

    Parameters
    ----------
    fleet
        The kinds of engines, with their prices; `Group.most` says how many there may be of each
        (by default, twice as many as there are), and the traffic.
    slo
        What is promised, and to how many; by default, to 99 % what the classes of the file are.
    policies
        Routers; those of the file by default.
    seed
        Of what is drawn.
    held_out
        Share of the requests that is kept for the test; 0 to test with all.
    stripes
        The traffic is cut into so many pieces of as many requests, of each of which the last share
        is held out: both parts then have the same times of day. With 1, the plan is a forecast for
        what comes at the end.
    workers
        Processes, or ``"ray"``; each searches for one router.

    Raises
    ------
    ConfigError
        If an engine has no price, or nobody is promised anything.

    Notes
    -----
    The search takes more engines for never worse; see `cheapest`. Each look is one simulation.
    """
    asked = Slo() if slo is None else slo
    if not 0 <= held_out < 1:
        raise ConfigError(f"held_out: expected a share from 0 to below 1, got {held_out}")
    groups = fleet.file.engines
    for number, group in enumerate(groups):
        if not group.price_per_h > 0:
            raise ConfigError(f"engines[{number}].price_per_h: expected a price above 0")
    ready = asked.promised(fleet)
    if stripes < 1:
        raise ConfigError(f"stripes: expected at least 1, got {stripes}")
    first, rest = (0.0, 1.0 - held_out), (1.0 - held_out if held_out else 0.0, 1.0)
    names = tuple(dict.fromkeys(policies)) or ready.policies()
    cases = [Case(ready, name, seed, first, stripes) for name in names]
    for case in cases:
        ready.simulation(case.policy, seed)  # a name that does not exist is refused before work
    prices = np.array([group.price_per_h for group in groups])
    floor = Floor.of(ready.kinds, prices, cases[0].traffic(), asked.share, _pace(ready))
    searching = _Searching(asked.share, floor)
    searches = list(over(searching, cases, workers))
    found = [
        (case, search, what)
        for case, search in zip(cases, searches, strict=True)
        if search.best is not None
        for what in _questions(replace(case, part=rest), search.best)
    ]
    answers = list(over(_answer, [what for _, _, what in found], workers))
    kept: dict[str, list[float]] = {name: [] for name in names}
    for (case, _, _), answer in zip(found, answers, strict=True):
        kept[case.policy].append(answer)
    options = [
        _option(case.policy, search, kept[case.policy], [group.price_per_h for group in groups])
        for case, search in zip(cases, searches, strict=True)
    ]
    might = searching.might(cases[0])
    return Plan(
        fleet.name,
        tuple(group.name for group in groups),
        tuple(group.price_per_h for group in groups),
        asked,
        held_out,
        tuple(sorted(options, key=_rank)),
        min((float(np.dot(counts, prices)) for counts in might), default=np.inf),
    )


@dataclass(frozen=True, slots=True)
class _Searching:
    """Searches for one router; a class, as other processes must know it by name."""

    share: float
    floor: Floor

    def __call__(self, case: Case) -> Search:
        might = set(self.might(case))
        return cheapest(
            [group.price_per_h for group in case.fleet.file.engines],
            _most(case.fleet),
            case.kept,
            target=self.share,
            possible=might.__contains__,
        )

    def might(self, case: Case) -> list[Counts]:
        """Return the counts that might do, as far as one can tell without a simulation."""
        every = itertools.product(*(range(n + 1) for n in _most(case.fleet)))
        return [counts for counts in every if case.possible(counts) and self.floor.reached(counts)]


def _most(fleet: FleetExperiment) -> list[int]:
    groups = fleet.file.engines
    most = [2 * group.count if group.most is None else group.most for group in groups]
    if math.prod(n + 1 for n in most) > MOST_COMBINATIONS:
        raise ConfigError(f"most: more than {MOST_COMBINATIONS:,} combinations of counts")
    return most


def _pace(fleet: FleetExperiment) -> float:
    """Return the least number of times that steps take as long as they should."""
    slow = (fault.pace for fault in fleet.file.faults if fault.what == "straggle")
    return min((1.0, *(pace for pace in slow if pace is not None)))


_Question = tuple[Case, Counts]


def _questions(case: Case, counts: Counts) -> list[_Question]:
    """Return what is asked of a fleet: as it is, with more traffic, and with one engine less."""
    fewer = [
        tuple(n - (k == other) for other, n in enumerate(counts))
        for k, count in enumerate(counts)
        if count
    ]
    return [(case, counts), (replace(case, load=SURGE), counts), *((case, few) for few in fewer)]


def _answer(question: _Question) -> float:
    case, counts = question
    return case.kept(counts)


def _option(
    policy: str, search: Search, answers: Sequence[float], prices: Sequence[float]
) -> Option:
    if search.best is None:
        return Option(policy, None, float("nan"), search.tried)
    confirmed, surge, *fewer = answers
    return Option(
        policy,
        search.best,
        float(np.dot(search.best, prices)),
        search.tried,
        planned=search.tried[search.best],
        confirmed=confirmed,
        one_down=min(fewer),
        surge=surge,
    )


def _rank(option: Option) -> tuple[bool, float, float]:
    if option.counts is None:
        return True, 0.0, 0.0
    return False, option.price_per_h, -option.confirmed


def _percent(share: float) -> str | None:
    return None if np.isnan(share) else f"{share:.2%}"
