"""Headway's own file of a workload: JSON lines, the first one perhaps telling about the others.

The first line, which may be left out, is an object with the key ``headway``::

    {"headway": "workload", "version": 1, "name": "chat", "block_tokens": 16,
     "classes": [{"name": "paid", "ttft_s": 0.5, "weight": 2}, {"name": "free"}],
     "adapters": ["legal", "medical"], "tenants": ["sales", "research"]}

(on one line). Each further line is a request. ``arrival_s``, ``prompt_tokens`` and
``output_tokens`` must be there; ``limit_tokens``, ``priority``, ``class`` (a name), ``session``
(a number), ``adapter`` and ``tenant`` (names) and ``blocks`` (chained ids) may::

    {"arrival_s": 0.25, "prompt_tokens": 812, "output_tokens": 64, "class": "paid", "session": 3}

Classes, adapters and tenants that the first line does not name are taken from the requests, in the
order in which they appear; such classes promise nothing.
"""

from __future__ import annotations

import dataclasses
import gzip
import io
from collections.abc import Iterator
from os import PathLike
from typing import Literal

import msgspec
import numpy as np

from headway.errors import ConfigError
from headway.files import write_bytes
from headway.serving.workload.checks import require_names
from headway.serving.workload.columns import LARGEST, NONE, Floats, Int64s
from headway.serving.workload.json_lines import (
    BlockId,
    Count,
    Position,
    Priority,
    Rows,
    Time,
    decoded,
    keys,
    records,
)
from headway.serving.workload.readers.hashed import Gathered
from headway.serving.workload.requests import NO_LIMIT, Workload
from headway.serving.workload.service import EVERYBODY, ServiceClass
from headway.serving.workload.trace_file import TraceFile

VERSION: Literal[1] = 1
_ROWS = 2**15


class Promise(msgspec.Struct, omit_defaults=True, forbid_unknown_fields=True):
    """A service class, see `ServiceClass`."""

    name: str
    ttft_s: float | None = None
    tpot_s: float | None = None
    max_gap_s: float | None = None
    latency_s: float | None = None
    weight: float = 1.0


class Header(msgspec.Struct, omit_defaults=True, forbid_unknown_fields=True):
    """The first line."""

    headway: Literal["workload"]
    version: Literal[1]
    name: str | None = None
    block_tokens: Count | None = None
    classes: list[Promise] = []
    adapters: list[str] = []
    tenants: list[str] = []


class Request(
    msgspec.Struct,
    omit_defaults=True,
    forbid_unknown_fields=True,
    gc=False,
    rename={"service_class": "class"},
):
    """Any other line."""

    arrival_s: Time
    prompt_tokens: Count
    output_tokens: Count
    limit_tokens: Count = NO_LIMIT
    priority: Priority = 0
    service_class: str | None = None
    session: Position | None = None
    adapter: str | None = None
    blocks: list[BlockId] = []
    tenant: str | None = None


def fits(file: TraceFile) -> bool:
    """Return whether the first line has the keys of such a file."""
    found = keys(file)
    return "headway" in found or {"arrival_s", "prompt_tokens", "output_tokens"} <= found


def read(file: TraceFile) -> Workload:
    """Return the workload in a file."""
    header = _header(file)
    table = _Table(header)
    for rows in records(file, Request, with_header="headway" in keys(file)):
        table.add(rows)
    try:
        return table.workload(header.name or file.name)
    except ConfigError as error:
        raise file.error(str(error)) from None


def write_workload(workload: Workload, path: str | PathLike[str]) -> None:
    """Write a workload to a file that `read_workload` reads back, atomically.

    Parameters
    ----------
    workload
        What to write.
    path
        Compressed by gzip if it ends in ``.gz``; the same workload gives the same bytes.

    Raises
    ------
    FormatError
        If the file cannot be written.
    """
    stream = io.BytesIO()
    if str(path).endswith(".gz"):
        # No name and no time of day inside, so that the same workload gives the same bytes.
        with gzip.GzipFile(filename="", mode="wb", fileobj=stream, mtime=0) as packed:
            packed.writelines(_lines(workload))
    else:
        stream.writelines(_lines(workload))
    write_bytes(path, stream.getvalue())


