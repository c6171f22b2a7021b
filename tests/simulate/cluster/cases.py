"""Small random workloads."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from headway.simulate.cluster import Workload


@st.composite
def workloads(draw, *, most: int = 14, exact: bool = False, least_run: int = 0) -> Workload:
    """Jobs that crowd a small pool; requests are wrong in both directions unless `exact`."""
    n = draw(st.integers(1, most))
    capacity = draw(st.integers(1, 6))

    def column(low: int, high: int) -> list[int]:
        return draw(st.lists(st.integers(low, high), min_size=n, max_size=n))

    run = column(least_run, 9)
    return Workload.of(
        capacity=capacity,
        submit=np.cumsum(column(0, 4)),
        run=run,
        requested=np.maximum(run, 1) if exact else column(1, 12),
        amount=column(1, capacity),
        user=column(0, 2),
    )


def random_workload(seed: int, n: int = 60) -> Workload:
    rng = np.random.default_rng(seed)
    run = rng.integers(0, 60, n)
    return Workload.of(
        capacity=16,
        submit=np.cumsum(rng.integers(0, 12, n)),
        run=run,
        requested=np.maximum(1, (run * rng.uniform(0.5, 3, n)).astype(int)),
        amount=np.maximum(1, rng.integers(1, 17, n) // rng.integers(1, 5, n)),
        user=rng.integers(0, 4, n),
    )
