"""Whose the requests of a simulated workload are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from headway.errors import ConfigError, UnknownNameError
from headway.serving.fleet.admission import Tenant
from headway.serving.workload import Workload
from headway.simulate import Streams

COLUMNS = ("session", "class", "adapter")
"""Columns of a workload that may say whose a request is."""


def asked_by(
    workload: Workload,
    whose: str | Mapping[str, float] | None,
    tenants: Sequence[Tenant],
    seed: int,
) -> Workload:
    """Return the same requests, each with its tenant and the priority that this one has.

    Parameters
    ----------
    workload
        The traffic.
    whose
        One of `COLUMNS`, shares of requests by tenant, or None for what the workload says.
    tenants
        Whose priorities are known.
    seed
        Of what is drawn by shares; requests of one session have one tenant.

    Raises
    ------
    UnknownNameError
        If there is no such column.
    ConfigError
        If shares are none.
    """
    if isinstance(whose, str):
        workload = _by_column(workload, whose)
    elif whose is not None:
        workload = _drawn(workload, whose, seed)
    priorities = {one.name: one.priority for one in tenants if one.priority is not None}
    if not priorities.keys() & set(workload.tenants):
        return workload
    # One more entry at the end, so that -1 finds that nothing is known.
    known = np.array([name in priorities for name in workload.tenants] + [False])
    value = np.array([priorities.get(name, 0) for name in workload.tenants] + [0])
    mine = workload.tenant
    return workload.with_priority(np.where(known[mine], value[mine], workload.priority))


def _by_column(workload: Workload, column: str) -> Workload:
    if column == "session":
        numbers, place = np.unique(workload.session, return_inverse=True)
        first = int(len(numbers) and numbers[0] < 0)
        names = [f"session-{number}" for number in numbers[first:]]
        return workload.with_tenants(names, place - first)
    if column == "class":
        names = [kind.name for kind in workload.classes]
        return workload.with_tenants(names, workload.service_class)
    if column == "adapter":
        return workload.with_tenants(workload.adapters, workload.adapter)
    raise UnknownNameError("column", column, COLUMNS)


def _drawn(workload: Workload, shares: Mapping[str, float], seed: int) -> Workload:
    share = np.array(list(shares.values()), dtype=np.float64)
    if not (np.isfinite(share).all() and (share >= 0).all() and share.sum() > 0):
        raise ConfigError("expected shares from 0 on, of which one at least is above 0")
    lot = Streams(seed).of("tenants").choice(len(share), size=len(workload), p=share / share.sum())
    # Of a session, the first request's lot counts.
    alone = workload.session < 0
    who = np.where(alone, -1 - np.arange(len(workload)), workload.session)
    _, first, place = np.unique(who, return_index=True, return_inverse=True)
    return workload.with_tenants(list(shares), lot[first[place]])