def _lines(workload: Workload) -> Iterator[bytes]:
    """Yield the file, many lines at a time."""
    blocks = workload.blocks
    header = Header(
        headway="workload",
        version=VERSION,
        name=workload.name,
        block_tokens=None if blocks is None else blocks.block_tokens,
        classes=[Promise(**dataclasses.asdict(kind)) for kind in workload.classes],
        adapters=list(workload.adapters),
        tenants=list(workload.tenants),
    )
    encoder = msgspec.json.Encoder()
    yield encoder.encode(header) + b"\n"
    # The first class is that of whoever names none.
    names = [None, *(kind.name for kind in workload.classes[1:])]
    adapters, tenants = [*workload.adapters, None], [*workload.tenants, None]
    for first in range(0, len(workload), _ROWS):
        part = workload.select(slice(first, first + _ROWS))
        ids: list[list[int]] = [[] for _ in range(len(part))]
        if part.blocks is not None:
            ids = [row.tolist() for row in part.blocks]
        columns = zip(
            part.arrival_s.tolist(),
            part.prompt_tokens.tolist(),
            part.output_tokens.tolist(),
            part.limit_tokens.tolist(),
            part.priority.tolist(),
            [names[k] for k in part.service_class],
            [None if number == NONE else number for number in part.session.tolist()],
            [adapters[k] for k in part.adapter],
            ids,
            [tenants[k] for k in part.tenant],
            strict=True,
        )
        yield encoder.encode_lines([Request(*row) for row in columns])


class _Table:
    """Columns of the requests read so far."""

    def __init__(self, header: Header) -> None:
        self._header = header
        self._times: list[Floats] = []
        self._columns: list[Int64s] = []
        self._blocks = Gathered(header.block_tokens or LARGEST, "blocks")
        default = header.classes[0].name if header.classes else EVERYBODY[0].name
        self._default = default
        self._classes = {promise.name: k for k, promise in enumerate(header.classes)}
        self._adapters: dict[str | None, int] = {None: NONE}
        for name in header.adapters:
            self._adapters[name] = len(self._adapters) - 1
        self._tenants: dict[str | None, int] = {None: NONE}
        for name in header.tenants:
            self._tenants[name] = len(self._tenants) - 1

    def add(self, rows: Rows[Request]) -> None:
        """Take some requests.

        Raises
        ------
        FormatError
            If one contradicts itself; names file and line.
        """
        found = rows.records
        self._times.append(np.array([row.arrival_s for row in found], dtype=np.float64))
        table = [
            (
                row.prompt_tokens,
                row.output_tokens,
                row.limit_tokens,
                row.priority,
                self._class_of(row.service_class),
                NONE if row.session is None else row.session,
                self._adapters.setdefault(row.adapter, len(self._adapters) - 1),
                self._tenants.setdefault(row.tenant, len(self._tenants) - 1),
            )
            for row in found
        ]
        columns = np.array(table, dtype=np.int64).reshape(-1, 8)
        self._columns.append(columns)
        wrong = np.flatnonzero(columns[:, 1] > columns[:, 2])
        if len(wrong):
            k = int(wrong[0])
            raise rows.error(f"output_tokens: expected at most limit_tokens, {columns[k, 2]}", k)
        if self._header.block_tokens is None:
            known = next((k for k, row in enumerate(found) if row.blocks), None)
            if known is not None:
                raise rows.error("blocks: the first line of the file says no block_tokens", known)
        self._blocks.add(rows, [row.blocks for row in found], columns[:, 0] + columns[:, 1])

    def _class_of(self, name: str | None) -> int:
        return self._classes.setdefault(name or self._default, len(self._classes))

    def workload(self, name: str) -> Workload:
        """Return what was read."""
        table = np.concatenate([np.zeros((0, 8), np.int64), *self._columns]).T
        prompt, output, limit, priority, service_class, session, adapter, tenant = table
        promised = [ServiceClass(**msgspec.structs.asdict(row)) for row in self._header.classes]
        others = [ServiceClass(kind) for kind in list(self._classes)[len(promised) :]]
        return Workload.of(
            name=name,
            arrival_s=np.concatenate([np.zeros(0), *self._times]),
            prompt_tokens=prompt,
            output_tokens=output,
            limit_tokens=limit,
            priority=priority,
            service_class=service_class,
            classes=[*promised, *others] or EVERYBODY,
            session=session,
            adapter=adapter,
            adapters=[name for name in self._adapters if name is not None],
            tenant=tenant,
            tenants=[name for name in self._tenants if name is not None],
            blocks=None if self._header.block_tokens is None else self._blocks.blocks(),
        )


def _header(file: TraceFile) -> Header:
    if "headway" not in keys(file):
        return Header(headway="workload", version=VERSION)
    head = file.head
    blank = len(head) - len(head.lstrip())
    line = head.count(b"\n", 0, blank) + 1
    header: Header = decoded(
        file, msgspec.json.Decoder(Header), head[blank:].partition(b"\n")[0], line
    )
    try:
        for promise in header.classes:
            ServiceClass(**msgspec.structs.asdict(promise))
        require_names("classes", [promise.name for promise in header.classes])
        require_names("adapters", header.adapters)
        require_names("tenants", header.tenants)
    except ConfigError as error:
        raise file.error(str(error), line) from None
    return header
