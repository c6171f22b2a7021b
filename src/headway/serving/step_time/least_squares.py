"""Least squares of logarithms."""

from __future__ import annotations

import numpy as np

from headway.serving.step_time.shape import Floats

_ROUNDS = 8


def non_negative(columns: Floats, seconds: Floats, known: Floats | None = None) -> Floats:
    """Return weights of at least 0 with which a weighted sum is nearest to measured durations.

    What is minimised are the squared logarithms of predicted over measured, by Gauss and Newton's
    method; errors relative to the measured would favour sums that are too small.

    Parameters
    ----------
    columns
        What is weighted, shape (n, m).
    seconds
        Measured durations, shape (n,), positive.
    known
        Part of each duration that is not weighted, shape (n,); 0 by default.

    References
    ----------
    C. Lawson, R. Hanson, "Solving Least Squares Problems", 1974.
    """
    from scipy.optimize import nnls

    fixed = np.zeros(len(seconds)) if known is None else known
    found = np.zeros(columns.shape[1])
    predicted = seconds
    for _ in range(_ROUNDS):
        relative = columns / predicted[:, None]
        # Columns differ by many powers of ten; at one scale the solver is well conditioned.
        scale = np.sqrt((relative**2).sum(axis=0))
        scale[scale == 0] = 1.0
        wanted = 1 + np.log(seconds / predicted) - fixed / predicted
        scaled, _ = nnls(relative / scale, wanted)
        found = scaled / scale
        predicted = np.maximum(fixed + columns @ found, 0.1 * seconds)
    return np.asarray(found, np.float64)
