"""No-wait shops read aloud: earliest starts found tick by tick."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass
class PlainNoWaitShop:
    """Items, each a list of claims (machine, offset, length), with costs of their ends."""

    claims: list[list[tuple[int, int, int]]]
    release: list[int]
    span: list[int]
    weight: list[int]
    due: list[int]
    least: list[int]
    total: bool
    breaks: list[tuple[int, int, int]] = field(default_factory=list)

    def columns(self) -> list[list[int] | bool]:
        """Return what the native shop takes."""
        rows = [(i, *claim) for i, item in enumerate(self.claims) for claim in item]
        claims = [[row[k] for row in rows] for k in range(4)]
        rest = [[row[k] for row in self.breaks] for k in range(3)]
        costs = [self.release, self.span, self.weight, self.due, self.least]
        return [*claims, *costs, *rest, self.total]

    def place(self, order: Sequence[int]) -> list[int]:
        """Return starts if each item takes the earliest one that those before it allow."""
        start: dict[int, int] = {}
        for item in order:
            time = self.release[item]
            while self._rests(item, time) or any(
                self._clash(item, time, other, begin) for other, begin in start.items()
            ):
                time += 1
            start[item] = time
        return [start[i] for i in range(len(self.claims))]

    def value(self, start: Sequence[int]) -> int:
        """Return the sum or the largest of all costs."""
        costs = [
            w * max(least, s + span - due)
            for s, span, w, due, least in zip(
                start, self.span, self.weight, self.due, self.least, strict=True
            )
            if w
        ]
        return sum(costs) if self.total else max(costs)

    def _rests(self, item: int, time: int) -> bool:
        return any(
            machine == where and time + offset < on and off < time + offset + length
            for machine, offset, length in self.claims[item]
            for where, off, on in self.breaks
        )

    def _clash(self, a: int, s: int, b: int, t: int) -> bool:
        return any(
            machine == where and s + x < t + y + q and t + y < s + x + p
            for machine, x, p in self.claims[a]
            for where, y, q in self.claims[b]
        )
