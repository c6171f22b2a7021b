"""A trace on its way through a reader: its lines, unpacked and cut into chunks as they are read."""

from __future__ import annotations

import gzip
import io
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from os import PathLike
from pathlib import Path
from typing import BinaryIO

from headway.errors import FormatError

_CHUNK = 2**22
_MARK = b"\xef\xbb\xbf"
_LONGEST_LINE = 2**26
_SUFFIXES = (".gz", ".jsonl", ".json", ".csv")


class TraceFile:
    """A file of lines, which may be compressed by gzip; never in memory as a whole.

    Parameters
    ----------
    path
        The file.
    """

    def __init__(self, path: str | PathLike[str]) -> None:
        self.path = Path(path)

    @property
    def name(self) -> str:
        """What the workload will be called: the file's name without the usual suffixes."""
        name = self.path.name
        for suffix in _SUFFIXES:
            name = name.removesuffix(suffix)
        return name or "trace"

    def error(self, message: str, line: int | None = None) -> FormatError:
        """Return a `FormatError` that names this file and the line."""
        return FormatError(message, path=self.path, line=line)

    @contextmanager
    def opened(self) -> Iterator[BinaryIO]:
        """Yield the content as a stream of bytes.

        Raises
        ------
        FormatError
            If the file cannot be read or unpacked.
        """
        try:
            with self.path.open("rb") as raw:
                packed = raw.read(2) == b"\x1f\x8b"
                raw.seek(0)
                yield gzip.GzipFile(fileobj=raw) if packed else raw  # type: ignore[misc]
        except (gzip.BadGzipFile, EOFError, zlib.error) as error:
            raise self.error(f"cannot be unpacked: {error}") from None
        except OSError as error:
            raise self.error(f"cannot read: {error.strerror or error}") from None

    def chunks(self) -> Iterator[tuple[int, bytes]]:
        """Yield whole lines together, with the number of the first of them.

        Raises
        ------
        FormatError
            If the file cannot be read or unpacked, or a line is longer than 64 MiB.
        """
        line, rest = 1, b""
        with self.opened() as stream:
            while True:
                block = stream.read(_CHUNK)
                if line == 1 and not rest:
                    block = block.removeprefix(_MARK)
                if not block:
                    break
                whole, end, tail = (rest + block).rpartition(b"\n")
                rest = tail
                if len(rest) > _LONGEST_LINE:
                    raise self.error("a line of more than 64 MiB", line + whole.count(b"\n") + 1)
                if end:
                    yield line, whole + end
                    line += whole.count(b"\n") + 1
        if rest:
            yield line, rest

    @contextmanager
    def text(self) -> Iterator[io.TextIOWrapper]:
        """Yield the content as a stream of text in UTF-8, for `csv`.

        Raises
        ------
        FormatError
            If the file cannot be read or unpacked, or is not UTF-8.
        """
        try:
            with self.opened() as stream:
                yield io.TextIOWrapper(stream, "utf-8-sig", newline="")
        except UnicodeDecodeError as error:
            raise self.error(f"expected text in UTF-8: {error.reason}") from None

    def content(self) -> bytes:
        """Return the whole file, at most 1 GiB, for formats that have no lines.

        Raises
        ------
        FormatError
            If the file cannot be read or unpacked, or is larger.
        """
        with self.opened() as stream:
            data = stream.read(2**30 + 1)
        if len(data) > 2**30:
            raise self.error("larger than 1 GiB")
        return data.removeprefix(_MARK)

    @cached_property
    def head(self) -> bytes:
        """The beginning, by which formats are told apart: at most a mebibyte."""
        with self.opened() as stream:
            return stream.read(2**20).removeprefix(_MARK)
