"""Small fleets with adapters that several tests share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from headway.serving.engine import EngineConfig
from headway.serving.fleet import Link, Member
from headway.serving.fleet.adapters import Adapter, Catalogue
from headway.serving.step_time import Affine
from headway.serving.workload import Workload

NAMES = ("law", "math", "poet", "chef")


def catalogue(*sizes: float, names: Sequence[str] = NAMES) -> Catalogue:
    """Return adapters that take a second to load, and one more per byte."""
    given = sizes or (1.0,) * len(names)
    adapters = [
        Adapter(name=name, size_bytes=size) for name, size in zip(names, given, strict=False)
    ]
    return Catalogue(tuple(adapters), Link(bytes_per_s=1.0, latency_s=1.0))


def member(name: str, **settings: Any) -> Member:
    config = EngineConfig(blocks=100, block_tokens=4, max_sequences=4)
    fixed = {"name": name, "config": config, "step_time": Affine(1.0), "bytes_per_token": 1.0}
    return Member(**{**fixed, **settings})


def traffic(*requests: tuple[float, int, str | None]) -> Workload:
    """Return requests by arrival, output tokens and adapter."""
    arrivals, outputs, adapters = zip(*requests, strict=True)
    return Workload.of(
        arrival_s=arrivals,
        prompt_tokens=[4] * len(requests),
        output_tokens=outputs,
        adapter=[-1 if name is None else NAMES.index(name) for name in adapters],
        adapters=NAMES,
    )
