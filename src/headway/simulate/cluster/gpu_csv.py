"""Tables of GPU clusters as CSV: nodes and tasks of Alibaba's 2023 trace, and lists of run times.

References
----------
Weng, Yang, Yu, Wang, Tang, Yang, Zhang (2023), "Beware of fragmentation: scheduling GPU-sharing
workloads with fragmentation gradient descent"; Weng, Xiao, Yu, Wang, Wang, He, Li, Zhang, Lin, Ding
(2022), "MLaaS in the wild: workload analysis and scheduling in large-scale heterogeneous GPU
clusters".
"""

from __future__ import annotations

import csv
import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from os import PathLike
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from headway.errors import ProblemError
from headway.files import read_bytes
from headway.formats import Source
from headway.formats.source import got
from headway.model.tables import ABSENT, LARGEST_TIME, Bools, Ints, bools, ints
from headway.simulate.cluster.nodes import MOST_GPUS, WHOLE, Demands, Nodes
from headway.simulate.cluster.workload import PER_GPU, Workload

_NODE_COLUMNS = ("sn", "cpu_milli", "memory_mib", "gpu", "model")
_TASK_COLUMNS = (
    "name",
    "cpu_milli",
    "memory_mib",
    "num_gpu",
    "gpu_milli",
    "gpu_spec",
    "qos",
    "creation_time",
    "deletion_time",
    "scheduled_time",
)
_MOST = 2**40


@dataclass(frozen=True, eq=False, kw_only=True)
class GpuTasks:
    """Tasks of a GPU cluster as they were recorded.

    Attributes
    ----------
    name
        Usually the stem of the file.
    demands
        What each task asks of a node, shape (n_tasks,).
    created, scheduled, deleted
        Seconds, shape (n_tasks,); `ABSENT` for a task that was never scheduled.
    group
        Tasks of the same class of service that ask for the same, by number.
    """

    name: str
    demands: Demands = field(repr=False)
    created: Ints = field(repr=False)
    scheduled: Ints = field(repr=False)
    deleted: Ints = field(repr=False)
    group: Ints = field(repr=False)

    def __len__(self) -> int:
        return len(self.created)

    @property
    def ran(self) -> Bools:
        """Which tasks used GPUs for at least a second, shape (n_tasks,)."""
        there = (self.scheduled >= 0) & (self.deleted > self.scheduled)
        return bools(there & (self.demands.gpus > 0))

    def workload(self, gpus: int, *, created_from: int = 0) -> Workload:
        """Return the tasks that used GPUs as jobs for a pool of GPUs, counted in thousandths.

        Parameters
        ----------
        gpus
            Size of the pool.
        created_from
            Tasks created earlier are left out; time begins here.
        """
        chosen = np.flatnonzero(self.ran & (self.created >= created_from))
        return Workload.of(
            name=self.name,
            capacity=gpus * PER_GPU,
            submit=self.created[chosen] - created_from,
            run=(self.deleted - self.scheduled)[chosen],
            amount=self.demands.total_milli[chosen],
            group=self.group[chosen],
            label=[self.demands.name[k] for k in chosen],
            per_unit=PER_GPU,
            demands=self.demands.take(chosen),
        )


def read_gpu_tasks(path: str | PathLike[str]) -> GpuTasks:
    """Return the tasks in a file like ``openb_pod_list_default.csv``.

    Raises
    ------
    FormatError
        If the file cannot be read or does not hold such a table; names file and line.
    """
    return parse_gpu_tasks(_source(path))


