"""SQLite and PostgreSQL behind one small face, so that all statements are written once."""

from __future__ import annotations

import sqlite3
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from zlib import crc32

from headway.errors import ConfigError, HeadwayError, MissingExtraError

Row = tuple[Any, ...]


class StoreError(HeadwayError):
    """The store cannot be reached, read or written."""


class Database(ABC):
    """A connection; statements have ``?`` where values stand.

    Every failure of the database is a `StoreError`.
    """

    @abstractmethod
    def execute(self, statement: str, values: Sequence[object] = ()) -> list[Row]:
        """Run a statement, and return its rows."""

    @abstractmethod
    def many(self, statement: str, rows: Iterable[Sequence[object]]) -> None:
        """Run a statement once for each row of values."""

    @abstractmethod
    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Do all that follows, or nothing."""

    @abstractmethod
    def own(self, node: str) -> None:
        """Make sure that nobody else writes as this node, until the connection or process ends.

        Raises
        ------
        StoreError
            If somebody does.
        """

    @abstractmethod
    def close(self) -> None:
        """Let go."""


def connect(url: str, *, wait_s: float = 2.0, is_synced: bool = False) -> Database:
    """Return a connection.

    Parameters
    ----------
    url
        Path of an SQLite file, which is made if need be, or ``postgresql://...``.
    wait_s
        How long to wait for a database that somebody else has locked.
    is_synced
        Whether a transaction waits until the disk has it, which protects from power cuts, too;
        for SQLite only, as PostgreSQL is told by its server.

    Raises
    ------
    StoreError
        If there is none to be had.
    MissingExtraError
        If there is no driver.
    """
    if url.startswith(("postgresql://", "postgres://")):
        return _PostgreSQL(url, wait_s)
    if "://" in url:
        scheme = url.partition(":")[0]
        raise ConfigError(f"store: expected a path or postgresql://..., got {scheme}:")
    return _SQLite(Path(url), wait_s, is_synced=is_synced)


class _SQLite(Database):
    def __init__(self, path: Path, wait_s: float, *, is_synced: bool) -> None:
        self._path = path
        self._owner: sqlite3.Connection | None = None
        with _sqlite_errors(path):
            # Used by one thread at a time: opened by one, then handed to the writer.
            self._link = sqlite3.connect(
                path, timeout=wait_s, isolation_level=None, check_same_thread=False
            )
            self._link.execute("PRAGMA journal_mode = WAL")
            self._link.execute(f"PRAGMA synchronous = {'FULL' if is_synced else 'NORMAL'}")
        self._file = self._there()

    def execute(self, statement: str, values: Sequence[object] = ()) -> list[Row]:
        with _sqlite_errors(self._path):
            # Tables by their key alone: half the work at each row.
            statement = statement.replace("/* packed */", "WITHOUT ROWID")
            return self._link.execute(statement, values).fetchall()

    def many(self, statement: str, rows: Iterable[Sequence[object]]) -> None:
        with _sqlite_errors(self._path):
            self._link.executemany(statement, rows)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        if self._there() != self._file:
            # SQLite would go on writing to what nobody will ever read.
            raise StoreError(f"{self._path}: the file was deleted, or replaced by another")
        with _sqlite_errors(self._path):
            self._link.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._link.execute("COMMIT")
            except BaseException:
                # A full disk ends the transaction by itself.
                with suppress(sqlite3.Error):
                    self._link.execute("ROLLBACK")
                raise

    def _there(self) -> tuple[int, int] | None:
        """Return which file there is, None for none."""
        try:
            found = self._path.stat()
        except OSError:
            return None
        return found.st_dev, found.st_ino

    def own(self, node: str) -> None:
        # A lock on a file of its own: it goes with the process, and readers do not mind it.
        place = self._path.with_name(f"{self._path.name}-{node}.lock")
        with _sqlite_errors(self._path):
            owner = sqlite3.connect(
                place, timeout=0.0, isolation_level=None, check_same_thread=False
            )
            try:
                owner.execute("BEGIN EXCLUSIVE")
            except sqlite3.OperationalError:
                owner.close()
                raise StoreError(f"{self._path}: another gateway writes as {node!r}") from None
        self._owner = owner

    def close(self) -> None:
        self._link.close()
        if self._owner is not None:
            self._owner.close()


@contextmanager
def _sqlite_errors(path: Path) -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        raise StoreError(f"{path}: {error}") from error


class _PostgreSQL(Database):
    def __init__(self, url: str, wait_s: float) -> None:
        try:
            import psycopg
        except ImportError:
            raise MissingExtraError("PostgreSQL needs pip install 'headway[postgres]'") from None
        self._psycopg = psycopg
        self._url = url
        self._wait_s = wait_s
        self._node: str | None = None
        self._link = self._connect()

    def execute(self, statement: str, values: Sequence[object] = ()) -> list[Row]:
        with self._errors():
            found = self._alive().execute(_percent(statement), values)
            return found.fetchall() if found.description else []

    def many(self, statement: str, rows: Iterable[Sequence[object]]) -> None:
        with self._errors(), self._alive().cursor() as cursor:
            cursor.executemany(_percent(statement), rows)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        with self._errors(), self._alive().transaction():
            yield

    def own(self, node: str) -> None:
        self._node = node
        self._lock(self._alive(), node)

    def close(self) -> None:
        self._link.close()

    def _connect(self) -> Any:
        with self._errors():
            return self._psycopg.connect(
                self._url,
                autocommit=True,
                connect_timeout=max(round(self._wait_s), 2),
                options=f"-c lock_timeout={round(self._wait_s * 1000)}",
            )

    def _alive(self) -> Any:
        """Return the connection, a new one if the server has gone away meanwhile."""
        if self._link.closed:
            link = self._connect()
            if self._node is not None:
                self._lock(link, self._node)
            self._link = link
        return self._link

    def _lock(self, link: Any, node: str) -> None:
        with self._errors():
            found = link.execute("SELECT pg_try_advisory_lock(%s, %s)", (0x48657764, _signed(node)))
            if not found.fetchone()[0]:
                raise StoreError(f"PostgreSQL: another gateway writes as {node!r}")

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except self._psycopg.Error as error:
            # Messages of the driver name the host, never the password.
            raise StoreError(f"PostgreSQL: {' '.join(str(error).split())}") from error


def _signed(text: str) -> int:
    number = crc32(text.encode())
    return number - 2**32 if number >= 2**31 else number


def _percent(statement: str) -> str:
    return statement.replace("?", "%s")
