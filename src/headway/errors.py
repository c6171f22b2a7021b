"""Everything Headway raises on purpose.

::

    HeadwayError
    ├── ProblemError          a problem that contradicts itself or names what is not there
    ├── FormatError           a file that is not what it claims to be (also a ValueError)
    ├── ConfigError           a setting that does not exist or cannot have that value
    ├── UnknownNameError      an instance, method, rule or format nobody has heard of
    ├── EventError            an event that does not fit the plan it meets
    ├── UnsupportedError      a method asked for something it does not do
    ├── InfeasibleError       no schedule exists; names the constraints that clash
    ├── EndpointError         a service on the network that fails or answers nonsense
    ├── MissingExtraError     an optional dependency that is not installed
    └── VerificationError     a solver of ours returned an invalid schedule: our mistake
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from os import PathLike


class HeadwayError(Exception):
    """Base class of every error that Headway raises on purpose."""


class ProblemError(HeadwayError, ValueError):
    """A problem refers to something that is not there, or cannot hold a valid schedule.

    Parameters
    ----------
    message
        Names the object (task, job, resource), the value and what was expected.
    """


class FormatError(HeadwayError, ValueError):
    """A file does not hold what its format promises.

    Parameters
    ----------
    message
        What was found and what was expected.
    path
        The file, if the text came from one.
    line
        Line number counted from 1, or None where the format has no lines.
    """

    def __init__(
        self, message: str, *, path: str | PathLike[str] | None = None, line: int | None = None
    ) -> None:
        self.message = message
        self.path = None if path is None else str(path)
        self.line = line
        super().__init__(message)

    def __str__(self) -> str:
        place = self.path or ""
        if self.line is not None:
            place = f"{place}:{self.line}" if place else f"line {self.line}"
        return f"{place}: {self.message}" if place else self.message

    def located(self, path: str | PathLike[str]) -> FormatError:
        """Return the same error naming `path`, unless it already names a file."""
        return FormatError(self.message, path=self.path or str(path), line=self.line)


class ConfigError(HeadwayError, ValueError):
    """A setting is unknown or has a value it cannot have; the message names its path."""


class UnknownNameError(HeadwayError, LookupError):
    """A name that is not registered.

    Parameters
    ----------
    what
        The kind of thing looked for, as in "instance" or "method".
    name
        The name that was asked for.
    known
        The names there are; the nearest ones are suggested.
    """

    def __init__(self, what: str, name: str, known: Iterable[str]) -> None:
        self.what = what
        self.name = name
        self.known = sorted(known)
        super().__init__(what, name, self.known)

    def __str__(self) -> str:
        near = difflib.get_close_matches(self.name, self.known, n=3, cutoff=0.6)
        if near:
            hint = f"did you mean {' or '.join(near)}?"
        elif len(self.known) <= 40:
            hint = f"known: {', '.join(self.known)}"
        else:
            hint = f"{len(self.known)} names are known, such as {', '.join(self.known[:5])}"
        return f"unknown {self.what} {self.name!r}; {hint}"


class EventError(HeadwayError, ValueError):
    """An event does not fit the plan that it meets; the message names both and why."""


class UnsupportedError(HeadwayError):
    """A method was asked for something it does not do; the message names what and who does."""


class InfeasibleError(HeadwayError):
    """No schedule satisfies the problem.

    Parameters
    ----------
    message
        One line for people.
    conflict
        Descriptions of a small set of constraints that cannot hold together.
    """

    def __init__(self, message: str, conflict: Sequence[str] = ()) -> None:
        self.conflict = tuple(conflict)
        super().__init__(message)

    def __str__(self) -> str:
        text = str(self.args[0])
        return f"{text}: {'; '.join(self.conflict)}" if self.conflict else text


class EndpointError(HeadwayError):
    """A service on the network failed, was too slow, or answered something that makes no sense."""


class MissingExtraError(HeadwayError, ImportError):
    """An optional dependency is not installed; the message says how to install it."""


class VerificationError(HeadwayError):
    """A schedule made by Headway does not hold; this is a defect of Headway, never of the input."""
