"""What happens to a plan: typed records, the same in simulation and in a live shop.

::

    DurationChange      a task takes longer or shorter than planned
    MachineChange       a task is done elsewhere, or may be
    MachineDown         a machine or crew does not work for a while
    MachineUp           it works again, earlier than thought
    JobArrival          new work
    JobCancel           work that nobody wants any more
    DueDateChange       a customer wants it sooner or later

An event says when it becomes known (``time``) and names jobs, machines and tasks as people do; a
task is called by its label, ``job/task``, or by its position in the problem that the plan is for.
Whether the names are there, and whether the event makes sense, is only looked at when it meets a
plan.

>>> text = events_to_json([MachineDown(time=30, machine="saw", start=30, end=45)])
>>> text
'[{"kind":"machine-down","time":30,"machine":"saw","from":30,"to":45}]'
>>> events_from_json(text)
(MachineDown(time=30, machine='saw', start=30, end=45, running='resume'),)
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Annotated, Any, Literal

import msgspec

from headway.errors import FormatError, UnknownNameError
from headway.model.document.nodes import Number, Position, Time
from headway.model.document.wording import explain

Weight = Annotated[int, msgspec.Meta(ge=0, le=2**31 - 1)]
Name = Annotated[str, msgspec.Meta(min_length=1, max_length=1000)]
TaskName = Name | Position
"""The label of a task, as in "job 3/drill", or its position in the problem of the plan."""

Running = Literal["resume", "restart", "move"]
"""What becomes of the task in progress on a machine that fails."""


def _kebab(name: str) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "-", name).lower()


class Record(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Base of all parts of events: immutable, defaults left out, unknown keys refused."""


class WorkMode(Record, frozen=True):
    """A way to do a task.

    Parameters
    ----------
    duration
        Ticks of work.
    demands
        Units by resource; 1 on machines.
    cost
        Price of choosing it.
    """

    duration: Time
    demands: dict[str, Number] = {}
    cost: Time = 0


class Work(Record, frozen=True):
    """A task of a new job.

    Parameters
    ----------
    modes
        The ways to do it, at least one.
    name
        Label; its position in the job if nothing is said.
    after
        Positions, in the new job, of the tasks that it waits for; None for the one before it.
    interruptible
        Whether it pauses during breaks.
    family
        Setup family, a position in the setup matrices.
    """

    modes: Annotated[tuple[WorkMode, ...], msgspec.Meta(min_length=1)]
    name: Name | None = None
    after: tuple[Position, ...] | None = None
    interruptible: bool = False
    family: Position | None = None


class EventRecord(Record, frozen=True, kw_only=True, tag_field="kind", tag=_kebab):
    """Base of all events.

    Parameters
    ----------
    time
        Tick at which it becomes known.
    """

    time: Time


class DurationChange(EventRecord, frozen=True, kw_only=True):
    """A task takes longer or shorter than planned.

    Parameters
    ----------
    task
        Not yet finished.
    duration
        Ticks of work from its start to its end, including what is already done.
    machine
        Only for modes that use this resource; None for all modes. Of a task in progress, only the
        mode it is in counts.
    """

    task: TaskName
    duration: Time
    machine: Name | None = None


class MachineChange(EventRecord, frozen=True, kw_only=True):
    """A task that has not started gets other modes.

    Parameters
    ----------
    task
        Not yet started.
    modes
        All modes it has from now on.
    """

    task: TaskName
    modes: Annotated[tuple[WorkMode, ...], msgspec.Meta(min_length=1)]


class MachineDown(EventRecord, frozen=True, kw_only=True):
    """A machine or renewable resource does no work for a while.

    Parameters
    ----------
    machine
        Its name.
    start, end
        The interval ``[start, end)``, called ``from`` and ``to`` in documents.
    running
        What becomes of a task that is in progress when the break begins: it goes on after it
        (``resume``); it begins anew, in the same mode (``restart``); it begins anew, in any of its
        modes (``move``).
    """

    machine: Name
    start: Time = msgspec.field(name="from")
    end: Time = msgspec.field(name="to")
    running: Running = "resume"


