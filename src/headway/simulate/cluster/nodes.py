"""Nodes with processors, memory and GPUs of a type, and what jobs ask of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from headway.errors import ProblemError
from headway.model.tables import Bools, Ints, ints

WHOLE = 1000
"""Thousandths that make a GPU."""

MOST_GPUS = 16
"""No node has more GPUs."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Nodes:
    """Machines of a cluster.

    Attributes
    ----------
    name
        Unique, shape (n_nodes,).
    cpu_milli, memory_mib, gpus
        Thousandths of processors, mebibytes and number of GPUs of each node; not negative.
    model
        Type of the GPUs of each node; empty where there are none.

    Raises
    ------
    ProblemError
        If a column does not fit; the message names the node.
    """

    name: tuple[str, ...]
    cpu_milli: Ints
    memory_mib: Ints
    gpus: Ints
    model: tuple[str, ...]

    def __post_init__(self) -> None:
        _same_lengths(self, ("cpu_milli", "memory_mib", "gpus", "model"))
        _within(self, "cpu_milli", 0, _MOST)
        _within(self, "memory_mib", 0, _MOST)
        _within(self, "gpus", 0, MOST_GPUS)
        if len(set(self.name)) < len(self.name):
            twice = next(name for k, name in enumerate(self.name) if name in self.name[:k])
            raise ProblemError(f"two nodes are called {twice!r}")

    def __len__(self) -> int:
        return len(self.name)

    @property
    def gpu_milli(self) -> int:
        """Thousandths of GPUs of all nodes together."""
        return int(self.gpus.sum()) * WHOLE

    def take(self, chosen: Sequence[int] | NDArray[np.integer]) -> Nodes:
        """Return some of the nodes, by position."""
        return Nodes(
            name=tuple(self.name[k] for k in chosen),
            cpu_milli=ints(self.cpu_milli[chosen]),
            memory_mib=ints(self.memory_mib[chosen]),
            gpus=ints(self.gpus[chosen]),
            model=tuple(self.model[k] for k in chosen),
        )


@dataclass(frozen=True, eq=False, kw_only=True)
class Demands:
    """What each job asks of one node.

    Attributes
    ----------
    name
        Of the jobs, shape (n_jobs,).
    cpu_milli, memory_mib
        Thousandths of processors and mebibytes; not negative.
    gpus
        Number of GPUs, not negative.
    gpu_milli
        Thousandths of each GPU; 1 to 1000, and 1000 if there are several GPUs.
    models
        GPU types that will do, sorted; empty for any.

    Raises
    ------
    ProblemError
        If a column does not fit; the message names the job.
    """

    name: tuple[str, ...]
    cpu_milli: Ints
    memory_mib: Ints
    gpus: Ints
    gpu_milli: Ints
    models: tuple[tuple[str, ...], ...]

    def __post_init__(self) -> None:
        _same_lengths(self, ("cpu_milli", "memory_mib", "gpus", "gpu_milli", "models"))
        _within(self, "cpu_milli", 0, _MOST)
        _within(self, "memory_mib", 0, _MOST)
        _within(self, "gpus", 0, MOST_GPUS)
        _within(self, "gpu_milli", 0, WHOLE)
        _refuse(
            self, (self.gpus > 0) & (self.gpu_milli == 0), "asks for GPUs, but for no share of them"
        )
        _refuse(
            self,
            (self.gpus > 1) & (self.gpu_milli < WHOLE),
            "asks for shares of several GPUs; shares are of one GPU",
        )

    def __len__(self) -> int:
        return len(self.name)

    @property
    def total_milli(self) -> Ints:
        """Thousandths of GPUs of each job, shape (n_jobs,)."""
        return ints(self.gpus * self.gpu_milli)

    def take(self, chosen: Sequence[int] | NDArray[np.integer]) -> Demands:
        """Return the demands of some jobs, by position; jobs may repeat."""
        return Demands(
            name=tuple(self.name[k] for k in chosen),
            cpu_milli=ints(self.cpu_milli[chosen]),
            memory_mib=ints(self.memory_mib[chosen]),
            gpus=ints(self.gpus[chosen]),
            gpu_milli=ints(self.gpu_milli[chosen]),
            models=tuple(self.models[k] for k in chosen),
        )


_MOST = 2**40


def _same_lengths(table: Nodes | Demands, columns: tuple[str, ...]) -> None:
    for column in columns:
        if len(getattr(table, column)) != len(table.name):
            raise ProblemError(
                f"{column}: expected {len(table.name)} values, got {len(getattr(table, column))}"
            )


def _within(table: Nodes | Demands, column: str, low: int, high: int) -> None:
    values: Ints = getattr(table, column)
    _refuse(table, (values < low) | (values > high), f"{column}: expected {low} to {high}")


def _refuse(table: Nodes | Demands, wrong: Bools, why: str) -> None:
    bad = np.flatnonzero(wrong)
    if len(bad):
        raise ProblemError(f"{table.name[bad[0]]!r}: {why}")
