"""What the checks share: bounds, and columns that must keep to some."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from headway.errors import ProblemError
from headway.model.tables import ABSENT, FOREVER, Bools, Ints

LARGEST_AMOUNT = 2**31 - 1
"""No demand, weight or price may exceed this in size."""

LARGEST_COST = 2**60
"""The prices of all modes may not add up to more."""


def first(mask: Bools | NDArray[np.bool_]) -> int | None:
    """Return the first position at which `mask` is true."""
    return int(np.argmax(mask)) if mask.any() else None


def in_range(values: Ints, size: int, what: str, to: str, *, none: bool = False) -> None:
    """Refuse positions outside ``[0, size)``; `ABSENT` passes if `none` is set."""
    low = ABSENT if none else 0
    if len(values) and not (values.min() >= low and values.max() < size):
        bad = first((values >= size) | (values < low))
        raise ProblemError(f"{what} {bad} refers to {to} {values[bad]}, but there are {size}")


def bounded(
    values: Ints, names: Sequence[str], what: str, low: int, high: int, *, forever: bool = False
) -> None:
    """Refuse values outside ``[low, high]``; `FOREVER` passes if `forever` is set."""
    if not len(values) or (values.min() >= low and values.max() <= high):
        return
    wrong = (values < low) | (values > high)
    if forever:
        wrong &= values != FOREVER
    bad = first(wrong)
    if bad is not None:
        owner = f"{names[bad]!r}" if len(names) > bad else str(bad)
        raise ProblemError(f"{what} of {owner}: expected {low} to {high}, got {values[bad]}")


def pointer(ptr: Ints, rows: int, values: int, what: str) -> None:
    """Refuse pointers that do not cut `values` entries into `rows` rows."""
    good = len(ptr) == rows + 1 and ptr[0] == 0 and ptr[-1] == values and (np.diff(ptr) >= 0).all()
    if not good:
        raise ProblemError(
            f"{what}: expected {rows + 1} non-decreasing pointers from 0 to {values}"
        )