def parse_gpu_tasks(source: Source) -> GpuTasks:
    """Return the tasks in a text; see `read_gpu_tasks`."""
    rows = list(_rows(source, _TASK_COLUMNS))
    cells = [cell for cell, _ in rows]
    groups: dict[tuple[str, ...], int] = {}
    kinds = ("qos", "cpu_milli", "memory_mib", "num_gpu", "gpu_milli", "gpu_spec")
    group = [groups.setdefault(tuple(cell[k] for k in kinds), len(groups)) for cell in cells]

    def column(name: str, high: int, *, empty: int | None = None) -> Ints:
        return ints([_whole(source, line, name, cell[name], high, empty) for cell, line in rows])

    gpus = column("num_gpu", MOST_GPUS)
    try:
        demands = Demands(
            name=tuple(cell["name"] for cell in cells),
            cpu_milli=column("cpu_milli", _MOST),
            memory_mib=column("memory_mib", _MOST),
            gpus=gpus,
            gpu_milli=ints(np.where(gpus > 0, column("gpu_milli", WHOLE), 0)),
            models=tuple(
                tuple(sorted(filter(None, cell["gpu_spec"].split("|")))) for cell in cells
            ),
        )
    except ProblemError as error:
        raise source.error(str(error)) from None
    return GpuTasks(
        name=source.name,
        demands=demands,
        created=column("creation_time", LARGEST_TIME),
        scheduled=column("scheduled_time", LARGEST_TIME, empty=ABSENT),
        deleted=column("deletion_time", LARGEST_TIME, empty=ABSENT),
        group=ints(group),
    )


def read_nodes(path: str | PathLike[str]) -> Nodes:
    """Return the nodes in a file like ``openb_node_list_gpu_node.csv``.

    Raises
    ------
    FormatError
        If the file cannot be read or does not hold such a table; names file and line.
    """
    return parse_nodes(_source(path))


def parse_nodes(source: Source) -> Nodes:
    """Return the nodes in a text; see `read_nodes`."""
    rows = list(_rows(source, _NODE_COLUMNS))

    def column(name: str, high: int) -> Ints:
        return ints([_whole(source, line, name, cell[name], high, None) for cell, line in rows])

    gpus = column("gpu", MOST_GPUS)
    try:
        return Nodes(
            name=tuple(cell["sn"] for cell, _ in rows),
            cpu_milli=column("cpu_milli", _MOST),
            memory_mib=column("memory_mib", _MOST),
            gpus=gpus,
            model=tuple(
                cell["model"] if n else "" for (cell, _), n in zip(rows, gpus, strict=True)
            ),
        )
    except ProblemError as error:
        raise source.error(str(error)) from None


def read_run_times(path: str | PathLike[str]) -> NDArray[np.float64]:
    """Return the column ``runtime`` of a file, in seconds, shape (n_jobs,).

    Raises
    ------
    FormatError
        If the file cannot be read or does not hold such a column; names file and line.
    """
    return parse_run_times(_source(path))


def parse_run_times(source: Source) -> NDArray[np.float64]:
    """Return the run times in a text; see `read_run_times`."""
    values = []
    for cell, line in _rows(source, ("runtime",)):
        word = cell["runtime"]
        try:
            value = float(word)
        except ValueError:
            value = math.nan
        if not 0 <= value <= LARGEST_TIME:
            raise source.error(f"runtime: expected seconds, {got(word)}", line)
        values.append(value)
    return np.array(values, dtype=np.float64)


def _source(path: str | PathLike[str]) -> Source:
    file = Path(path)
    return Source(read_bytes(file), name=file.stem, path=file)


def _rows(source: Source, columns: tuple[str, ...]) -> Iterator[tuple[dict[str, str], int]]:
    """Yield the wanted columns of each row as text, and the number of its last line."""
    reader = csv.reader(source.text.splitlines(keepends=True), strict=True)
    try:
        header = [cell.strip() for cell in next(reader, [])]
        missing = [name for name in columns if header.count(name) != 1]
        if missing:
            raise source.error(f"expected a header with a column {missing[0]!r}", 1)
        place = {name: header.index(name) for name in columns}
        for row in reader:
            if not any(cell.strip() for cell in row):
                continue
            if len(row) != len(header):
                raise source.error(
                    f"expected {len(header)} columns, got {len(row)}", reader.line_num
                )
            yield {name: row[k].strip() for name, k in place.items()}, reader.line_num
    except csv.Error as error:
        raise source.error(f"not a table of comma-separated values: {error}", 1) from None


def _whole(source: Source, line: int, name: str, word: str, high: int, empty: int | None) -> int:
    if not word and empty is not None:
        return empty
    try:
        value = float(word) if word.isascii() and len(word) < 20 else math.nan
    except ValueError:
        value = math.nan
    if not 0 <= value <= high or value != int(value):
        raise source.error(f"column {name!r}: expected a whole number, {got(word)}", line)
    return int(value)


def _models(text: str) -> tuple[str, ...]:
    return tuple(sorted(filter(None, text.split("|"))))
