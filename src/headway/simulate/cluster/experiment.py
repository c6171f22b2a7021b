"""Clusters as scenarios of `headway simulate` and `headway compare`: logs and YAML files."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from os import PathLike
from pathlib import Path

import msgspec

from headway.errors import ConfigError, UnknownNameError
from headway.simulate.cluster.core import preempts
from headway.simulate.cluster.gpu_csv import read_gpu_tasks, read_nodes
from headway.simulate.cluster.lublin import lublin
from headway.simulate.cluster.nodes import Nodes
from headway.simulate.cluster.placement import Placement, find
from headway.simulate.cluster.rules import COLUMNS, RULES
from headway.simulate.cluster.run import Backfill, run
from headway.simulate.cluster.swf import Overrun, Oversize, read_swf
from headway.simulate.cluster.synthetic import synthetic
from headway.simulate.cluster.trace import ClusterTrace
from headway.simulate.cluster.workload import Workload
from headway.simulate.document import document, record
from headway.simulate.expression import parse
from headway.simulate.policy import Policy, Rule


class Log(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Jobs of a log; see `headway.simulate.cluster.SwfLog.workload`."""

    file: str
    processors: int | None = None
    overrun: Overrun = Overrun.KILL
    oversize: Oversize = Oversize.REFUSE
    zero_run: bool = True


class Lublin(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Jobs of the Lublin model; see `headway.simulate.cluster.lublin`."""

    jobs: int
    processors: int
    load: float | None = None


class Synthetic(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Jobs with the figures of a cluster; see `headway.simulate.cluster.synthetic`."""

    cluster: str
    jobs: int
    gpus: int
    load: float = 0.8
    users: int = 50


class Tasks(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Recorded tasks of a GPU cluster, on a pool or on nodes.

    Attributes
    ----------
    file, nodes
        Tables, relative to the scenario; without nodes, `gpus` make one pool.
    gpus
        Size of the pool.
    created_from
        Tasks created earlier are left out.
    placement
        Which node gets a task.
    """

    file: str
    gpus: int | None = None
    nodes: str | None = None
    created_from: int = 0
    placement: str = Placement.BEST_FIT


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a file of kind ``cluster`` says: exactly one source of jobs."""

    kind: str
    name: str | None = None
    log: Log | None = None
    lublin: Lublin | None = None
    synthetic: Synthetic | None = None
    tasks: Tasks | None = None


@dataclass(frozen=True)
class ClusterExperiment:
    """A workload, recorded or drawn anew by each seed, that queue orders can meet.

    Parameters
    ----------
    name
        For tables and messages.
    draw
        From a seed to the workload.
    nodes, placement
        Where jobs are placed, if they are.
    """

    name: str
    draw: Callable[[int], Workload]
    nodes: Nodes | None = None
    placement: Placement = Placement.BEST_FIT

    @classmethod
    def read(cls, path: str | PathLike[str]) -> ClusterExperiment:
        """Return the experiment in a YAML file of kind ``cluster``.

        Raises
        ------
        FormatError
            If a file cannot be read or is malformed.
        ConfigError
            If a key is unknown or has a wrong value; the message names it.
        """
        try:
            settings = record(document(path), Settings, "a cluster")
        except ConfigError as error:
            raise ConfigError(f"{path}: {error}") from None
        name, folder = settings.name or Path(path).stem, Path(path).parent
        sources = [settings.log, settings.lublin, settings.synthetic, settings.tasks]
        if sum(source is not None for source in sources) != 1:
            raise ConfigError(f"{path}: expected exactly one of log, lublin, synthetic, tasks")
        match next(source for source in sources if source is not None):
            case Log() as log:
                return cls(name, partial(_recorded, _log(folder, log)))
            case Lublin() as model:
                return cls(name, partial(_lublin, model))
            case Synthetic() as drawn:
                return cls(name, partial(_synthetic, drawn))
            case Tasks() as tasks:
                return _tasks(name, folder, tasks)
        raise AssertionError

    @classmethod
    def read_log(cls, path: str | PathLike[str]) -> ClusterExperiment:
        """Return the experiment with the jobs of a log in the Standard Workload Format."""
        return cls(Path(path).stem, partial(_recorded, read_swf(path).workload()))

    @property
    def measure(self) -> str:
        """The measure that matters most."""
        return "mean bounded slowdown"

    def policies(self) -> tuple[str, ...]:
        """Return the names of the orders, with and without backfilling."""
        names = []
        for name in RULES.names():
            if not preempts(RULES.find(name)):
                names += [name, *(f"{name} + {how}" for how in self._backfills())]
            elif self.nodes is None:
                names.append(name)
        return tuple(names)

    def run(self, policy: str, seed: int) -> ClusterTrace:
        """Return what happens when an order meets the workload.

        Parameters
        ----------
        policy
            The name of a rule, or a formula over the columns of the cluster such as
            ``requested - 0.1 * wait``, of which the smallest goes first; behind it, `` + easy`` or
            another backfilling if you like.
        seed
            The luck, where jobs are drawn.

        Raises
        ------
        UnknownNameError
            If there is no such rule or column.
        """
        order, plus, how = policy.rpartition(" + ")
        if not plus or how not in list(Backfill):
            order, how = policy, Backfill.NONE
        return run(
            self.draw(seed),
            _policy(order),
            backfill=how,
            nodes=self.nodes,
            placement=self.placement,
            seed=seed,
        )

    def _backfills(self) -> tuple[Backfill, ...]:
        if self.nodes is not None:
            return (Backfill.GREEDY,)
        return (Backfill.EASY, Backfill.CONSERVATIVE, Backfill.GREEDY)


def _policy(text: str) -> Policy:
    try:
        return RULES.find(text)
    except UnknownNameError:
        if text.isidentifier() and text not in COLUMNS:
            raise
        return Rule(text, parse(text, COLUMNS))


def _recorded(workload: Workload, _: int) -> Workload:
    return workload


def _log(folder: Path, log: Log) -> Workload:
    return read_swf(folder / log.file).workload(
        processors=log.processors,
        overrun=log.overrun,
        oversize=log.oversize,
        zero_run=log.zero_run,
    )


def _lublin(model: Lublin, seed: int) -> Workload:
    return lublin(model.jobs, model.processors, load=model.load, seed=seed)


def _synthetic(drawn: Synthetic, seed: int) -> Workload:
    return synthetic(
        drawn.cluster, drawn.jobs, drawn.gpus, load=drawn.load, users=drawn.users, seed=seed
    )


def _tasks(name: str, folder: Path, tasks: Tasks) -> ClusterExperiment:
    nodes = None if tasks.nodes is None else read_nodes(folder / tasks.nodes)
    if (nodes is None) == (tasks.gpus is None):
        raise ConfigError("tasks: expected either gpus or nodes")
    gpus = tasks.gpus if nodes is None else int(nodes.gpus.sum())
    assert gpus is not None
    workload = read_gpu_tasks(folder / tasks.file).workload(gpus, created_from=tasks.created_from)
    return ClusterExperiment(name, partial(_recorded, workload), nodes, find(tasks.placement))
