"""Programs that wait between two steps while a cache is overcommitted."""

from __future__ import annotations

import numpy as np

from headway.errors import ConfigError
from headway.serving.agents.routing.ledger import NOWHERE, Ledger, Waiting
from headway.serving.fleet.view import ClusterView, Floats


class Pausing:
    """Keeps the contexts of the programs that go on within the caches.

    When those of an engine are more than `high` of its cache, programs of it that are between two
    steps are paused, the smallest first, until they are `low` or less. The next request of a paused
    program waits at the gateway until there is room for it up to `low` and a `margin`, the largest
    first, where it was, or else on the engine with the least room that will do; a new one waits
    likewise, for the engine with the most.
    Nobody waits for longer than `longest_s`.

    Parameters
    ----------
    high, low, margin
        Shares of a cache.
    longest_s
        Seconds.

    References
    ----------
    Program scheduling of ThunderAgent in NVIDIA Dynamo and of vLLM's router.
    """

    def __init__(
        self,
        high: float = 0.95,
        low: float = 0.80,
        margin: float = 0.10,
        longest_s: float = 1800.0,
    ) -> None:
        if not 0 < low <= low + margin <= high:
            raise ConfigError("pausing: expected 0 < low <= low + margin <= high")
        self._high, self._low, self._margin = high, low, margin
        self._longest_s = longest_s

    def relieve(self, cluster: ClusterView, ledger: Ledger) -> None:
        """Pause programs of engines that are overcommitted."""
        capacity = (cluster.engines.blocks * cluster.engines.block_tokens).astype(np.float64)
        active = _working_set(cluster, ledger)
        crowded = active > self._high * capacity
        if not crowded.any():
            return
        waits = {id(entry.program) for entry in ledger.waiting.values()}
        between = [
            program
            for program in ledger.programs()
            if program.home != NOWHERE
            and crowded[program.home]
            and not (program.running or program.is_paused or id(program) in waits)
        ]
        for program in sorted(between, key=lambda one: (one.tokens, one.session)):
            if active[program.home] > self._low * capacity[program.home]:
                program.is_paused = True
                active[program.home] -= program.tokens

    def admit(
        self, now_s: float, cluster: ClusterView, ledger: Ledger, entry: Waiting
    ) -> int | None:
        """Return where a paused or new program goes on, None if it has to wait."""
        program = entry.program
        capacity = (cluster.engines.blocks * cluster.engines.block_tokens).astype(np.float64)
        left = (self._low + self._margin) * capacity - _working_set(cluster, ledger)
        left[~cluster.ready] = -np.inf
        if now_s - entry.since_s > self._longest_s:
            return int(left.argmax())
        fits = left >= program.tokens
        if not fits.any():
            return None
        if not program.is_paused:
            return int(left.argmax())
        larger = (
            program.tokens < other.program.tokens <= left.max()
            for other in ledger.waiting.values()
            if other.program.is_paused
        )
        if any(larger):
            return None
        # A part of its context may be left where it was.
        if program.home != NOWHERE and fits[program.home]:
            return program.home
        return int(np.where(fits, left, np.inf).argmin())


def _working_set(cluster: ClusterView, ledger: Ledger) -> Floats:
    """Return the contexts of programs that go on, by engine; shape (m,)."""
    active = np.zeros(len(cluster.engines))
    for program in ledger.programs():
        if program.home != NOWHERE and not program.is_paused:
            active[program.home] += program.tokens
    return active
