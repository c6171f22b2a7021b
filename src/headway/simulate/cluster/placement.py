"""Where on its nodes a cluster puts tasks that need shares of GPUs, and how much that spoils.

A GPU is a *fragment* to a task if it is free in part but the task cannot use what is free: the
share is too small, too few GPUs are whole, or the node lacks processors, memory or the type.

References
----------
Weng, Yang, Yu, Wang, Tang, Yang, Zhang (2023), "Beware of fragmentation: scheduling GPU-sharing
workloads with fragmentation gradient descent". Dot product: Grandl, Ananthanarayanan, Kandula, Rao,
Akella (2014), "Multi-resource packing for cluster schedulers".
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from headway import _core
from headway.errors import ConfigError
from headway.model.tables import ABSENT, Bools, Ints, bools, ints
from headway.simulate.cluster.nodes import Demands, Nodes

Floats = NDArray[np.float64]


class Placement(StrEnum):
    """Which of the nodes with room gets a task."""

    FIRST_FIT = "first fit"
    """The first one."""
    BEST_FIT = "best fit"
    """The one with the least left, summed over processors, memory and GPUs."""
    DOT_PRODUCT = "dot product"
    """The one with the smallest product of what is left and what is asked for."""
    FRAGMENTATION = "fragmentation"
    """Fragmentation gradient descent: where the fragments to the mix of tasks grow least."""
    RANDOM = "random"
    """Any one, with equal probability."""


@dataclass(frozen=True, slots=True)
class Mix:
    """The kinds of tasks there are, and how often each comes.

    Attributes
    ----------
    kind
        Kind of each task, shape (n_tasks,).
    kinds
        What a task of each kind asks for.
    weight
        How often each kind counts in fragmentation, shape (n_kinds,).
    """

    kind: Ints
    kinds: Demands
    weight: Ints

    @classmethod
    def of(cls, demands: Demands, *, share: float = 1.0) -> Mix:
        """Return the mix of some tasks.

        Parameters
        ----------
        demands
            The tasks.
        share
            The most frequent kinds that make up so much of the tasks with GPUs count in
            fragmentation; the others are placed all the same.
        """
        asks = list(
            zip(
                demands.cpu_milli.tolist(),
                demands.memory_mib.tolist(),
                demands.gpus.tolist(),
                demands.gpu_milli.tolist(),
                demands.models,
                strict=True,
            )
        )
        number: dict[object, int] = {}
        kind = [number.setdefault(ask, len(number)) for ask in asks]
        first = [kind.index(k) for k in range(len(number))]
        kinds = demands.take(first)
        count = np.bincount(kind, minlength=len(number)) * (kinds.gpus > 0)
        order = np.argsort(-count, kind="stable")
        before = np.cumsum(count[order]) - count[order]
        weight = np.zeros(len(number), dtype=np.int64)
        chosen = order[before < share * count.sum()]
        weight[chosen] = count[chosen]
        return cls(ints(kind), kinds, ints(weight))


class Floor:
    """The nodes of a cluster with what is placed on them.

    Parameters
    ----------
    nodes
        The nodes.
    mix
        The kinds of tasks that will come; fragmentation is measured by them.
    placement
        Which of the nodes with room gets a task.
    seed
        For `Placement.RANDOM`.

    Raises
    ------
    ConfigError
        If there is no such placement, or there are more than 63 types of GPUs.
    """

    def __init__(
        self, nodes: Nodes, mix: Mix, placement: str | Placement, *, seed: int = 0
    ) -> None:
        models = sorted(set(nodes.model))
        if len(models) > _MOST_MODELS:
            raise ConfigError(f"nodes: expected at most 63 types of GPUs, got {len(models)}")
        place = {name: k for k, name in enumerate(models)}
        kinds = mix.kinds
        accepts = [_bits(wanted, place) for wanted in kinds.models]
        self._core = _core.ClusterNodes(
            nodes.cpu_milli,
            nodes.memory_mib,
            nodes.gpus,
            ints([place[name] for name in nodes.model]),
            kinds.cpu_milli,
            kinds.memory_mib,
            kinds.gpus,
            kinds.gpu_milli,
            ints(accepts),
            mix.weight,
            list(Placement).index(find(placement)),
            seed,
        )
        self._weight = int(mix.weight[kinds.gpus > 0].sum())

    def place(self, kind: int) -> tuple[int, int] | None:
        """Put a task of a kind on a node; return the node and its GPUs, a bit each, or None."""
        return self._core.place(kind)

    def release(self, kind: int, node: int, gpus: int) -> None:
        """Take a task off that `place` has put there."""
        self._core.release(kind, node, gpus)

    def fill(self, kinds: Ints) -> tuple[Ints, Ints, Ints, Floats]:
        """Place tasks of some kinds, one after another.

        Returns
        -------
        node, gpus
            Where each went; `ABSENT` and 0 without room.
        free
            Thousandths of GPUs that are free after each.
        fragments
            Those of them that are fragments, the mean over the mix.
        """
        node, gpus, free, fragments = self._core.fill(kinds)
        return node, gpus, free, fragments / max(self._weight, 1)

    @property
    def free(self) -> int:
        """Thousandths of GPUs that are free."""
        return self._core.free

    @property
    def fragments(self) -> float:
        """Those of them that are fragments, the mean over the mix."""
        return self._core.fragments / max(self._weight, 1)


@dataclass(frozen=True, eq=False, kw_only=True)
class Packing:
    """How far a cluster could be filled; arrays have an entry per task, in order of arrival.

    Attributes
    ----------
    placement
        How nodes were chosen.
    capacity
        Thousandths of GPUs in the cluster.
    asked
        Thousandths of GPUs that have been asked for so far.
    node
        Where each task went; `ABSENT` without room.
    used, fragments
        Thousandths of GPUs in use, and free but of no use to a task of the mix, after each task.
    """

    placement: Placement
    capacity: int
    asked: Ints = field(repr=False)
    node: Ints = field(repr=False)
    used: Ints = field(repr=False)
    fragments: Floats = field(repr=False)

    @property
    def placed(self) -> Bools:
        """Which tasks found room."""
        return bools(self.node != ABSENT)

    def at(self, load: float) -> dict[str, float]:
        """Return shares of all GPUs at the moment at which `load` of them has been asked for.

        Returns
        -------
        dict
            ``used``, ``fragments`` (free, but of no use to the mix on average) and ``unplaced``
            (asked for in vain so far).
        """
        k = min(int(np.searchsorted(self.asked, load * self.capacity)), len(self.asked) - 1)
        return {
            "used": float(self.used[k]) / self.capacity,
            "fragments": float(self.fragments[k]) / self.capacity,
            "unplaced": float(self.asked[k] - self.used[k]) / self.capacity,
        }


def pack(
    nodes: Nodes,
    demands: Demands,
    placement: str | Placement,
    *,
    load: float = 1.3,
    share: float = 1.0,
    seed: int = 0,
) -> Packing:
    """Fill a cluster with tasks that stay, drawn from a mix, until so much has been asked for.

    Parameters
    ----------
    nodes
        The empty cluster.
    demands
        The tasks to draw from, with replacement; those without GPUs are among them.
    placement
        Which of the nodes with room gets a task.
    load
        GPUs asked for in the end, as a multiple of those there are.
    share
        See `Mix.of`.
    seed
        Of the draws; the same tasks come whatever the placement.

    Raises
    ------
    ConfigError
        If there is no such placement, or nobody asks for GPUs.
    """
    mix = Mix.of(demands, share=share)
    total = int(load * nodes.gpu_milli)
    mean = float(demands.total_milli.mean()) if len(demands) else 0.0
    if not mean:
        raise ConfigError("demands: no task asks for a GPU, so that nothing can be filled")
    rng = np.random.default_rng([seed, 1])
    drawn = np.zeros(0, dtype=np.int64)
    while demands.total_milli[drawn].sum() < total:
        more = rng.integers(0, len(demands), int(total / mean / 4) + 1)
        drawn = np.concatenate((drawn, more))
    asked = np.cumsum(demands.total_milli[drawn])
    drawn = drawn[: int(np.searchsorted(asked, total)) + 1]
    floor = Floor(nodes, mix, placement, seed=seed)
    node, _, free, fragments = floor.fill(ints(mix.kind[drawn]))
    return Packing(
        placement=find(placement),
        capacity=nodes.gpu_milli,
        asked=ints(asked[: len(drawn)]),
        node=node,
        used=ints(nodes.gpu_milli - free),
        fragments=fragments,
    )


def find(placement: str | Placement) -> Placement:
    """Return a placement by its name.

    Raises
    ------
    ConfigError
        If there is none.
    """
    try:
        return Placement(placement)
    except ValueError:
        known = ", ".join(Placement)
        raise ConfigError(f"placement: expected one of {known}, got {placement!r}") from None


_MOST_MODELS = 63


def _bits(wanted: Sequence[str], place: dict[str, int]) -> int:
    """Return a bit per type that will do; all of them if any will."""
    if not wanted:
        return (1 << len(place)) - 1
    return sum(1 << place[name] for name in wanted if name in place)
