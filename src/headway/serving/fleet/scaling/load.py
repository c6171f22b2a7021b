"""Which lengths of requests come how often, seen through a moving window."""

from __future__ import annotations

import math
from collections import Counter, deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from headway.errors import ConfigError
from headway.serving.fleet.scaling.profile import Profile
from headway.serving.fleet.view import Floats

Cell = tuple[int, int]
"""Logarithms of the lengths of a prompt and of its answer, in steps of the resolution."""


@dataclass(frozen=True, slots=True)
class Pattern:
    """Requests of like lengths.

    Attributes
    ----------
    prompt_tokens, output_tokens
        Geometric means.
    rate_per_s
        How often they come.
    """

    prompt_tokens: float
    output_tokens: float
    rate_per_s: float


class LoadMonitor:
    """Counts requests by length and finds the patterns among them.

    Parameters
    ----------
    window_s
        How far it looks back.
    slot_s
        Counts are kept for slots of so many seconds, and forgotten a slot at a time.
    resolution
        Steps of the base-2 logarithms of lengths.
    radius, fewest
        Of DBSCAN: requests within the radius (in those logarithms) of one that has so many of them
        around are of one pattern.

    Raises
    ------
    ConfigError
        If a setting is not positive, or the window is shorter than a slot.

    Notes
    -----
    DBSCAN runs over the occupied cells of the grid with their counts, so that its cost depends on
    how different requests are, not on how many: at most some thousand cells, whatever the traffic.

    References
    ----------
    AIBrix (2025), GPU optimizer; Ester, Kriegel, Sander and Xu (1996), DBSCAN.
    """

    def __init__(
        self,
        window_s: float = 240.0,
        *,
        slot_s: float = 10.0,
        resolution: float = 0.1,
        radius: float = 0.5,
        fewest: int = 10,
    ) -> None:
        for name, value in (
            ("slot_s", slot_s),
            ("resolution", resolution),
            ("radius", radius),
            ("fewest", fewest),
        ):
            if not value > 0:
                raise ConfigError(f"{name}: must be positive, got {value}")
        if not window_s >= slot_s:
            raise ConfigError(f"window_s: must not be shorter than a slot, got {window_s}")
        self._slots = math.ceil(window_s / slot_s)
        self._slot_s = slot_s
        self._resolution = resolution
        self._fewest = fewest
        self._offsets = _disc(radius / resolution)
        self._counts: deque[tuple[int, Counter[Cell]]] = deque()
        self._first_s = math.inf

    def observe(self, prompt_tokens: int, output_tokens: int, at_s: float) -> None:
        """Count a request; times never go back by more than a slot."""
        slot = int(at_s // self._slot_s)
        self._first_s = min(self._first_s, at_s)
        if not self._counts or self._counts[-1][0] < slot:
            self._counts.append((slot, Counter()))
            self._forget(slot)
        cell = (self._step(prompt_tokens), self._step(output_tokens))
        self._counts[-1][1][cell] += 1

    def patterns(self, now_s: float) -> tuple[Pattern, ...]:
        """Return what comes, the most frequent first; a lone request is a pattern of its own."""
        self._forget(int(now_s // self._slot_s))
        counts: Counter[Cell] = Counter()
        for _, slot in self._counts:
            counts.update(slot)
        if not counts:
            return ()
        since_s = max(self._first_s, (self._counts[0][0]) * self._slot_s)
        span_s = max(now_s - since_s, self._slot_s)
        found = [self._pattern(cells, counts, span_s) for cells in self._clusters(counts)]
        return tuple(sorted(found, key=lambda one: (-one.rate_per_s, one.prompt_tokens)))

    def _forget(self, slot: int) -> None:
        while self._counts and self._counts[0][0] <= slot - self._slots:
            self._counts.popleft()

    def _step(self, tokens: int) -> int:
        return round(math.log2(max(tokens, 1)) / self._resolution)

    def _pattern(self, cells: list[Cell], counts: Mapping[Cell, int], span_s: float) -> Pattern:
        weights = np.array([counts[cell] for cell in cells], dtype=np.float64)
        prompt, output = np.average(np.array(cells), axis=0, weights=weights) * self._resolution
        return Pattern(float(2**prompt), float(2**output), float(weights.sum() / span_s))

    def _clusters(self, counts: Mapping[Cell, int]) -> list[list[Cell]]:
        around = {cell: self._neighbours(cell, counts) for cell in sorted(counts)}
        core = {
            cell
            for cell, near in around.items()
            if sum(counts[one] for one in near) >= self._fewest
        }
        seen: set[Cell] = set()
        clusters: list[list[Cell]] = []
        for cell in [*sorted(core), *sorted(counts.keys() - core)]:
            if cell in seen:
                continue
            seen.add(cell)
            cluster, border = [cell], [cell] if cell in core else []
            while border:
                for near in around[border.pop()]:
                    if near not in seen:
                        seen.add(near)
                        cluster.append(near)
                        border += [near] if near in core else []
            clusters.append(cluster)
        return clusters

    def _neighbours(self, cell: Cell, counts: Mapping[Cell, int]) -> list[Cell]:
        near = ((cell[0] + i, cell[1] + j) for i, j in self._offsets)
        return [one for one in near if one in counts]


def rates(patterns: Iterable[Pattern], profiles: Sequence[Profile]) -> Floats:
    """Return the rate of each cell of profiles: each pattern counts at the nearest lengths.

    Patterns beyond the measured lengths count at the edge, and those that no kind can serve within
    its limits at the nearest lengths that some kind can.

    Parameters
    ----------
    patterns
        What comes.
    profiles
        At least one, all with the same lengths.

    Returns
    -------
    numpy.ndarray
        Requests per second, shape (n_outputs, n_prompts).
    """
    first = profiles[0]
    table = np.zeros_like(first.rate_per_s)
    unserved = ~np.any([profile.rate_per_s > 0 for profile in profiles], axis=0)
    outputs, prompts = np.log2(first.output_tokens)[:, None], np.log2(first.prompt_tokens)
    for pattern in patterns:
        cell = first.cell(pattern.prompt_tokens, pattern.output_tokens)
        if unserved[cell] and not unserved.all():
            away = np.hypot(outputs - outputs[cell[0]], prompts - prompts[cell[1]])
            away[unserved] = np.inf
            cell = divmod(int(away.argmin()), len(prompts))
        table[cell] += pattern.rate_per_s
    return table


def _disc(radius: float) -> tuple[Cell, ...]:
    steps = math.floor(radius * (1 + 1e-9))
    reach = range(-steps, steps + 1)
    # A radius that is a whole number of steps includes them, whatever the rounding.
    return tuple((i, j) for i in reach for j in reach if math.hypot(i, j) <= radius * (1 + 1e-9))