class MachineUp(EventRecord, frozen=True, kw_only=True):
    """A machine or renewable resource that is in a break works again at once.

    Parameters
    ----------
    machine
        Its name.
    """

    machine: Name


class JobArrival(EventRecord, frozen=True, kw_only=True):
    """A new job.

    Parameters
    ----------
    job
        Its name, unique.
    tasks
        What is to be done, one after another unless they say otherwise.
    release
        Earliest start; None for at once.
    due, deadline
        None for none.
    weight
        Importance in weighted objectives.
    """

    job: Name
    tasks: Annotated[tuple[Work, ...], msgspec.Meta(min_length=1)]
    release: Time | None = None
    due: Number | None = None
    deadline: Time | None = None
    weight: Weight = 1


class JobCancel(EventRecord, frozen=True, kw_only=True):
    """A job is no longer wanted: what has not started is dropped, what is in progress ends now.

    Parameters
    ----------
    job
        Its name.
    """

    job: Name


class DueDateChange(EventRecord, frozen=True, kw_only=True):
    """A job gets another due date.

    Parameters
    ----------
    job
        Its name.
    due
        The new date in ticks; None for none.
    """

    job: Name
    due: Number | None


Event = (
    DurationChange
    | MachineChange
    | MachineDown
    | MachineUp
    | JobArrival
    | JobCancel
    | DueDateChange
)
"""Any event."""

KINDS: tuple[type[EventRecord], ...] = (
    DurationChange,
    MachineChange,
    MachineDown,
    MachineUp,
    JobArrival,
    JobCancel,
    DueDateChange,
)
"""All kinds of events."""

_BY_TAG: dict[str, Any] = {_kebab(kind.__name__): kind for kind in KINDS}


def events_to_json(events: Iterable[Event]) -> str:
    """Return events as a JSON list."""
    return msgspec.json.encode(list(events)).decode()


def events_from_json(text: str | bytes) -> tuple[Event, ...]:
    """Return the events of a JSON list, or the one event of a JSON object.

    Raises
    ------
    FormatError
        If the text is not JSON (with the line), or not a list of events (with the path of the key).
    """
    data = text.encode(errors="replace") if isinstance(text, str) else text
    try:
        document = msgspec.json.decode(data.removeprefix(b"\xef\xbb\xbf"))
    except msgspec.DecodeError as error:
        place = re.search(r"byte (\d+)", str(error))
        line = data.count(b"\n", 0, int(place[1]) if place else len(data)) + 1
        raise FormatError(f"not valid JSON: {error}", line=line) from None
    except (RecursionError, UnicodeDecodeError) as error:
        raise FormatError(f"not valid JSON: {error}") from None
    return events_from_builtins(document)


def events_from_builtins(document: object) -> tuple[Event, ...]:
    """Return the events in lists and dictionaries, as a YAML reader gives them.

    Raises
    ------
    FormatError
        If they are not a list of events; names the event, counted from 1, and the path of the key.
    """
    rows = [document] if isinstance(document, dict) else document
    if not isinstance(rows, list | tuple):
        raise FormatError(f"expected a list of events, got {type(rows).__name__}")
    return tuple(_event(row, f"event {number}") for number, row in enumerate(rows, start=1))


def _event(row: object, place: str) -> Event:
    if not isinstance(row, dict) or "kind" not in row:
        raise FormatError(f"{place}: expected an object with the key 'kind', got {_short(row)}")
    kind = _BY_TAG.get(row["kind"]) if isinstance(row["kind"], str) else None
    if kind is None:
        raise FormatError(f"{place}: {UnknownNameError('kind', str(row['kind'])[:80], _BY_TAG)}")
    try:
        event: Event = msgspec.convert(row, kind)
    except msgspec.ValidationError as error:
        raise FormatError(f"{place}: {explain(error, kind)}") from None
    except RecursionError:
        raise FormatError(f"{place}: nested too deeply") from None
    return event


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:77]}..."
