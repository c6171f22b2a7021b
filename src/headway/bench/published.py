"""The public collection's ten-minute results of other solvers, on another machine."""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping, Sequence
from functools import cache
from importlib import resources

from headway.bench.contestant import Step
from headway.bench.entry import Entry
from headway.bench.metrics import Standing, Summary, summaries
from headway.bench.record import Record
from headway.show.table import Row, rounded

TIME_LIMIT_S = 600.0
"""Seconds of each published run."""

WORKERS = 4
"""Cores of the machine."""


@cache
def _table() -> Mapping[str, Mapping[str, tuple[int, int]]]:
    """Return solver to instance to (lower bound, value)."""
    path = resources.files("headway.bench").joinpath("data", "jobshop_600s.csv")
    table: dict[str, dict[str, tuple[int, int]]] = {}
    for row in csv.DictReader(path.read_text("utf-8").splitlines()):
        if row["upper_bound"]:
            bounds = int(row["lower_bound"] or 0), int(row["upper_bound"])
            name = re.sub(r"^(ta\d+)js$", r"\1", row["instance"])
            table.setdefault(row["solver"], {})[name] = bounds
    return table


def published_solvers() -> tuple[str, ...]:
    """Return the names of the solvers, with their versions.

    Examples
    --------
    >>> published_solvers()[0]
    'cpsat_9.15'
    """
    return tuple(_table())


def published(solver: str, entry: Entry) -> Record | None:
    """Return a published run as a record, or None where there is none.

    Examples
    --------
    >>> from headway.bench.entry import entries
    >>> published("cpsat_9.15", entries(["abz7"])[0]).value
    662
    """
    found = _table()[solver].get(entry.source)
    if found is None or entry.objective is not None:
        return None
    bound, value = found
    return Record(
        instance=entry.name,
        fingerprint="",
        contestant=f"{solver} (published)",
        version="",
        seed=0,
        workers=WORKERS,
        time_limit_s=TIME_LIMIT_S,
        value=value,
        bound=bound,
        steps=(Step(TIME_LIMIT_S, value, bound),),
    )


def published_rows(standing: Sequence[Standing]) -> list[Row]:
    """Return rows of our contestants and of published runs, class by class; [] without any.

    All rows are over the same problems: those with published results of every solver.
    """
    entries = {s.entry.name: s.entry for s in standing}
    theirs = []
    for entry in entries.values():
        runs = [published(solver, entry) for solver in published_solvers()]
        if all(run is not None for run in runs):
            theirs += [Standing(entry, run.contestant, (run,), entry.upper) for run in runs if run]
    names = {s.entry.name for s in theirs}
    if not names:
        return []
    ours = [s for s in standing if s.entry.name in names]
    return [_row(summary) for summary in summaries([*ours, *theirs])]


def _row(summary: Summary) -> Row:
    return {
        "class": summary.group,
        "solver": summary.contestant,
        "instances": summary.instances,
        "solved": summary.solved,
        "mean gap %": rounded(summary.gap, 3),
        "value / best known": rounded(summary.ratio, 4),
        "bound / best known": rounded(summary.bound_ratio, 4),
        "proofs": summary.proofs,
    }
