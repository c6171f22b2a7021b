"""From the name of an instance to the problem."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from functools import cache
from importlib import resources

from headway.formats import reads
from headway.instances import demirkol, flow_shops, remote, taillard
from headway.instances.catalogue import Access, BestKnown, InstanceInfo, Kind, read_table
from headway.instances.names import find
from headway.model import Problem, flow_shop, job_shop, open_shop, single_machine, total_tardiness

_FORMATS = {
    Kind.JOB_SHOP: "job-shop",
    Kind.FLEXIBLE_JOB_SHOP: "fjs",
    Kind.OPEN_SHOP: "open-shop",
    Kind.PROJECT: "patterson",
}

_DECODERS = {
    "hfs": flow_shops.hybrid,
    "sdst": flow_shops.with_setups,
    "ttfs": flow_shops.with_due_dates,
}
"""Families whose texts have a form of their own."""


def instance(name: str) -> Problem:
    """Return a named classical instance.

    Parameters
    ----------
    name
        Such as "ft10", "ta01", "mk01", "edata-la01", "tfs001", "hfs0037", "tos01" or "j30_1_1";
        `headway.instances` lists them all. Case, leading zeros and separators do not matter.

    Raises
    ------
    UnknownNameError
        If there is no such instance; the message suggests near names.
    FormatError
        If the instance does not travel with the package and can neither be found below
        ``HEADWAY_DATA`` nor be downloaded.

    Examples
    --------
    >>> problem = instance("ft06")
    >>> problem.n_jobs, problem.n_tasks
    (6, 36)
    """
    info = find(name)
    if info.access is Access.GENERATED:
        return _generate(info)
    if info.family.name in _DECODERS:
        return _DECODERS[info.family.name](_text(info), info.name)
    if info.kind is Kind.SINGLE_MACHINE:
        return _weighted_tardiness(info)
    return reads(_text(info), format=_FORMATS[info.kind], name=info.name)


def best_known(name: str) -> BestKnown:
    """Return what is known about the optimum of a named instance.

    Raises
    ------
    UnknownNameError
        If there is no such instance; the message suggests near names.

    Examples
    --------
    >>> best_known("ft10").upper
    930
    >>> print(best_known("swv07"))
    1541-1594
    """
    return find(name).best


def _text(info: InstanceInfo) -> str:
    if info.access is Access.DOWNLOAD:
        return remote.fetch(info.family.path.format(name=info.name)).read_text("utf-8")
    archive = resources.files("headway.instances").joinpath("data", f"{info.family.name}.zip")
    with archive.open("rb") as stream, zipfile.ZipFile(stream) as members:
        return members.read(info.name).decode("utf-8")


@cache
def _seeds() -> Mapping[str, tuple[int, ...]]:
    """Return the time (and machine) seed of every generated instance."""
    table = read_table("seeds.csv")
    return {name: tuple(int(seed) for seed in row[2:] if seed) for name, row in table.items()}


def _generate(info: InstanceInfo) -> Problem:
    n_jobs, n_machines, name = info.n_jobs, info.n_machines, info.name
    seeds = _seeds()[name]
    match info.family.name:
        case "ta":
            machines, durations = taillard.job_shop(n_jobs, n_machines, *seeds)
            return job_shop(machines, durations, n_machines=n_machines, name=name)
        case "dmu":
            # The second half of the set are shops in two parts.
            two_sets = int(name.removeprefix("dmu")) > 40
            machines, durations = demirkol.job_shop(n_jobs, n_machines, *seeds, two_sets=two_sets)
            return job_shop(machines, durations, n_machines=n_machines, name=name)
        case "tfs":
            return flow_shop(taillard.flow_shop(n_jobs, n_machines, *seeds), name=name)
        case _:
            return open_shop(taillard.open_shop(n_jobs, n_machines, *seeds), name=name)


def _weighted_tardiness(info: InstanceInfo) -> Problem:
    """Return one of the 125 instances that share a file: all durations, weights, due dates."""
    n, number = info.n_jobs, int(info.name.partition("_")[2])
    numbers = [int(token) for token in _text(info).split()]
    start = (number - 1) * 3 * n
    durations, weights, due = (numbers[start + k * n : start + (k + 1) * n] for k in range(3))
    return single_machine(
        durations,
        name=info.name,
        due=due,
        weight=weights,
        objective=total_tardiness(weighted=True),
    )
