"""The other side of `headway.bench.runs.measure_apart`: ``python -m headway.bench.apart``."""

from __future__ import annotations

import os
import pickle
import sys
from pathlib import Path

from headway.bench.runs import measure


def main(question: str, reply: str) -> None:
    """Make the run that the file `question` asks for, and write its record to `reply`."""
    contestant, problem, limits, name = pickle.loads(Path(question).read_bytes())  # noqa: S301
    keep_to(limits.workers)
    record = measure(contestant, problem, limits, name)
    part = Path(f"{reply}.part")
    part.write_bytes(pickle.dumps(record))
    part.replace(reply)


def keep_to(cores: int) -> None:
    """Use no more than so many of this process's cores, where the system allows that."""
    if hasattr(os, "sched_setaffinity"):
        allowed = sorted(os.sched_getaffinity(0))
        os.sched_setaffinity(0, allowed[:cores])


if __name__ == "__main__":
    main(*sys.argv[1:])
