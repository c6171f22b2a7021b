"""When a program that waits for its engine goes to another one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from headway.errors import ConfigError
from headway.serving.agents.routing.ledger import Ledger, Waiting
from headway.serving.fleet.view import ClusterView, Floats, Mask


@dataclass(frozen=True, slots=True, eq=False)
class Loads:
    """Where a request could go.

    Attributes
    ----------
    now_s
        The instant.
    load
        Share of the cache that is held by requests sent there and wanted by those that wait for the
        engine, at most 1; shape (m,).
    queue
        Requests that wait for each engine; shape (m,).
    has_room
        Which engines could take the request at once; shape (m,).
    ahead
        Requests that go before this one to its home.
    """

    now_s: float
    load: Floats
    queue: Floats
    has_room: Mask
    ahead: int


class Stealing(Protocol):
    """Moves programs."""

    name: str

    def thief(
        self, cluster: ClusterView, ledger: Ledger, entry: Waiting, loads: Loads
    ) -> int | None:
        """Return the engine that takes a request from its home, None if none should."""
        ...


class Never:
    """Programs stay where they are."""

    name = "no stealing"

    def thief(
        self, cluster: ClusterView, ledger: Ledger, entry: Waiting, loads: Loads
    ) -> int | None:
        """Return None."""
        return None


class Unguarded:
    """Any engine for which nobody waits takes from any that is busier.

    References
    ----------
    As in the published simulator of SAGA (2026), whose engines take again and again what others
    have just taken from them.
    """

    name = "unguarded stealing"

    def thief(
        self, cluster: ClusterView, ledger: Ledger, entry: Waiting, loads: Loads
    ) -> int | None:
        """Return the least loaded engine, if it is less loaded than the home."""
        home = entry.program.home
        may = loads.has_room & (loads.queue == 0) & (loads.load < loads.load[home])
        may[home] = False
        return int(np.where(may, loads.load, np.inf).argmin()) if may.any() else None


class Guarded:
    """Moves a program only if that is expected to save time, for all concerned together.

    The home must have no room for it and be `ratio` times as loaded as the thief, for which nobody
    waits. Then what is saved, the wait for the home, which those behind are spared, too, is
    weighed against the time in which the thief computes the context again, which all that run there
    wait for. A program that has moved stays for `calm_s`.

    Parameters
    ----------
    prefill_s
        Seconds for the first 1,000 tokens of a context, and for the square of 1,000: a context of
        k thousand tokens takes ``prefill_s[0] * k + prefill_s[1] * k * k``.
    ratio, calm_s
        As above.

    References
    ----------
    SAGA (2026), work stealing with the safeguard of its text; the test of profit is ours.
    """

    name = "guarded stealing"

    def __init__(
        self,
        prefill_s: tuple[float, float] = (0.057, 0.0044),
        ratio: float = 2.0,
        calm_s: float = 30.0,
    ) -> None:
        if min(prefill_s) < 0 or not ratio >= 1 or not calm_s >= 0:
            raise ConfigError("stealing: expected prefill_s and calm_s from 0, ratio from 1 on")
        self._prefill_s, self._ratio, self._calm_s = prefill_s, ratio, calm_s

    def thief(
        self, cluster: ClusterView, ledger: Ledger, entry: Waiting, loads: Loads
    ) -> int | None:
        """Return the least loaded engine, if it pays."""
        program = entry.program
        home = program.home
        if loads.has_room[home] or loads.now_s - program.moved_s < self._calm_s:
            return None
        may = loads.has_room & (loads.queue == 0)
        may[home] = False
        if not may.any():
            return None
        thief = int(np.where(may, loads.load, np.inf).argmin())
        if loads.load[home] < self._ratio * loads.load[thief]:
            return None
        gap_s = ledger.gap_s(home)
        behind = max(float(loads.queue[home]) - loads.ahead - 1, 0.0)
        saved_s = (loads.ahead + 1 + behind) * gap_s
        k = entry.request.prompt_tokens / 1000
        again_s = self._prefill_s[0] * k + self._prefill_s[1] * k * k
        lost_s = again_s * (1 + int(cluster.in_flight[thief]))
        return thief if saved_s > lost_s else None
