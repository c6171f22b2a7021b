"""Columns: flat numpy arrays that nobody writes to, checked where they are made."""

from __future__ import annotations

from typing import Any, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from headway.errors import ConfigError

Floats = NDArray[np.float64]
Int32s = NDArray[np.int32]
Int64s = NDArray[np.int64]
Bools = NDArray[np.bool_]

NONE = -1
"""No session, no adapter."""

_Kind = TypeVar("_Kind", bound=np.generic)

LARGEST = 2**31 - 1
"""The largest entry of a column of `Int32s`; as a limit of output tokens: no limit."""


def int32s(values: ArrayLike, what: str, low: int = 0) -> Int32s:
    """Return whole numbers from `low` to `LARGEST` as a read-only column of their own.

    Raises
    ------
    ConfigError
        If they are not whole numbers of one dimension, or one is out of range; names its position.
    """
    given = _whole(values, what)
    wrong = np.flatnonzero((given < low) | (given > LARGEST))
    if len(wrong):
        k = int(wrong[0])
        bound = f"at most {LARGEST}" if given[k] > LARGEST else f"at least {low}"
        raise ConfigError(f"{what} of request {k}: expected {bound}, got {given[k]}")
    return _frozen(given, np.dtype(np.int32))


def int64s(values: ArrayLike, what: str) -> Int64s:
    """Return whole numbers as a read-only column of their own; see `int32s`."""
    return _frozen(_whole(values, what), np.dtype(np.int64))


def floats(values: ArrayLike, what: str) -> Floats:
    """Return finite numbers as a read-only column of their own; see `int32s`."""
    given = np.asarray(values)
    if given.ndim != 1 or (given.dtype.kind not in "iuf" and len(given)):
        raise ConfigError(f"{what}: expected one number per request")
    wrong = np.flatnonzero(~np.isfinite(given))
    if len(wrong):
        raise ConfigError(f"{what} of request {wrong[0]}: expected a number, got {given[wrong[0]]}")
    return _frozen(given, np.dtype(np.float64))


def _whole(values: ArrayLike, what: str) -> Int64s | Int32s:
    given = np.asarray(values)
    if given.ndim != 1 or (given.dtype.kind not in "iu" and len(given)):
        raise ConfigError(f"{what}: expected one whole number per request")
    return given


def _frozen(values: NDArray[Any], dtype: np.dtype[_Kind]) -> NDArray[_Kind]:
    # A column that is frozen already is shared, so that deriving one workload from another copies
    # only what changes.
    if values.dtype == dtype and values.base is None and not values.flags.writeable:
        return values
    column = np.array(values, dtype=dtype, order="C")
    column.setflags(write=False)
    return column
