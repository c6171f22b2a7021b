"""JSON lines with typed records, decoded chunk by chunk, so that a million take little memory."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, TypeVar

import msgspec

from headway.errors import FormatError
from headway.serving.workload.columns import LARGEST
from headway.serving.workload.trace_file import TraceFile

Record = TypeVar("Record", bound=msgspec.Struct)

Tokens = Annotated[int, msgspec.Meta(ge=0, le=LARGEST)]
Position = Annotated[int, msgspec.Meta(ge=0, le=LARGEST)]
BlockId = Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]
Time = Annotated[float, msgspec.Meta(ge=0, le=1e15)]
"""Kinds of fields. The bound on times keeps out infinity, which some writers produce."""


def records(file: TraceFile, kind: type[Record]) -> Iterator[tuple[int, list[Record]]]:
    """Yield the records of a file, many at a time, with the line number of the first.

    Raises
    ------
    FormatError
        If a line is no such record; names file, line and field.
    """
    decoder = msgspec.json.Decoder(kind)
    for first, chunk in file.chunks():
        try:
            found = decoder.decode_lines(chunk)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            found = _one_by_one(file, decoder, first, chunk)
        yield first, found


def _one_by_one(
    file: TraceFile, decoder: msgspec.json.Decoder[Record], first: int, chunk: bytes
) -> list[Record]:
    found = []
    for number, line in enumerate(chunk.split(b"\n"), start=first):
        if not line.strip():
            continue
        try:
            found.append(decoder.decode(line))
        except msgspec.ValidationError as error:
            raise file.error(told(error), number) from None
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise file.error(f"not JSON: {error}", number) from None
    return found


def told(error: msgspec.ValidationError) -> str:
    """Return what a record lacks, the field first, as in "input_length: Expected `int`"."""
    message, _, where = str(error).partition(" - at `$")
    where = where.rstrip("`").removeprefix(".")
    return f"{where}: {message}" if where else message


def refused(file: TraceFile, message: str, first: int, position: int) -> FormatError:
    """Return an error about the record at `position` of a chunk whose first line is `first`."""
    return file.error(message, _line_of(file, first, position))


def _line_of(file: TraceFile, first: int, position: int) -> int:
    """Return where a record stands, blank lines counted."""
    for start, chunk in file.chunks():
        if start != first:
            continue
        for number, line in enumerate(chunk.split(b"\n"), start=start):
            if line.strip():
                if position == 0:
                    return number
                position -= 1
    return first


def keys(file: TraceFile) -> frozenset[str]:
    """Return the keys of the first record, by which formats are told apart; perhaps none."""
    line = file.head.lstrip().partition(b"\n")[0]
    try:
        return frozenset(msgspec.json.decode(line, type=dict[str, msgspec.Raw]))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return frozenset()
