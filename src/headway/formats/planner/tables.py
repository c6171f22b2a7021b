"""Tables with named columns, from CSV files or from the sheets of a workbook."""

from __future__ import annotations

import csv
import datetime as dt
import difflib
import io
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from headway.errors import FormatError
from headway.files import read_bytes
from headway.formats.planner.columns import COLUMNS, REQUIRED, SHEETS, canonical
from headway.formats.source import Source, got

Value = str | int | float | bool | dt.datetime | dt.date | dt.time | dt.timedelta | None

_MOST_COLUMNS = 64
_MOST_BYTES = 2**28
"""A workbook may not unpack to more than this."""


@dataclass(frozen=True)
class Cell:
    """A value with its place, for messages."""

    table: Table
    row: int
    column: str
    value: Value

    def error(self, expected: str) -> FormatError:
        """Return an error that says what was expected here."""
        found = got(str(self.value)) if self.value is not None else "it is empty"
        return self.complain(f"expected {expected}, {found}")

    def complain(self, message: str) -> FormatError:
        """Return an error about this cell."""
        return self.table.error(f"column {self.column!r}: {message}", self.row)

    @property
    def text(self) -> str:
        """The value as text; empty for an empty cell."""
        if isinstance(self.value, float) and self.value.is_integer():
            return str(int(self.value))
        return "" if self.value is None else str(self.value).strip()


@dataclass(frozen=True)
class Row:
    """A line of a table.

    Attributes
    ----------
    table
        The table.
    number
        Line of the file, or row of the sheet, from 1.
    values
        What stands in each column that the table has.
    """

    table: Table
    number: int
    values: Mapping[str, Value]

    def __getitem__(self, column: str) -> Cell:
        return Cell(self.table, self.number, column, self.values.get(column))


@dataclass(frozen=True)
class Table:
    """A CSV file or a sheet.

    Attributes
    ----------
    name
        One of `COLUMNS`.
    source
        The file, for messages.
    sheet
        What the sheet is called; empty for CSV.
    columns
        The columns it has, by their full names.
    rows
        The lines that hold something.
    """

    name: str
    source: Source
    sheet: str = ""
    columns: tuple[str, ...] = ()
    rows: list[Row] = field(default_factory=list)

    def error(self, message: str, row: int) -> FormatError:
        """Return an error that names the file, the sheet and the row."""
        place = f"sheet {self.sheet!r}, " if self.sheet else ""
        return self.source.error(place + message, row)


Tables = Mapping[str, Table]


def csv_tables(source: Source) -> Tables:
    """Return the tables of a folder of CSV files, or of ``tasks.csv`` and those beside it."""
    if source.is_folder and source.path is not None:
        folder, prefix = source.path, ""
        if "tasks" not in _beside(folder, prefix):
            raise source.error("expected a folder with a file tasks.csv")
    elif source.path is not None and source.path.stem.lower().endswith("tasks"):
        folder, prefix = source.path.parent, source.path.stem[:-5]
    else:
        return {"tasks": _csv_table("tasks", source)}
    files = _beside(folder, prefix)
    if not source.is_folder:
        files["tasks"] = source
    return {name: _csv_table(name, files[name]) for name in SHEETS if name in files}


def _beside(folder: Path, prefix: str) -> dict[str, Source]:
    """Return the CSV files of the tables in a folder."""
    found: dict[str, Source] = {}
    for name in SHEETS:
        path = folder / f"{prefix}{name}.csv"
        if path.is_file():
            found[name] = Source(read_bytes(path), name=path.stem, path=path)
    return found


def has_tasks(source: Source) -> bool:
    """Return whether a folder has a task table, or a text starts with the heads of one."""
    if source.is_folder and source.path is not None:
        return "tasks" in _beside(source.path, "")
    first = next((line for line in source.text.splitlines() if line.strip()), "")
    if len(first) > 10_000:
        return False
    parts = first.replace('"', "").split(_dialect(first).delimiter)
    heads = {canonical("tasks", part) for part in parts}
    return {"task", "duration"} <= heads


def _dialect(head: str) -> type[csv.Dialect]:
    """Return the dialect whose delimiter occurs most often in the line of column heads."""
    best = max(",;\t", key=head.count)
    return type("Planner", (csv.excel,), {"delimiter": best, "strict": True})


def _csv_table(name: str, source: Source) -> Table:
    text = source.text
    head = next((line for line in text.splitlines() if line.strip()), "")
    reader = csv.reader(io.StringIO(text, newline=""), dialect=_dialect(head))

    def numbered() -> Iterator[tuple[int, list[Value]]]:
        start = 1
        try:
            for cells in reader:
                yield start, [cell.strip() or None for cell in cells]
                start = reader.line_num + 1
        except csv.Error as error:
            raise source.error(f"not well-formed CSV: {error}", start) from None

    return _table(name, source, "", numbered())


