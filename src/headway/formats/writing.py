"""From a problem to a file."""

from __future__ import annotations

from collections.abc import Mapping
from os import PathLike
from pathlib import Path

from headway.errors import FormatError, UnknownNameError, UnsupportedError
from headway.files import write_bytes, write_text
from headway.formats.registry import Format, Rendered, all_formats, find_format
from headway.model import Problem


def write(
    problem: Problem,
    path: str | PathLike[str],
    *,
    format: str | None = None,  # noqa: A002
) -> None:
    """Write a problem to a file, so that reading it back gives an equal problem.

    Only labels (names, the length of a tick, the date of tick 0) may be lost, in formats that have
    no room for them.

    Parameters
    ----------
    problem
        What to write.
    path
        The file; replaced atomically. For the format ``planner-csv`` a folder, new or empty or
        with nothing but a plan's tables, which are replaced; or a file ending in ``tasks.csv``,
        the others beside it.
    format
        Name of the format; by default the suffix decides, and for suffixes that several formats
        share, the first of these that can express the problem.

    Raises
    ------
    UnsupportedError
        If the format cannot express the problem; names the first thing that it has no room for.
    UnknownNameError
        If there is no such format, or the suffix belongs to none.
    FormatError
        If the file cannot be written, or would be written among others' files.
    """
    target = Path(path)
    _store(_rendered(problem, target, format), target)


def _rendered(problem: Problem, path: Path, format_name: str | None) -> Rendered:
    if format_name is not None:
        return _render(problem, find_format(format_name))
    writable = [known for known in all_formats().values() if known.render is not None]
    suffix = path.suffix.lower()
    candidates = [known for known in writable if suffix in known.suffixes]
    if not candidates:
        suffixes = {suffix for known in writable for suffix in known.suffixes if suffix}
        raise UnknownNameError("file suffix", suffix or path.name, suffixes)
    reasons = []
    for candidate in candidates:
        try:
            return _render(problem, candidate)
        except UnsupportedError as error:
            reasons.append(error)
    if len(reasons) == 1:
        raise reasons[0]
    names = ", ".join(candidate.name for candidate in candidates)
    raise UnsupportedError(
        f"none of the formats with suffix {suffix!r} ({names}) can express the problem; the first"
        f" says: {reasons[0]}"
    )


def _render(problem: Problem, chosen: Format) -> Rendered:
    if chosen.render is None:
        raise UnsupportedError(f"format {chosen.name!r} can be read, but not written")
    return chosen.render(problem)


def _store(content: Rendered, path: Path) -> None:
    if isinstance(content, str):
        write_text(path, content)
    elif isinstance(content, bytes):
        write_bytes(path, content)
    else:
        _store_tables(content, path)


def _store_tables(files: Mapping[str, str], path: Path) -> None:
    """Write CSV tables into the folder `path`, or beside each other if it ends in "tasks.csv"."""
    from headway.formats.planner.columns import SHEETS

    prefix = ""
    if path.suffix.lower() == ".csv":
        if not path.stem.lower().endswith("tasks"):
            raise UnsupportedError(
                f"{path}: a problem is several tables; name a folder, or a file that ends in"
                " 'tasks.csv'"
            )
        path, prefix = path.parent, path.stem[: -len("tasks")]
    else:
        _refuse_other_files(path)
    here = {name for name in SHEETS if (path / f"{prefix}{name}.csv").exists()}
    for name in sorted(here):
        other = path / f"{prefix}{name}.csv"
        if f"{name}.csv" not in files:
            raise FormatError("is in the way: it would become part of the plan", path=other)
        if "tasks" not in here:
            # Without a table of tasks it is no plan that is replaced, but somebody's file.
            raise FormatError("is in the way: it would be replaced", path=other)
    try:
        path.mkdir(exist_ok=True)
    except OSError as error:
        raise FormatError(f"cannot make the folder: {error.strerror}", path=path) from None
    for name, text in files.items():
        write_text(path / f"{prefix}{name}", text)


def _refuse_other_files(folder: Path) -> None:
    """Refuse a folder that holds more than a plan's tables and hidden files."""
    from headway.formats.planner.columns import SHEETS

    own = {f"{name}.csv" for name in SHEETS}
    try:
        names = sorted(entry.name for entry in folder.iterdir()) if folder.is_dir() else []
    except OSError as error:
        raise FormatError(f"cannot read the folder: {error.strerror}", path=folder) from None
    others = [name for name in names if name not in own and not name.startswith(".")]
    if others:
        shown = ", ".join(map(repr, others[:3])) + (", ..." if len(others) > 3 else "")
        raise FormatError(
            f"the folder holds {shown}; tables are written to a new folder, an empty one, or one"
            " with nothing but a plan's tables, which they replace",
            path=folder,
        )
