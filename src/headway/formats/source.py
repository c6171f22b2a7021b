"""What a reader is given: a file's content, and a cursor that takes numbers from it.

Readers never index into raw text. They take rows or numbers from a `Source`, saying what they
expect, so that every refusal names the file, the line, what was found and what was wanted.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TypeVar

from headway.errors import FormatError
from headway.model.tables import LARGEST_TIME

T = TypeVar("T")

MOST_RESOURCES = 100_000
"""A header may not promise more machines or resources than this, so that a typing error in it
cannot exhaust the memory."""

_MOST_DIGITS = 18
_WHOLE = re.compile(r"[+-]?[0-9]{1,18}(?:\.0*)?")
_BINARY = re.compile(r"[\x00-\x08\x0e-\x1a\x1c-\x1f]")


@dataclass(frozen=True, slots=True)
class Line:
    """A line that is neither blank nor a comment.

    Attributes
    ----------
    number
        Position in the file, from 1.
    text
        The line without its comment and surrounding blanks.
    words
        The text split at blanks.
    """

    number: int
    text: str
    words: tuple[str, ...]


class Source:
    """The content of a file (or of a folder of CSV files) on its way through a reader.

    Parameters
    ----------
    data
        The bytes; empty for a folder.
    name
        What the problem will be called, usually the stem of the file.
    path
        Where the bytes come from, for messages; None for text in memory.
    """

    def __init__(self, data: bytes, *, name: str, path: Path | None = None) -> None:
        self.data = data
        self.name = name
        self.path = path

    def error(self, message: str, line: int | Line | None = None) -> FormatError:
        """Return a `FormatError` that names this file and the line."""
        number = line.number if isinstance(line, Line) else line
        return FormatError(message, path=self.path, line=number)

    def part(self, name: str, lines: Sequence[Line]) -> Source:
        """Return some lines of this source as a source of their own, under another name."""
        part = Source(b"", name=name, path=self.path)
        part.__dict__["lines"] = tuple(lines)
        return part

    @cached_property
    def is_folder(self) -> bool:
        """Whether the source is a folder."""
        return self.path is not None and self.path.is_dir()

    @cached_property
    def text(self) -> str:
        """The content as text.

        UTF-8, UTF-16 with a byte order mark, or (the usual export of a spreadsheet) Windows-1252.

        Raises
        ------
        FormatError
            If the bytes are not text.
        """
        if self.data.startswith((b"\xff\xfe", b"\xfe\xff")):
            encodings: tuple[str, ...] = ("utf-16",)
        else:
            encodings = ("utf-8-sig", "cp1252")
        for encoding in encodings:
            try:
                text = self.data.decode(encoding)
            except UnicodeDecodeError:
                continue
            found = _BINARY.search(text)
            if found is None:
                return text
            line = text.count("\n", 0, found.start()) + 1
            raise self.error(f"expected text, found the control character {found[0]!r}", line)
        raise self.error("expected text in UTF-8, UTF-16 or Windows-1252")

    @cached_property
    def lines(self) -> tuple[Line, ...]:
        """The lines that hold something; ``#`` starts a comment."""
        kept = []
        # Only real line ends count: str.splitlines would also split at form feeds and the like,
        # and the numbers would no longer be those that an editor shows.
        for number, raw in enumerate(re.split(r"\r\n|\n|\r", self.text), start=1):
            text = raw.split("#", 1)[0].strip()
            if text:
                kept.append(Line(number, text, tuple(text.split())))
        return tuple(kept)

    @cached_property
    def last_line(self) -> int:
        """Number of the last line that holds something; 1 for an empty file."""
        return self.lines[-1].number if self.lines else 1

    def whole(
        self, word: str, line: Line, what: str, low: int = 0, high: int = LARGEST_TIME
    ) -> int:
        """Return `word` as a whole number between `low` and `high`.

        Decimals are accepted where they say nothing, as in ``5.00``.
        """
        plain = len(word) < _MOST_DIGITS and word.isascii() and word.isdigit()
        if plain or _WHOLE.fullmatch(word):
            value = int(word if plain else word.split(".", 1)[0])
            if low <= value <= high:
                return value
        raise self.error(
            f"{what}: expected a whole number {_between(low, high)}, {got(word)}", line
        )

    def row(
        self, line: Line, what: str, count: int, low: int = 0, high: int = LARGEST_TIME
    ) -> list[int]:
        """Return a line of exactly `count` numbers."""
        if len(line.words) != count:
            raise self.error(
                f"{what}: expected {plural(count, 'number')}, got {len(line.words)}", line
            )
        return [self.whole(word, line, what, low, high) for word in line.words]

    def matrix(
        self,
        lines: Sequence[Line],
        what: str,
        rows: int,
        columns: int,
        low: int = 0,
        high: int = LARGEST_TIME,
    ) -> list[list[int]]:
        """Return the first `rows` of `lines` as a matrix."""
        if len(lines) < rows:
            raise self.error(
                f"{what}: expected {plural(rows, 'row')} of {plural(columns, 'number')},"
                f" the file ends after {len(lines)}",
                lines[-1] if lines else self.last_line,
            )
        return [self.row(line, what, columns, low, high) for line in lines[:rows]]

    def header(self, what: str) -> tuple[list[int], Sequence[Line], Line]:
        """Return the leading sizes ("n m", on one line or two), the rest, and the header line.

        Numbers after the first two (seeds, bounds, an average) are left out. Sizes are positive.
        """
        lines = self.lines
        if not lines:
            raise self.error(f"the file is empty; expected {what}", 1)
        first, rest = lines[0], lines[1:]
        words = first.words
        if len(words) == 1 and rest and len(rest[0].words) == 1:
            words, rest = words + rest[0].words, rest[1:]
        return self.sizes(words, first, what), rest, first

    def sizes(self, words: Sequence[str], line: Line, what: str) -> list[int]:
        """Return the first two words as a number of jobs and a number of machines."""
        if len(words) < 2:
            raise self.error(f"expected {what}, {got(line.text)}", line)
        return [
            self.whole(words[0], line, what, 1),
            self.whole(words[1], line, what, 1, MOST_RESOURCES),
        ]

    def require_rows(self, rest: Sequence[Line], needed: int, announced: str, line: Line) -> None:
        """Check that as many rows are left as the sizes in `line` announce."""
        if len(rest) < needed:
            raise self.error(
                f"{announced} announced, which take {plural(needed, 'row')}; found {len(rest)}",
                line,
            )

    def end(self, rest: Sequence[Line], what: str) -> None:
        """Refuse anything after the last expected line."""
        if rest:
            raise self.error(
                f"expected the end of the file after {what}, {got(rest[0].text)}", rest[0]
            )


