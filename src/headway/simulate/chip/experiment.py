"""A workload in a file: `headway simulate chip.yaml`."""

from __future__ import annotations

from dataclasses import dataclass
from os import PathLike
from pathlib import Path

import msgspec

from headway.errors import ConfigError
from headway.simulate.chip import ds3
from headway.simulate.chip.dag_bench import read_task_graph
from headway.simulate.chip.graph import TaskGraph
from headway.simulate.chip.rules import RULES
from headway.simulate.chip.stream import run
from headway.simulate.chip.workload import Workload
from headway.simulate.document import document, record
from headway.simulate.trace import Trace


class WorkloadFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What a workload file says, key by key; paths are relative to the file.

    Attributes
    ----------
    kind
        "chip".
    name
        Label for tables and messages.
    chip, applications
        A DS3 resource file, and the job files of the kinds of jobs; by default the chip Top and its
        ten applications.
    graphs
        dag-bench graphs with one and the same network, instead of these.
    gap, most_jobs, noise, length, share, begins_full, lost_gap
        See `Workload`; times in ticks.
    """

    kind: str
    name: str = "chip"
    chip: str | None = None
    applications: list[str] | None = None
    graphs: list[str] | None = None
    gap: float = 25.0
    most_jobs: int = 3
    noise: float = 0.0
    length: int = 5000
    share: list[float] | None = None
    begins_full: bool = True
    lost_gap: bool = False

    def kinds(self, folder: Path) -> tuple[TaskGraph, ...]:
        """Return the kinds of jobs.

        Raises
        ------
        ConfigError
            If the file names a chip without applications, or these and graphs.
        """
        if self.graphs is not None:
            if self.chip is not None or self.applications is not None:
                raise ConfigError("graphs: expected them, or a chip with applications, not both")
            return tuple(read_task_graph(folder / path) for path in self.graphs)
        if (self.chip is None) != (self.applications is None):
            raise ConfigError("chip, applications: expected both or none of them")
        if self.chip is None or self.applications is None:
            return ds3.top()
        platform = ds3.read_platform(folder / self.chip)
        return tuple(
            platform.graph(ds3.read_application(folder / path)) for path in self.applications
        )


@dataclass(frozen=True, eq=False)
class ChipExperiment:
    """A workload that any policy can meet; see `headway.simulate.experiment.Experiment`.

    Parameters
    ----------
    workload
        What arrives.
    """

    workload: Workload

    measure = "mean latency"
    """The measure that matters most."""

    @property
    def name(self) -> str:
        """The label of the workload."""
        return self.workload.name

    @classmethod
    def read(cls, path: str | PathLike[str]) -> ChipExperiment:
        """Return the workload in a YAML file; its keys are those of `WorkloadFile`.

        Raises
        ------
        FormatError
            If a file cannot be read or is not what it should be.
        ConfigError
            If a key is unknown or has a value it cannot have; the message names it.
        """
        target = Path(path)
        try:
            said = record(document(target), WorkloadFile, "a workload of a chip")
            workload = Workload(
                kinds=said.kinds(target.parent),
                gap=said.gap,
                most_jobs=said.most_jobs,
                noise=said.noise,
                length=said.length,
                share=None if said.share is None else tuple(said.share),
                begins_full=said.begins_full,
                lost_gap=said.lost_gap,
                name=said.name,
            )
        except ConfigError as error:
            raise ConfigError(f"{target}: {error}") from None
        return cls(workload)

    def policies(self) -> tuple[str, ...]:
        """Return the names of the rules there are."""
        return RULES.names()

    def run(self, policy: str, seed: int) -> Trace:
        """Return what happens when a policy meets the workload; see `run`."""
        return run(self.workload, policy, seed=seed)
