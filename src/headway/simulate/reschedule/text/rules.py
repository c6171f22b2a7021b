"""Sentences of a few patterns, read by rules."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from typing import get_args

from headway.errors import EventError, FormatError
from headway.model import Problem
from headway.model.tables import LARGEST_TIME
from headway.simulate.events import (
    DueDateChange,
    DurationChange,
    Event,
    JobArrival,
    JobCancel,
    MachineChange,
    MachineDown,
    MachineUp,
    Running,
    Work,
    WorkMode,
)

PATTERNS = (
    "MACHINE is down from 30 to 45 [, restart | , move]",
    "MACHINE is down for 15 [, restart | , move]",
    "MACHINE works again",
    "TASK takes 12 [on MACHINE]",
    "TASK is done on MACHINE [in 9]",
    "job JOB is cancelled",
    "job JOB is due at 90",
    "job JOB has no due date",
    "new job JOB: 5 on MACHINE, 7 on MACHINE [; due 90] [; release 20] [; weight 3]",
)
"""What the rules understand; names as they are or in quotes, ``at 20:`` before says when."""

MOST_CHARACTERS = 20_000
"""Longer texts are refused."""

_LONGEST = 2000

_NAME = r"(?:'(?P<{0}1>[^'\n]{{1,200}})'|\"(?P<{0}2>[^\"\n]{{1,200}})\"|(?P<{0}3>\S.{{0,199}}?))"
_TIME = r"(?P<{0}>\d{{4}}-\d\d-\d\d(?:[ T]\d\d:\d\d(?::\d\d)?)?|\d{{1,14}})"


def _pattern(text: str, **parts: str) -> re.Pattern[str]:
    """Return a sentence as an expression; ``~machine`` is a name, ``{from}`` a time."""
    text = re.sub(r"~(\w+)", lambda m: _NAME.format(m[1]), text)
    text = re.sub(r"\{(\w+)\}", lambda m: _TIME.format(m[1]), text)
    for key, value in parts.items():
        text = text.replace(f"@{key}", value)
    return re.compile(rf"\s*{text}\s*\.?\s*", re.IGNORECASE)


_RUNNING = r"(?:\s*,\s*(?:work\s+)?(?P<running>resumes?|restarts?|moves?))?"
_THE = r"(?:the\s+)?(?:machine\s+(?=['\"]))?"
_AT = _pattern(r"at\s+{time}\s*[:,]\s*(?P<rest>.*)")
_ITEM = _pattern(r"{work}\s+on\s+~machine")
_STEP = re.compile(r",|\bthen\b", re.IGNORECASE)
_WEIGHT = re.compile(r"\s*weight\s+(\d{1,9})\s*", re.IGNORECASE)
_DATED = _pattern(r"(?P<what>due|release|deadline)\s+(?:at\s+)?{when}")

_Reader = Callable[["_Sentence", re.Match[str]], Event]


def parse_events(text: str, problem: Problem, now: int) -> tuple[Event, ...]:
    """Return the events that some sentences speak of.

    Parameters
    ----------
    text
        Sentences of the forms in `PATTERNS`, one a line or separated by full stops and blanks.
    problem
        Whose names are meant; its `origin` says what dates are.
    now
        The tick at which events become known, unless a sentence begins with a time.

    Raises
    ------
    FormatError
        If a sentence is not understood; shows it, and what would be.
    EventError
        If a time cannot be told.

    Examples
    --------
    >>> import headway as hw
    >>> parse_events("machine 0 is down for 15, restart", hw.job_shop([[0]], [[3]]), 30)
    (MachineDown(time=30, machine='machine 0', start=30, end=45, running='restart'),)
    """
    if len(text) > MOST_CHARACTERS:
        raise FormatError(f"expected at most {MOST_CHARACTERS} characters, got {len(text)}")
    return tuple(
        _Sentence(problem, now).event(part, number)
        for number, line in enumerate(text.splitlines(), start=1)
        for part in re.split(r"\.\s+", line)
        if part.strip(" \t.")
    )


class _Sentence:
    """A reader of one sentence."""

    def __init__(self, problem: Problem, now: int) -> None:
        self.problem, self.now = problem, now
        self.labels = [problem.task_label(k) for k in range(problem.n_tasks)]

    def event(self, text: str, line: int) -> Event:
        """Return the event of a sentence."""
        if len(text) > _LONGEST:
            raise FormatError(f"expected sentences of up to {_LONGEST} characters", line=line)
        text = " ".join(text.split())
        prefix = _AT.fullmatch(text)
        if prefix is not None:
            self.now = self.time(prefix["time"])
            text = prefix["rest"]
        for pattern, read in _READERS:
            found = pattern.fullmatch(text)
            if found is not None:
                return read(self, found)
        shown = text.strip()
        shown = shown if len(shown) <= 100 else f"{shown[:97]}..."
        raise FormatError(
            f"{shown!r} is not understood; say for example {'; '.join(PATTERNS)}", line=line
        )

    def named(self, found: re.Match[str], key: str) -> str:
        """Return the name of something, whether or not the word for it belongs to the name."""
        quoted = found[f"{key}1"] or found[f"{key}2"]
        if quoted is not None:
            return quoted
        name: str = found[f"{key}3"].strip()
        known = {
            "machine": self.problem.resources.name,
            "job": self.problem.jobs.name,
            "task": self.labels,
        }[key]
        for candidate in (name, f"{key} {name}", name.removeprefix(f"{key} ")):
            if candidate in known:
                return candidate
        return name

    def time(self, text: str) -> int:
        """Return the tick of a number or date."""
        if text.isdigit():
            tick = int(text)
        else:
            origin = self.problem.origin
            if origin is None:
                raise EventError(f"{text!r} is a date, but the problem does not say when it begins")
            try:
                date = datetime.fromisoformat(text.replace(" ", "T"))
            except ValueError as error:
                raise EventError(f"{text!r} is no date: {error}") from None
            passed = (date.replace(tzinfo=origin.tzinfo) - origin).total_seconds()
            tick = round(passed / self.problem.tick_s)
        if not 0 <= tick <= LARGEST_TIME:
            raise EventError(f"{text!r} is outside the time of the plan")
        return tick

    def down(self, found: re.Match[str]) -> Event:
        """Return that a machine is down, in an interval or for a while."""
        groups = found.groupdict()
        start = self.time(groups["from"]) if groups.get("from") else self.now
        end = self.time(groups["to"]) if groups.get("to") else start + int(groups["work"])
        said = (groups["running"] or "resume").lower()
        way = next(known for known in get_args(Running) if said.startswith(known))
        return MachineDown(
            time=self.now,
            machine=self.named(found, "machine"),
            start=start,
            end=end,
            running=way,
        )

    def up(self, found: re.Match[str]) -> Event:
        """Return that a machine works again."""
        return MachineUp(time=self.now, machine=self.named(found, "machine"))

    def longer(self, found: re.Match[str]) -> Event:
        """Return that a task takes another time."""
        has = any(found[f"machine{k}"] for k in (1, 2, 3))
        return DurationChange(
            time=self.now,
            task=self.named(found, "task"),
            duration=self.work(found["work"]),
            machine=self.named(found, "machine") if has else None,
        )

    def elsewhere(self, found: re.Match[str]) -> Event:
        """Return that a task is done on another machine."""
        task = self.named(found, "task")
        work = self.work(found["work"]) if found["work"] else self._planned(task)
        mode = WorkMode(work, {self.named(found, "machine"): 1})
        return MachineChange(time=self.now, task=task, modes=(mode,))

    def _planned(self, task: str) -> int:
        if task not in self.labels:
            return 0  # whoever meets the plan with it will say so
        mode = self.problem.tasks.mode_ptr[self.labels.index(task)]
        return int(self.problem.modes.duration[mode])

    def work(self, text: str) -> int:
        """Return a duration."""
        if not text.isdigit():
            raise EventError(f"expected a duration in ticks, got the date {text!r}")
        return self.time(text)

    def cancelled(self, found: re.Match[str]) -> Event:
        """Return that a job is cancelled."""
        return JobCancel(time=self.now, job=self.named(found, "job"))

    def due(self, found: re.Match[str]) -> Event:
        """Return that a job has another due date, or none."""
        when = found.groupdict().get("when")
        due = None if when is None else self.time(when)
        return DueDateChange(time=self.now, job=self.named(found, "job"), due=due)

    def arrival(self, found: re.Match[str]) -> Event:
        """Return a new job."""
        steps, *details = found["steps"].split(";")
        dates: dict[str, int] = {}
        for detail in details:
            dated, weight = _DATED.fullmatch(detail), _WEIGHT.fullmatch(detail)
            if dated is not None:
                dates[dated["what"].lower()] = self.time(dated["when"])
            elif weight is not None:
                dates["weight"] = int(weight[1])
            else:
                raise FormatError(f"{detail.strip()[:80]!r} is no date or weight of a new job")
        return JobArrival(
            time=self.now,
            job=self.named(found, "job"),
            tasks=tuple(
                self._item(step) for step in re.split(r",|\bthen\b", steps) if step.strip()
            ),
            **dates,
        )

    def _item(self, text: str) -> Work:
        found = _ITEM.fullmatch(text)
        if found is None:
            raise FormatError(f"{text.strip()[:80]!r} is no step of a job, such as '5 on MACHINE'")
        return Work((WorkMode(self.work(found["work"]), {self.named(found, "machine"): 1}),))


_READERS: tuple[tuple[re.Pattern[str], _Reader], ...] = (
    (
        _pattern(r"new\s+job\s+~job\s*:\s*(?P<steps>.{1,10000}?)"),
        _Sentence.arrival,
    ),
    (
        _pattern(
            r"@the~machine\s+(?:is|goes|will\s+be)\s+down\s+from\s+{from}\s+to\s+{to}@running",
            the=_THE,
            running=_RUNNING,
        ),
        _Sentence.down,
    ),
    (
        _pattern(
            r"@the~machine\s+(?:(?:is|goes)\s+down|fails)(?:\s+at\s+{from})?\s+for\s+{work}@running",
            the=_THE,
            running=_RUNNING,
        ),
        _Sentence.down,
    ),
    (_pattern(r"@the~machine\s+(?:works\s+again|is\s+up)", the=_THE), _Sentence.up),
    (
        _pattern(r"(?:task\s+)?~task\s+takes\s+{work}(?:\s+on\s+~machine)?"),
        _Sentence.longer,
    ),
    (
        _pattern(
            r"(?:task\s+)?~task\s+(?:is\s+done\s+on|moves\s+to)\s+~machine(?:\s+in\s+{work})?"
        ),
        _Sentence.elsewhere,
    ),
    (_pattern(r"job\s+~job\s+is\s+cancell?ed"), _Sentence.cancelled),
    (_pattern(r"cancel\s+job\s+~job"), _Sentence.cancelled),
    (_pattern(r"job\s+~job\s+is\s+due\s+(?:at\s+)?{when}"), _Sentence.due),
    (_pattern(r"job\s+~job\s+has\s+no\s+due\s+date"), _Sentence.due),
)
