"""What an engine really did with a workload, kept beside it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from headway.errors import ConfigError
from headway.serving.workload.columns import Bools, Floats
from headway.serving.workload.requests import Workload


@dataclass(frozen=True, eq=False)
class Recorded:
    """Measured times of every request, to hold a simulation against.

    Times are seconds on the workload's clock, shape (n,), nan where nobody wrote them down.

    Parameters
    ----------
    workload
        The requests, arriving as they were queued in the engine.
    scheduled_s
        When a request was first taken into a step.
    first_token_s, last_token_s
        When its first and its last token were there.

    Raises
    ------
    ConfigError
        If a column has another length, or a time lies before the one that must precede it.
    """

    workload: Workload
    scheduled_s: Floats = field(repr=False)
    first_token_s: Floats = field(repr=False)
    last_token_s: Floats = field(repr=False)

    def __post_init__(self) -> None:
        before, earlier = "arrival_s", self.workload.arrival_s
        for what in ("scheduled_s", "first_token_s", "last_token_s"):
            column = np.array(getattr(self, what), dtype=np.float64)
            column.setflags(write=False)
            object.__setattr__(self, what, column)
            if column.shape != earlier.shape:
                raise ConfigError(f"{what}: expected {len(earlier)} values, got {len(column)}")
            wrong = np.flatnonzero(column < earlier)
            if len(wrong):
                raise ConfigError(f"{what} of request {wrong[0]}: expected no time before {before}")
            known = ~np.isnan(column)
            before, earlier = what, np.where(known, column, earlier)

    def __len__(self) -> int:
        return len(self.workload)

    def renamed(self, name: str) -> Recorded:
        """Return the same run of a workload of another name."""
        return replace(self, workload=self.workload.renamed(name))

    def select(self, which: Bools | slice) -> Recorded:
        """Return some of the requests; see `Workload.select`."""
        return Recorded(
            self.workload.select(which),
            self.scheduled_s[which],
            self.first_token_s[which],
            self.last_token_s[which],
        )
