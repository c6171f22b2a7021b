"""A file of results, one JSON object a line, that survives whatever ends the program."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Generic, Protocol, TypeVar

import msgspec

from headway.errors import FormatError


class Keyed(Protocol):
    """Something of which there is one per key."""

    @property
    def key(self) -> tuple[object, ...]:
        """What makes two of them the same."""
        ...


_T = TypeVar("_T", bound=Keyed)


class Journal(Generic[_T]):
    """Things by their keys, on the disk as soon as they are added.

    Parameters
    ----------
    kind
        The class of the things, a `msgspec.Struct`.
    path
        The file; it is made when the first one is added. None keeps them in memory only.

    Raises
    ------
    FormatError
        If a line is something else. A last line that was cut off is dropped.
    """

    def __init__(self, kind: type[_T], path: Path | None = None) -> None:
        self._path = path
        self._by_key: dict[tuple[object, ...], _T] = {}
        if path is not None and path.exists():
            for thing in _read(kind, path):
                self._by_key[thing.key] = thing

    def __len__(self) -> int:
        return len(self._by_key)

    def __iter__(self) -> Iterator[_T]:
        return iter(self._by_key.values())

    def get(self, key: tuple[object, ...]) -> _T | None:
        """Return what has this key, or None."""
        return self._by_key.get(key)

    def add(self, thing: _T) -> None:
        """Keep something, unless it is there already; it is on the disk when this returns.

        Raises
        ------
        FormatError
            If the file cannot be written.
        """
        if self._by_key.get(thing.key) == thing:
            return
        self._by_key[thing.key] = thing
        if self._path is None:
            return
        try:
            with self._path.open("ab") as stream:
                stream.write(msgspec.json.encode(thing) + b"\n")
                stream.flush()
                os.fsync(stream.fileno())
        except OSError as error:
            raise FormatError(f"cannot write: {error.strerror or error}", path=self._path) from None


def _read(kind: type[_T], path: Path) -> Iterator[_T]:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise FormatError(f"cannot read: {error.strerror or error}", path=path) from None
    whole, _, cut = data.rpartition(b"\n")
    if cut:
        # Killed in the middle of a line: what it told of is done again.
        with contextlib.suppress(OSError), path.open("rb+") as stream:
            stream.truncate(len(data) - len(cut))
    for number, line in enumerate(whole.splitlines(), 1):
        try:
            yield msgspec.json.decode(line, type=kind)
        except msgspec.MsgspecError as error:
            reason = f"no {kind.__name__.lower()} of a campaign: {error}"
            raise FormatError(reason, path=path, line=number) from None
