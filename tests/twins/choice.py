"""The engines that several rankings come to, with numpy."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
EQUAL = 1e-9


def normalised(scores: Floats, *, largest: bool) -> Floats:
    """Return scores from 0, the worst, to 1; all 1 if they are equal, 0 where there are none."""
    known = np.isfinite(scores)
    if not known.any():
        return np.zeros(len(scores))
    low, high = scores[known].min(), scores[known].max()
    if high == low:
        return known.astype(np.float64)
    share = (scores - low) / (high - low)
    return np.where(known, share if largest else 1 - share, 0.0)


def best(
    among: NDArray[np.bool_],
    rankings: Sequence[tuple[Floats, float, bool]],
    *,
    strictly: bool,
) -> list[int]:
    """Return who wins; rankings are scores, weight and whether the largest score is the best."""
    left = np.flatnonzero(among)
    if not len(left):
        return []
    total = np.zeros(len(left))
    for scores, weight, largest in rankings:
        share = normalised(scores[left], largest=largest)
        if strictly:
            left = left[share >= share.max() - EQUAL]
            total = np.zeros(len(left))
        else:
            total += weight * share
    found: list[int] = left[total >= total.max() - EQUAL].tolist()
    return found