def schedule_table(source: Source) -> Table:
    """Return the table of a schedule: a CSV file, a sheet "schedule", or a workbook's only sheet.

    Raises
    ------
    FormatError
        If the file holds no such table.
    """
    if not is_workbook(source):
        return _csv_table("schedule", source)
    sheets = _workbook(source)
    titles = [title for title in sheets if title.strip().lower() == "schedule"] or list(sheets)
    if len(titles) != 1:
        raise source.error(f"expected a sheet 'schedule'; there are {', '.join(map(repr, sheets))}")
    return _table("schedule", source, titles[0], iter(sheets[titles[0]]))


def is_workbook(source: Source) -> bool:
    """Return whether a file is, or by its name should be, an Excel workbook."""
    suffix = source.path.suffix.lower() if source.path is not None else ""
    return source.data.startswith(b"PK\x03\x04") or suffix in (".xlsx", ".xlsm")


def workbook_tables(source: Source) -> Tables:
    """Return the tables of a workbook, one per sheet; sheets of other names are left alone."""
    sheets = _workbook(source)
    tables = {}
    titles = {title.strip().lower(): title for title in sheets}
    if "tasks" not in titles and len(titles) == 1:
        titles = {"tasks": next(iter(titles.values()))}
    for key, title in titles.items():
        name = key if key in SHEETS else f"{key}s"
        if name in SHEETS:
            tables[name] = _table(name, source, title, iter(sheets[title]))
        elif near := difflib.get_close_matches(key, SHEETS, n=1, cutoff=0.8):
            raise source.error(f"sheet {title!r}: did you mean {near[0]!r}? Rename it")
    if "tasks" not in tables:
        raise source.error(f"expected a sheet 'tasks'; there are {', '.join(map(repr, sheets))}")
    return tables


def _workbook(source: Source) -> dict[str, list[tuple[int, list[Value]]]]:
    """Return the filled rows of every sheet, numbered from 1."""
    try:
        with zipfile.ZipFile(io.BytesIO(source.data)) as archive:
            size = sum(entry.file_size for entry in archive.infolist())
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError) as error:
        raise source.error(f"expected an Excel workbook (.xlsx): {error}") from None
    if size > _MOST_BYTES:
        raise source.error(f"the workbook unpacks to {size} bytes; expected at most {_MOST_BYTES}")
    try:
        return _sheets(source)
    except FormatError:
        raise
    except Exception as error:
        # A damaged workbook makes openpyxl raise whatever the damaged part leads to.
        raise source.error(f"the workbook is damaged: {type(error).__name__}: {error}") from None


def _sheets(source: Source) -> dict[str, list[tuple[int, list[Value]]]]:
    import openpyxl

    book = openpyxl.load_workbook(io.BytesIO(source.data), read_only=True, data_only=True)
    try:
        return {
            sheet.title: [
                (number, [_plain(cell) for cell in cells])
                for number, cells in enumerate(sheet.iter_rows(max_col=_MOST_COLUMNS), start=1)
                if any(cell.value is not None for cell in cells)
            ]
            for sheet in book.worksheets
        }
    finally:
        book.close()


def _plain(cell: object) -> Value:
    """Return the value of a cell; a date that is shown without a time becomes a plain date."""
    value: Value = getattr(cell, "value", None)
    if isinstance(value, str):
        return value.strip() or None
    shown = str(getattr(cell, "number_format", "") or "")
    if isinstance(value, dt.datetime) and value.time() == dt.time() and "h" not in shown.lower():
        return value.date()
    return value


def _table(
    name: str, source: Source, sheet: str, rows: Iterable[tuple[int, Sequence[Value]]]
) -> Table:
    table = Table(name, source, sheet)
    filled = ((number, cells) for number, cells in rows if any(c is not None for c in cells))
    try:
        number, cells = next(iter(filled))
    except StopIteration:
        raise table.error(f"expected the column heads {', '.join(COLUMNS[name])}", 1) from None
    heads = _heads(table, number, cells)
    table = Table(name, source, sheet, tuple(heads))
    for number, cells in filled:
        extra = [cell for cell in cells[len(heads) :] if cell is not None]
        if extra:
            raise table.error(
                f"expected at most {len(heads)} cells, as there are columns, beyond them"
                f" {got(str(extra[0]))}",
                number,
            )
        table.rows.append(Row(table, number, dict(zip(heads, cells, strict=False))))
    return table


def _heads(table: Table, number: int, cells: Sequence[Value]) -> list[str]:
    known = COLUMNS[table.name]
    heads: list[str] = []
    for cell in cells:
        text = "" if cell is None else str(cell)
        head = canonical(table.name, text)
        if text.strip().startswith(("#", "_")) or not head:
            head = f"#{len(heads)}"
        elif head not in known:
            near = difflib.get_close_matches(head, known, n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"known: {', '.join(known)}"
            raise table.error(
                f"unknown column {text!r}; {hint} (columns that start with '#' are left alone)",
                number,
            )
        elif head in heads:
            raise table.error(f"column {head!r} occurs twice", number)
        heads.append(head)
    for head in REQUIRED[table.name]:
        if head not in heads:
            raise table.error(f"expected a column {head!r}", number)
    while heads and heads[-1].startswith("#"):
        if cells[len(heads) - 1] is not None:
            break
        heads.pop()
    return heads
