"""What is wrong with a schedule: typed violations, and the report that lists them."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import overload

from headway.model.tables import Ints, ints

_SHOWN = 20
"""How many violations a printed report lists."""

_NAMED = 4
"""How many tasks of a long list a message names."""


class ViolationKind(StrEnum):
    """Which rule is broken."""

    MISSING = "missing"
    """A task that is not optional is left out."""
    STRAY = "stray"
    """A task that is left out has a start or an end."""
    MODE = "mode"
    """The chosen mode does not exist or belongs to another task."""
    TIME = "time"
    """A start or end is so large that nothing can be computed from it."""
    WINDOW = "window"
    """A task starts or ends outside its window, or starts before 0."""
    HORIZON = "horizon"
    """A task ends after the horizon."""
    RELEASE = "release"
    """A task starts before the release of its job."""
    DEADLINE = "deadline"
    """A task ends after the deadline of its job."""
    DURATION = "duration"
    """The work done between start and end is not the duration of the mode."""
    BREAK = "break"
    """Work is done, or stock is moved, in a break."""
    OVERLAP = "overlap"
    """A task starts while another one occupies or blocks their machine."""
    SETUP = "setup"
    """The time before a task on its machine is too short for the setup."""
    CAPACITY = "capacity"
    """More units of a renewable resource are in use than there are."""
    BUDGET = "budget"
    """The chosen modes need more of a non-renewable resource than there is."""
    RESERVOIR = "reservoir"
    """The level of a reservoir is below its minimum or above its maximum."""
    MIN_LAG = "min-lag"
    """Two related points are too close."""
    TRANSFER = "transfer"
    """Two related points are far enough apart, but not for the transfer between the resources."""
    MAX_LAG = "max-lag"
    """Two related points are too far apart."""
    IDENTICAL = "identical"
    """Two tasks that must use identical resources do not."""
    DIFFERENT = "different"
    """Two tasks that must use different resources share some."""
    CONSECUTIVE = "consecutive"
    """A task does not directly follow another one on their machine."""
    SEQUENCE = "sequence"
    """Tasks are not in the same order on two machines."""
    SELECTION = "selection"
    """Too few or too many tasks of a group are present."""
    MODE_DEPENDENCY = "mode-dependency"
    """The mode of one task forbids the mode of another."""


@dataclass(frozen=True, slots=True)
class Violation:
    """One broken rule.

    Parameters
    ----------
    kind
        Which rule.
    tasks
        Positions of the tasks involved; see `headway.model.verify` for each kind.
    amount
        By how much, positive: ticks, units of a resource, or a number of tasks, resources or
        places in an order.
    where
        The resource, job or task whose rule it is, in the user's names.
    message
        One line for people.
    """

    kind: ViolationKind
    tasks: tuple[int, ...]
    amount: int
    where: str
    message: str

    def __str__(self) -> str:
        return f"{self.kind}: {self.message}"


@dataclass(frozen=True, slots=True)
class Findings:
    """Violations of one kind as columns; each becomes a `Violation` when somebody looks at it.

    Parameters
    ----------
    kind
        Which rule.
    amount
        By how much, shape (n,).
    describe
        Given a position, returns the tasks, the place and the message.
    """

    kind: ViolationKind
    amount: Ints
    describe: Callable[[int], tuple[tuple[int, ...], str, str]]

    def __len__(self) -> int:
        return len(self.amount)

    def __getitem__(self, position: int) -> Violation:
        tasks, where, message = self.describe(position)
        return Violation(self.kind, tasks, int(self.amount[position]), where, message)


class Report(Sequence[Violation]):
    """All violations of a schedule, an immutable sequence; empty if the schedule is valid.

    Ask ``report.ok``; a report has no truth value, because "true" could mean either.

    Parameters
    ----------
    findings
        The violations, kind by kind.
    """

    __slots__ = ("_findings", "_offsets")

    def __init__(self, findings: Iterable[Findings] = ()) -> None:
        self._findings = tuple(f for f in findings if len(f))
        offsets = [0]
        for finding in self._findings:
            offsets.append(offsets[-1] + len(finding))
        self._offsets = tuple(offsets)

    @classmethod
    def of(cls, violations: Iterable[Violation]) -> Report:
        """Return a report of given violations, in the given order."""
        return cls(
            Findings(v.kind, ints([v.amount]), lambda _, v=v: (v.tasks, v.where, v.message))  # type: ignore[misc]
            for v in violations
        )

    @property
    def ok(self) -> bool:
        """Whether there is no violation."""
        return not self._findings

    @property
    def kinds(self) -> Mapping[ViolationKind, int]:
        """How many violations of each kind there are; kinds without any do not occur."""
        counts: dict[ViolationKind, int] = {}
        for finding in self._findings:
            counts[finding.kind] = counts.get(finding.kind, 0) + len(finding)
        return counts

    def __len__(self) -> int:
        return self._offsets[-1]

    @overload
    def __getitem__(self, index: int) -> Violation: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Violation]: ...
    def __getitem__(self, index: int | slice) -> Violation | Sequence[Violation]:
        if isinstance(index, slice):
            return tuple(self[k] for k in range(*index.indices(len(self))))
        position = range(len(self))[index]
        block = bisect_right(self._offsets, position) - 1
        return self._findings[block][position - self._offsets[block]]

    def __iter__(self) -> Iterator[Violation]:
        for finding in self._findings:
            for position in range(len(finding)):
                yield finding[position]

    def __bool__(self) -> bool:
        raise TypeError("the truth value of a report is ambiguous; use report.ok")

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Report):
            return NotImplemented
        return tuple(self) == tuple(other)

    __hash__ = None  # type: ignore[assignment]

    def __reduce__(self) -> tuple[Callable[..., Report], tuple[tuple[Violation, ...]]]:
        return Report.of, (tuple(self),)

    def __str__(self) -> str:
        if self.ok:
            return "valid: no violations"
        shown = [f"  {violation}" for violation in self[:_SHOWN]]
        if len(self) > _SHOWN:
            shown.append(f"  … and {len(self) - _SHOWN} more")
        return "\n".join([self._headline(), *shown])

    def __repr__(self) -> str:
        return f"<Report {self._headline()}>" if self._findings else "<Report valid>"

    def _headline(self) -> str:
        kinds = ", ".join(f"{count} {kind}" for kind, count in self.kinds.items())
        noun = "violation" if len(self) == 1 else "violations"
        return f"{len(self)} {noun}: {kinds}"


def listing(names: Iterable[str]) -> str:
    """Return names as a message lists them: quoted, and not too many."""
    quoted = [repr(name) for name in names]
    if len(quoted) > _NAMED + 1:
        quoted = [*quoted[:_NAMED], f"{len(quoted) - _NAMED} more"]
    return " and ".join([", ".join(quoted[:-1]), quoted[-1]] if len(quoted) > 1 else quoted)
