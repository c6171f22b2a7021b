"""Least squares of relative errors."""

from __future__ import annotations

import numpy as np

from headway.serving.step_time.shape import Floats


def non_negative(columns: Floats, seconds: Floats, target: Floats | None = None) -> Floats:
    """Return weights of at least 0 that minimise the squared relative error of a weighted sum.

    Parameters
    ----------
    columns
        What is weighted, shape (n, m).
    seconds
        What errors are relative to, shape (n,), positive.
    target
        What the sums should be, shape (n,); `seconds` by default.

    References
    ----------
    C. Lawson, R. Hanson, "Solving Least Squares Problems", 1974.
    """
    from scipy.optimize import nnls

    relative = columns / seconds[:, None]
    # Columns differ by many powers of ten; at one scale the solver is well conditioned.
    scale = np.sqrt((relative**2).sum(axis=0))
    scale[scale == 0] = 1.0
    wanted = seconds if target is None else target
    found, _ = nnls(relative / scale, wanted / seconds)
    return np.asarray(found / scale, np.float64)
