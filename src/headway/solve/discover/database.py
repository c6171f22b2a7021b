"""The programs found so far, on islands that seldom meet.

References
----------
Romera-Paredes et al. (2024), "Mathematical discoveries from program search with large language
models" (FunSearch).
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from headway.solve.discover.program import Program

Signature = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Sampling:
    """How parents are drawn from an island.

    Parameters
    ----------
    temperature
        How much worse than the best, in percent, a cluster may be to be drawn still often, when
        the island is empty.
    period
        After so many programs the temperature has fallen to nearly nothing and starts again.
    parents
        Programs drawn at a time.
    """

    temperature: float = 0.1
    period: int = 30_000
    parents: int = 2


@dataclass(slots=True)
class Island:
    """Programs in clusters of equal behaviour.

    Attributes
    ----------
    clusters
        Programs by signature.
    registered
        How many programs were ever added.
    """

    clusters: dict[Signature, list[Program]] = field(default_factory=dict)
    registered: int = 0

    @property
    def best(self) -> Program:
        """The best program; of equally good ones the shortest, then the first in order of text."""
        return min(
            (program for cluster in self.clusters.values() for program in cluster),
            key=lambda program: (program.value, program.size, program.text),
        )

    def add(self, program: Program) -> None:
        """Register a program."""
        cluster = self.clusters.setdefault(program.signature, [])
        if program not in cluster:
            cluster.append(program)
        self.registered += 1

    def sample(self, sampling: Sampling, rng: np.random.Generator) -> list[Program]:
        """Draw programs from different clusters, the best one last.

        Clusters are drawn by value, the more strictly the more programs there are; within a
        cluster the shorter a program, the likelier.
        """
        clusters = list(self.clusters.values())
        values = np.array([cluster[0].value for cluster in clusters])
        percent = 100 * (values / max(values.min(), 1e-9) - 1)
        left = 1 - (self.registered % sampling.period) / sampling.period
        chances = _softmax(-percent / (sampling.temperature * left))
        count = min(sampling.parents, int((chances > 0).sum()))
        drawn = rng.choice(len(clusters), size=count, replace=False, p=chances)
        found = [_by_length(clusters[k], rng) for k in drawn]
        return sorted(found, key=lambda program: -program.value)


class Database:
    """Islands, all of them starting from the same programs.

    Parameters
    ----------
    first
        Programs to start from.
    islands
        How many islands.
    sampling
        How parents are drawn.
    """

    def __init__(self, first: list[Program], islands: int, sampling: Sampling) -> None:
        self.sampling = sampling
        self.islands = [Island() for _ in range(islands)]
        for island in self.islands:
            for program in first:
                island.add(program)

    @property
    def best(self) -> Program:
        """The best program of all islands."""
        return min(
            (island.best for island in self.islands),
            key=lambda program: (program.value, program.size, program.text),
        )

    def reset_worse_half(self, rng: np.random.Generator) -> None:
        """Clear the islands whose best is worse; each starts again from the best of another."""
        ranked = sorted(
            range(len(self.islands)), key=lambda k: (self.islands[k].best.value, rng.random())
        )
        kept = ranked[: (len(ranked) + 1) // 2]
        for k in ranked[len(kept) :]:
            founder = self.islands[kept[rng.integers(len(kept))]].best
            self.islands[k] = Island()
            self.islands[k].add(founder)


def _softmax(logits: np.ndarray) -> np.ndarray:
    powers = np.exp(logits - logits.max())
    chances: np.ndarray = powers / powers.sum()
    return chances


def _by_length(cluster: list[Program], rng: np.random.Generator) -> Program:
    sizes = np.array([program.size for program in cluster], dtype=np.float64)
    span = max(sizes.max() - sizes.min(), 1e-6)
    return cluster[rng.choice(len(cluster), p=_softmax(-(sizes - sizes.min()) / span))]
