"""Several workloads as one."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from typing import TypeVar

import numpy as np

from headway.errors import ConfigError
from headway.serving.workload.blocks import Blocks
from headway.serving.workload.columns import NONE, Int32s, Int64s
from headway.serving.workload.requests import Workload

_Entry = TypeVar("_Entry", bound=Hashable)


def merge(*workloads: Workload, name: str = "merged", shared: bool = False) -> Workload:
    """Return the requests of several workloads together, on one clock.

    Requests of one instant come in the order of the workloads. Classes, adapters and tenants of
    the same name are the same.

    Parameters
    ----------
    *workloads
        One or more.
    name
        What to call the result.
    shared
        Whether equal block ids, and equal numbers of sessions, mean the same in all of them; by
        default those of different workloads have nothing to do with each other.

    Raises
    ------
    ConfigError
        If there is none, if classes of one name promise different things, or if their blocks
        differ in size; `Workload.in_blocks_of` makes them alike.
    """
    if not workloads:
        raise ConfigError("merge: expected a workload or more")
    classes = _union(kind for work in workloads for kind in work.classes)
    adapters = _union(adapter for work in workloads for adapter in work.adapters)
    tenants = _union(tenant for work in workloads for tenant in work.tenants)
    return Workload.of(
        name=name,
        arrival_s=np.concatenate([work.arrival_s for work in workloads]),
        prompt_tokens=np.concatenate([work.prompt_tokens for work in workloads]),
        output_tokens=np.concatenate([work.output_tokens for work in workloads]),
        limit_tokens=np.concatenate([work.limit_tokens for work in workloads]),
        priority=np.concatenate([work.priority for work in workloads]),
        service_class=np.concatenate(
            [_places(work.classes, classes)[work.service_class] for work in workloads]
        ),
        classes=classes,
        session=np.concatenate(_sessions(workloads, shared=shared)),
        adapter=np.concatenate(
            [_places(work.adapters, adapters)[work.adapter] for work in workloads]
        ),
        adapters=adapters,
        tenant=np.concatenate([_places(work.tenants, tenants)[work.tenant] for work in workloads]),
        tenants=tenants,
        blocks=_blocks(workloads, shared=shared),
    )


def _union(entries: Iterable[_Entry]) -> list[_Entry]:
    return list(dict.fromkeys(entries))


def _places(mine: Sequence[_Entry], everybody: Sequence[_Entry]) -> Int32s:
    """Return where each of mine stands; one more entry at the end, so that -1 finds `NONE`."""
    return np.array([*map(everybody.index, mine), NONE], dtype=np.int32)


def _sessions(workloads: Sequence[Workload], *, shared: bool) -> list[Int64s]:
    columns, base = [], 0
    for work in workloads:
        numbers = work.session.astype(np.int64)
        columns.append(np.where(numbers == NONE, NONE, numbers + base))
        if not shared:
            base += int(numbers.max(initial=NONE)) + 1
    return columns


def _blocks(workloads: Sequence[Workload], *, shared: bool) -> Blocks | None:
    known = [work.blocks for work in workloads if work.blocks is not None]
    if not known:
        return None
    sizes = sorted({blocks.block_tokens for blocks in known})
    if len(sizes) > 1:
        raise ConfigError(f"merge: blocks of {' and of '.join(map(str, sizes))} tokens")
    ids, counts, base = [], [], 0
    for work in workloads:
        blocks = work.blocks
        if blocks is None:
            counts.append(np.zeros(len(work), np.int64))
            continue
        mine = blocks if shared else blocks.renumbered()
        ids.append(mine.ids + base)
        counts.append(mine.counts)
        if not shared:
            base += int(mine.ids.max(initial=NONE)) + 1
    offsets = np.concatenate([np.zeros(1, np.int64), np.cumsum(np.concatenate(counts))])
    return Blocks(np.concatenate(ids), offsets, sizes[0])
