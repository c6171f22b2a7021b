"""Batches for tests."""

import numpy as np
from hypothesis import strategies as st

from headway.serving.step_time import Shape

_CONTEXT = st.integers(0, 40_000)
_CHUNK = st.tuples(st.integers(1, 9_000), _CONTEXT)

batches = st.builds(
    Shape.of,
    prefills=st.lists(_CHUNK, max_size=4),
    decodes=st.lists(_CONTEXT, max_size=6).map(lambda few: few * 40),
)
"""Any batch, empty ones included."""


def many(seed: int, n: int = 300) -> Shape:
    """Return n random batches in one shape, extra tokens included."""
    rng = np.random.default_rng(seed)
    rows = np.concatenate(
        [
            Shape.of(
                [(int(q), int(c)) for q, c in rng.integers(1, 6_000, (rng.integers(0, 4), 2))],
                rng.integers(0, 20_000, rng.integers(0, 300)).tolist(),
            ).rows()
            for _ in range(n)
        ]
    )
    rows[:, 8] = np.where(rng.random(n) < 0.3, rng.integers(0, 500, n), 0)
    rows[:, 9] = rows[:, 8] * rng.integers(1, 500, n)
    return Shape.from_rows(rows)
