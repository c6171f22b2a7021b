"""What controllers recommend, and what has become of it: for metrics, pages and people."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from headway.serving.fleet.decisions import (
    Drain,
    Keep,
    LoadAdapter,
    Migrate,
    Operation,
    Start,
    UnloadAdapter,
    Warm,
)
from headway.serving.fleet.view import ClusterView, Engines
from headway.serving.gateway.board import Board

Outcome = Literal["recommended", "dry run", "begun", "limited", "refused", "failed"]
"""Of a recommendation: nobody is to act; somebody would; somebody does; it would be too many or too
few, or too many at once; it cannot be done; it was tried in vain."""

_KEPT = 200

_NAMES: dict[type[Operation], str] = {
    Start: "start",
    Drain: "drain",
    Migrate: "migrate",
    Keep: "keep",
    Warm: "warm",
    LoadAdapter: "load_adapter",
    UnloadAdapter: "unload_adapter",
}


@dataclass(frozen=True, slots=True)
class Line:
    """A recommendation, and what has become of it.

    Attributes
    ----------
    at_s
        When, by the gateway's clock.
    controller
        Who.
    operation
        What, in a word.
    engine
        Where, by name.
    what
        The request or the adapter, if it is about one.
    outcome, why
        See `Outcome`; and the reason, in words.
    """

    at_s: float
    controller: str
    operation: str
    engine: str
    what: str
    outcome: Outcome
    why: str


class Record:
    """Remembers the last recommendations, counts all, and knows how many engines are desired.

    Parameters
    ----------
    engines
        Of the fleet.
    board
        Of the gateway, where its column ``desired`` is written.

    Attributes
    ----------
    counts
        Of recommendations by controller, operation and outcome.
    lines
        The latest, oldest first.
    """

    def __init__(self, engines: Engines, board: Board) -> None:
        self._desired = board.engine("desired")
        self._names = engines.names
        self._kinds = engines.kinds
        self._of_kind = {
            kind: np.array([one == kind for one in engines.kinds])
            for kind in sorted(set(engines.kinds))
        }
        self._wants: dict[tuple[str, str], int] = {}
        self.counts: Counter[tuple[str, str, Outcome]] = Counter()
        self.lines: deque[Line] = deque(maxlen=_KEPT)

    def looked(
        self, controller: str, cluster: ClusterView, operations: Sequence[Operation]
    ) -> None:
        """Hear what a controller has made of what it saw."""
        change = Counter[str]()
        for operation in operations:
            if isinstance(operation, Start | Drain):
                step = 1 if isinstance(operation, Start) else -1
                change[self._kinds[operation.engine]] += step
        there = ordered(cluster)
        for kind, members in self._of_kind.items():
            # Who has never started or stopped one of a kind is no scaler of it.
            if kind in change or (controller, kind) in self._wants:
                self._wants[controller, kind] = int((there & members).sum()) + change[kind]
        self._write()

    def happened(
        self, at_s: float, controller: str, operation: Operation, outcome: Outcome, why: str = ""
    ) -> None:
        """Hear what has become of a recommendation."""
        name = _NAMES[type(operation)]
        self.counts[controller, name, outcome] += 1
        if isinstance(operation, Keep | Warm):
            return  # told so often that nothing else could be seen beside it
        what = ""
        if isinstance(operation, Migrate):
            what = f"request {operation.request} to {self._names[operation.destination]}"
        elif isinstance(operation, LoadAdapter | UnloadAdapter):
            what = operation.adapter
        engine = self._names[operation.engine]
        self.lines.append(Line(at_s, controller, name, engine, what, outcome, why))

    def _write(self) -> None:
        """Tell all processes what is wanted: of several scalers, by the one that wants the most."""
        wants: dict[str, int] = {}
        for (_, kind), number in self._wants.items():
            wants[kind] = max(wants.get(kind, 0), number)
        for kind, number in wants.items():
            self._desired[self._of_kind[kind]] = number


def ordered(cluster: ClusterView) -> Any:
    """Return a mask of the engines that are to be there: up, or starting, and not to stop."""
    there = cluster.ready if cluster.up is None else cluster.up
    return there if cluster.draining is None else there & ~cluster.draining


def standings(board: Board, kinds: Sequence[str]) -> dict[str, dict[str, int]]:
    """Return for each kind how many engines are desired, ordered and ready.

    Kinds that nobody scales are desired as they are.

    Parameters
    ----------
    board
        Of the gateway.
    kinds
        Of its engines, one each.
    """
    columns = ("healthy", "ordered", "draining", "asleep")
    healthy, there, leaving, asleep = (board.engine(name) > 0 for name in columns)
    ready = healthy & ~leaving & ~asleep
    there = (healthy | there) & ~leaving & ~asleep
    desired = board.engine("desired")
    found: dict[str, dict[str, int]] = {}
    for kind in dict.fromkeys(kinds):
        members = np.array([one == kind for one in kinds])
        wanted, number = float(desired[members][0]), int((there & members).sum())
        found[kind] = {
            "desired": number if np.isnan(wanted) else int(wanted),
            "ordered": number,
            "ready": int((ready & members).sum()),
        }
    return found
