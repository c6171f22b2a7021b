"""Numbers as callers give them, as arrays of the shape that is expected."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from headway.errors import ProblemError
from headway.model.tables import Ints, flat, ints


def flat_rows(values: Sequence[Sequence[int]] | np.ndarray) -> Ints:
    """Return the numbers of rows, which may differ in length, one row after another."""
    if isinstance(values, np.ndarray):
        return ints(values)
    return flat(values)


def array(values: object, what: str, dimensions: int) -> np.ndarray:
    """Return whole numbers in an array of that many dimensions, refusing anything else."""
    try:
        given = np.asarray(values)
    except ValueError:
        raise ProblemError(f"{what}: expected rows of equal length") from None
    if given.ndim != dimensions:
        raise ProblemError(f"{what}: expected {dimensions} dimensions, got {given.ndim}")
    try:
        return ints(given).reshape(given.shape)
    except ProblemError as error:
        raise ProblemError(f"{what}: {error}") from None


def matrix(values: ArrayLike, what: str) -> np.ndarray:
    """Return whole numbers in a matrix, refusing anything else."""
    return array(values, what, 2)


def rows(values: Sequence[object], width: int, what: str) -> np.ndarray:
    """Return rows of that many whole numbers as a matrix, which may be empty."""
    if len(values) == 0:
        return np.zeros((0, width), dtype=np.int64)
    given = array(values, what, 2)
    if given.shape[1] != width:
        raise ProblemError(f"{what}: expected {width} values, got {given.shape[1]}")
    return given
