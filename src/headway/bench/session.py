"""Where and when a campaign ran: what a reader must know to judge its figures."""

from __future__ import annotations

import os
import platform
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import msgspec

from headway.solve.run import available_cores


class Session(msgspec.Struct, frozen=True, kw_only=True):
    """One stretch of a campaign on one machine.

    Attributes
    ----------
    date
        When it began.
    processor, cores, memory_gb, system
        The machine; `cores` counts those this process may use.
    python
        Version of the interpreter.
    versions
        Versions of the contestants and of OR-Tools, by name.
    load
        Load average when it began.
    """

    date: str
    processor: str
    cores: int
    memory_gb: float | None
    system: str
    python: str
    versions: dict[str, str]
    load: float | None

    @property
    def key(self) -> tuple[object, ...]:
        """Sessions are told apart by their beginning and the machine."""
        return (self.date, self.processor, self.cores, self.system)

    @classmethod
    def here(cls, versions: Mapping[str, str]) -> Session:
        """Return a session that begins here and now."""
        return cls(
            date=datetime.now(UTC).isoformat(timespec="seconds"),
            processor=_processor(),
            cores=available_cores(),
            memory_gb=_memory_gb(),
            system=f"{platform.system()} {platform.machine()}",
            python=platform.python_version(),
            versions={"ortools": version("ortools"), **versions},
            load=load_average(),
        )


def load_average() -> float | None:
    """Return how many processes wanted to run in the last minute, where the system tells."""
    return round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else None


def _processor() -> str:
    path = Path("/proc/cpuinfo")
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or "unknown"


def _memory_gb() -> float | None:
    try:
        return round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9, 1)
    except (AttributeError, ValueError, OSError):
        return None
