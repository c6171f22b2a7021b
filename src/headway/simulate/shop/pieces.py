"""The pieces of a realised problem: attempts at operations, and tasks while they are collected."""

from __future__ import annotations

from dataclasses import dataclass, field

from headway.model import ABSENT, FOREVER, RelationKind


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt at an operation."""

    op: int
    mode: int
    machine: int
    batch: int
    entered: int
    start: int
    end: int
    left: int
    work: int
    outcome: int


@dataclass
class Draft:
    """Tasks and relations while they are collected."""

    name: list[str] = field(default_factory=list)
    job: list[int] = field(default_factory=list)
    family: list[int] = field(default_factory=list)
    start: list[int] = field(default_factory=list)
    duration: list[int] = field(default_factory=list)
    end: list[int] = field(default_factory=list)
    hold: list[int] = field(default_factory=list)
    demand: list[list[tuple[int, int]]] = field(default_factory=list)
    relation: list[tuple[RelationKind, int, int, int, int, bool]] = field(default_factory=list)

    def task(
        self, name: str, job: int, start: int, duration: int, end: int,
        demand: list[tuple[int, int]], family: int = ABSENT,
    ) -> int:  # fmt: skip
        """Add a task and return its position."""
        self.name.append(name)
        self.job.append(job)
        self.family.append(family)
        self.start.append(start)
        self.duration.append(duration)
        self.end.append(end)
        self.hold.append(ABSENT)
        self.demand.append(sorted(demand))
        return len(self.name) - 1

    def follows(self, before: int, after: int, *, transfer: bool = False) -> None:
        """Let one task begin after another has ended."""
        self.relation.append((RelationKind.END_START, before, after, 0, FOREVER, transfer))

    def together(self, first: int, second: int) -> None:
        """Let two tasks begin at the same time."""
        self.relation.append((RelationKind.START_START, first, second, 0, 0, False))
