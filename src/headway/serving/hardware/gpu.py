"""Accelerators, as far as a roofline sees them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from headway.errors import ConfigError, UnknownNameError
from headway.serving.models.dtypes import dtype_bytes, dtype_name


@dataclass(frozen=True)
class Gpu:
    """One accelerator.

    Parameters
    ----------
    name
        As its maker calls it.
    memory_bytes
        What it has.
    bandwidth_bytes_per_s
        Peak of its memory.
    flops_per_s
        Dense peak, without sparsity, by number format; formats of the same width stand for each
        other, and where a narrower one is missing the next wider counts.
    link_bytes_per_s
        To its neighbours, one direction: NVLink or the like where there is one, else PCIe.
    source
        Where the figures are from.

    Raises
    ------
    ConfigError
        If a figure is not positive.

    Examples
    --------
    >>> gpu = Gpu.named("h100")
    >>> gpu.bandwidth_bytes_per_s, gpu.peak("bfloat16")
    (3350000000000.0, 989000000000000.0)
    """

    name: str
    memory_bytes: int
    bandwidth_bytes_per_s: float
    flops_per_s: Mapping[str, float]
    link_bytes_per_s: float
    source: str = ""

    def __post_init__(self) -> None:
        figures = {
            "memory_bytes": self.memory_bytes,
            "bandwidth_bytes_per_s": self.bandwidth_bytes_per_s,
            "link_bytes_per_s": self.link_bytes_per_s,
            **{f"flops_per_s.{name}": value for name, value in self.flops_per_s.items()},
        }
        for key, value in figures.items():
            if not 0 < value < float("inf"):
                raise ConfigError(f"{self.name}: {key}: expected a positive number, got {value}")
        if not self.flops_per_s:
            raise ConfigError(f"{self.name}: flops_per_s: expected at least one number format")
        for name in self.flops_per_s:
            dtype_name(name)

    @classmethod
    def named(cls, name: str) -> Gpu:
        """Return a GPU of the catalogue by its short or its full name; see `gpu_names`.

        Raises
        ------
        UnknownNameError
            If there is none of this name.
        """
        wanted = name.strip().lower().replace("_", "-").replace(" ", "-")
        entries = _entries()
        by_full_name = {entry["name"].lower(): key for key, entry in entries.items()}
        key = by_full_name.get(name.strip().lower(), wanted)
        if key not in entries:
            raise UnknownNameError("GPU", name, entries)
        return cls(**entries[key])

    def peak(self, dtype: str) -> float:
        """Return the operations per second in a number format.

        Raises
        ------
        UnknownNameError
            If there is no such format.
        """
        width = dtype_bytes(dtype)
        if dtype_name(dtype) in self.flops_per_s:
            return self.flops_per_s[dtype_name(dtype)]
        wide = [(dtype_bytes(own), flops) for own, flops in self.flops_per_s.items()]
        enough = [pair for pair in wide if pair[0] >= width] or wide
        narrowest = min(own for own, _ in enough)
        return max(flops for own, flops in enough if own == narrowest)


@cache
def _entries() -> dict[str, dict[str, Any]]:
    text = (files("headway.serving.hardware") / "data" / "gpus.json").read_text("utf-8")
    entries: dict[str, dict[str, Any]] = json.loads(text)
    return entries


def gpu_names() -> tuple[str, ...]:
    """Return the names of the GPUs that `Gpu.named` knows."""
    return tuple(_entries())
