"""What has happened, for people: faults seen on the board, and what operators have done."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from typing import Literal

import msgspec
import numpy as np

from headway.serving.gateway.accounts.figures import Figures
from headway.serving.gateway.board import BREAKERS, COUNTERS, REFUSALS, Board

Level = Literal["bad", "warn", "info"]

_KEPT = 500
_TOGETHER_S = 30.0
"""What happens again within so long is one note."""

_OPEN = BREAKERS.index("open")


class Note(msgspec.Struct):
    """Something that has happened.

    Attributes
    ----------
    at, until
        First and last time, in seconds since 1970.
    level
        How bad it is.
    engine
        Whom it is about; empty for the gateway.
    what
        In words; with `count` above 1, the words are those for one.
    count
        How often.
    who
        Which operator did it; empty if nobody did.
    """

    at: float
    until: float
    level: Level
    engine: str
    what: str
    count: int = 1
    who: str = ""


class Notes:
    """Remembers the latest notes, and finds faults by comparing the board with itself.

    Parameters
    ----------
    board
        Of the gateway.
    names
        Of its engines.
    wall
        Returns seconds since 1970.
    figures
        Returns how accounts are doing; None if there are none.
    """

    def __init__(
        self,
        board: Board,
        names: Sequence[str],
        wall: Callable[[], float],
        figures: Callable[[], Figures | None] = lambda: None,
    ) -> None:
        self._board = board
        self._names = tuple(names)
        self._wall = wall
        self._figures = figures
        self._kept: deque[Note] = deque(maxlen=_KEPT)
        self._before = self._seen()
        self._accounts = True

    def latest(self, most: int = _KEPT) -> list[Note]:
        """Return the latest notes, newest first."""
        return sorted(self._kept, key=lambda note: -note.until)[:most]

    def add(
        self, level: Level, what: str, *, engine: str = "", count: int = 1, who: str = ""
    ) -> None:
        """Remember something; if the same has just happened, it counts there."""
        now = self._wall()
        for note in reversed(self._kept):
            if now - note.until > _TOGETHER_S:
                continue
            if (note.what, note.engine, note.who) == (what, engine, who):
                note.until, note.count = now, note.count + count
                return
        self._kept.append(Note(now, now, level, engine, what, count, who))

    def look(self) -> None:
        """Note what has changed on the board since the last look."""
        before, now = self._before, self._seen()
        self._before = now
        for number, name in enumerate(self._names):
            for key, (rises, falls) in _TURNS.items():
                if key == "draining" and now["asleep"][number]:
                    continue  # it was drained to sleep
                if now[key][number] > before[key][number]:
                    self._say(rises, name)
                elif now[key][number] < before[key][number]:
                    self._say(falls, name)
            restarts = int(now["restarts"][number] - before["restarts"][number])
            if restarts > 0:
                self.add("warn", "was started anew or has lost its cache", engine=name)
            failed = int(now["failed"][number] - before["failed"][number])
            if failed > 0:
                self.add("bad", "failed a try", engine=name, count=failed)
        refused = now["refusals"] - before["refusals"]
        for why, count in zip(REFUSALS, refused.tolist(), strict=True):
            if count > 0:
                self.add("warn", f"a request was refused: {why}", count=count)
        self._look_at_accounts()

    def _say(self, told: tuple[Level, str] | None, engine: str) -> None:
        if told is not None:
            self.add(*told, engine=engine)

    def _look_at_accounts(self) -> None:
        figures = self._figures()
        healthy = figures is None or figures.healthy
        if healthy != self._accounts:
            self._accounts = healthy
            told = "usage is written again" if healthy else "usage cannot be written"
            self.add("info" if healthy else "bad", told)

    def _seen(self) -> dict[str, np.ndarray]:
        board = self._board
        seen = {name: board.engine(name).copy() for name in ("healthy", "asleep", "draining")}
        seen["restarts"] = board.engine("restarts").copy()
        seen["breaker"] = (board.breakers == _OPEN).any(axis=0).astype(np.int64)
        seen["failed"] = board.counters[:, COUNTERS.index("failed")].sum(axis=0)
        seen["refusals"] = board.refusals.sum(axis=0)
        return seen


_TURNS: dict[str, tuple[tuple[Level, str] | None, tuple[Level, str] | None]] = {
    "healthy": (("info", "is well"), ("bad", "is not well")),
    "asleep": (("info", "sleeps"), ("info", "is awake")),
    "draining": (("info", "takes no new requests"), ("info", "takes requests again")),
    "breaker": (
        ("bad", "fails again and again and is left alone"),
        ("info", "is tried again"),
    ),
}
"""What is said when a column rises, and when it falls."""