class Numbers:
    """Whole numbers taken one after the other, wherever the lines are broken.

    Parameters
    ----------
    source
        For messages.
    lines
        The lines to take from.
    """

    def __init__(self, source: Source, lines: Sequence[Line]) -> None:
        self._source = source
        self._words = [word for line in lines for word in line.words]
        self._lines = [line for line in lines for _ in line.words]
        self._next = 0

    @property
    def left(self) -> int:
        """How many words are still to be taken."""
        return len(self._words) - self._next

    @property
    def line(self) -> Line | None:
        """Where the next word stands, or the last one if none is left."""
        if not self._lines:
            return None
        return self._lines[min(self._next, len(self._lines) - 1)]

    def take(self, what: str, low: int = 0, high: int = LARGEST_TIME) -> int:
        """Return the next number."""
        if self._next == len(self._words):
            raise self._source.error(
                f"expected {what}, but the file ends here",
                self.line if self._lines else self._source.last_line,
            )
        word, line = self._words[self._next], self._lines[self._next]
        self._next += 1
        return self._source.whole(word, line, what, low, high)

    def take_many(self, what: str, count: int, low: int = 0, high: int = LARGEST_TIME) -> list[int]:
        """Return the next `count` numbers."""
        if count > self.left:
            raise self._source.error(
                f"expected {plural(count, 'number')} ({what}), found only {self.left}",
                self.line if self._lines else self._source.last_line,
            )
        return [self.take(what, low, high) for _ in range(count)]

    def end(self, what: str) -> None:
        """Refuse anything that is left over."""
        if self.left:
            found = self._words[self._next]
            raise self._source.error(
                f"expected the end of the file after {what}, {got(found)}", self.line
            )


def attempt(read: Callable[[Source], T], source: Source) -> T | None:
    """Return what `read` makes of the source, or None if it refuses."""
    try:
        return read(source)
    except FormatError:
        return None


def got(text: str) -> str:
    """Return "got ..." with a long text cut short."""
    return f"got {text!r}" if len(text) <= 40 else f"got {text[:37]!r}..."


def plural(count: int, noun: str) -> str:
    """Return the count with its noun, as in "1 row" and "2 rows"."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def _between(low: int, high: int) -> str:
    if high >= LARGEST_TIME:
        return f"of at least {low}" if low > -LARGEST_TIME else "of at most 2^44 in size"
    return f"from {low} to {high}"
