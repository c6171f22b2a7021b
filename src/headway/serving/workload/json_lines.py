"""JSON lines with typed records, decoded chunk by chunk, so that a million take little memory."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any, Generic, TypeVar

import msgspec

from headway.errors import FormatError
from headway.serving.workload.columns import LARGEST
from headway.serving.workload.trace_file import TraceFile

Record = TypeVar("Record", bound=msgspec.Struct)

Tokens = Annotated[int, msgspec.Meta(ge=0, le=LARGEST)]
Position = Annotated[int, msgspec.Meta(ge=0, le=LARGEST)]
Count = Annotated[int, msgspec.Meta(ge=1, le=LARGEST)]
Priority = Annotated[int, msgspec.Meta(ge=-LARGEST, le=LARGEST)]
BlockId = Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]
Time = Annotated[float, msgspec.Meta(ge=0, le=1e15)]
"""Kinds of fields. The bound on times keeps out infinity, which some writers produce."""


@dataclass(frozen=True, slots=True)
class Rows(Generic[Record]):
    """Some records of a file, one after the other.

    Attributes
    ----------
    records
        The records.
    """

    file: TraceFile
    first_line: int
    text: bytes
    records: list[Record]

    def error(self, message: str, position: int) -> FormatError:
        """Return a `FormatError` about the record at `position`, naming file and line."""
        for number, line in enumerate(self.text.split(b"\n"), start=self.first_line):
            position -= bool(line.strip())
            if position < 0:
                return self.file.error(message, number)
        return self.file.error(message)


def records(
    file: TraceFile, kind: type[Record], *, with_header: bool = False
) -> Iterator[Rows[Record]]:
    """Yield the records of a file, many at a time.

    Parameters
    ----------
    file
        One JSON object a line; blank lines are passed over.
    kind
        The record.
    with_header
        Whether the first line is something else, and is passed over too.

    Raises
    ------
    FormatError
        If a line is no such record; names file, line and field.
    """
    decoder = msgspec.json.Decoder(kind)
    for number, whole in file.chunks():
        first, chunk = number, whole
        if with_header and number == 1:
            blank = len(chunk) - len(chunk.lstrip())
            end = chunk.find(b"\n", blank)
            cut = len(chunk) if end < 0 else end + 1
            first, chunk = number + chunk.count(b"\n", 0, cut), chunk[cut:]
        try:
            found = decoder.decode_lines(chunk)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            found = _one_by_one(file, decoder, first, chunk)
        yield Rows(file, first, chunk, found)


def _one_by_one(
    file: TraceFile, decoder: msgspec.json.Decoder[Record], first: int, chunk: bytes
) -> list[Record]:
    found = []
    for number, line in enumerate(chunk.split(b"\n"), start=first):
        if line.strip():
            found.append(decoded(file, decoder, line, number))
    return found


def decoded(
    file: TraceFile, decoder: msgspec.json.Decoder[Any], data: bytes, line: int | None = None
) -> Any:
    """Return what a text in JSON says.

    Raises
    ------
    FormatError
        If it is something else; names file, line and field.
    """
    try:
        return decoder.decode(data)
    except msgspec.ValidationError as error:
        raise file.error(_told(error), line) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise file.error(f"not JSON: {error}", line) from None


def _told(error: msgspec.ValidationError) -> str:
    """Return what a record lacks, the field first, as in "input_length: Expected `int`"."""
    message, _, where = str(error).partition(" - at `$")
    where = where.rstrip("`").removeprefix(".")
    return f"{where}: {message}" if where else message


def keys(file: TraceFile) -> frozenset[str]:
    """Return the keys of the first record, by which formats are told apart; perhaps none."""
    line = file.head.lstrip().partition(b"\n")[0]
    try:
        return frozenset(msgspec.json.decode(line, type=dict[str, msgspec.Raw]))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return frozenset()
