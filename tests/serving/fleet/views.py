"""Views of a fleet and of requests, made by hand."""

from __future__ import annotations

from collections.abc import Iterable
from types import MappingProxyType
from typing import Any

import numpy as np

from headway.serving.fleet import ClusterView, Dispatch, Engines, RequestView


def view(in_flight: Iterable[int], now_s: float = 0.0, **columns: Any) -> ClusterView:
    load = np.array(list(in_flight), dtype=np.int64)
    n = len(load)
    roles = columns.pop("roles", ("both",) * n)
    adapters = columns.pop("adapters", (frozenset(),) * n)
    labels = columns.pop("labels", (MappingProxyType({}),) * n)
    ones = np.ones(n, dtype=np.int64)
    engines = Engines(
        names=tuple(f"e{k}" for k in range(n)),
        kinds=("engine",) * n,
        roles=roles,
        blocks=100 * ones,
        block_tokens=16 * ones,
        max_sequences=8 * ones,
        price_per_h=np.zeros(n),
        labels=labels,
        adapters=adapters,
    )
    given_columns = {
        "ready": np.ones(n, dtype=np.bool_),
        "in_flight": load,
        "running": load,
        "waiting": 0 * ones,
        "free_blocks": 100 - load,
        "wanted_blocks": 0 * ones,
        "wanted_blocks_first": 0 * ones,
    }
    return ClusterView(now_s=now_s, engines=engines, **{**given_columns, **columns})


def request(number: int = 0, **known: Any) -> RequestView:
    defaults = {
        "arrival_s": 0.0,
        "prompt_tokens": 64,
        "limit_tokens": 100,
        "priority": 0,
        "service_class": 0,
        "deadline_s": np.inf,
    }
    return RequestView(number=number, **{**defaults, **known})


def sent(decision: object) -> int:
    assert isinstance(decision, Dispatch)
    return decision.engine
