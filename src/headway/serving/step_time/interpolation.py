"""Piecewise linear functions on measured points, in one dimension and in four."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from headway.errors import ConfigError
from headway.serving.step_time.shape import Floats


def place(points: Floats, value: ArrayLike) -> tuple[NDArray[np.intp], Floats]:
    """Return where values fall between sorted points: the piece, and the share of the way along it.

    Values below the first point count as the first; those beyond the last lie on the last piece,
    prolonged, with a share above 1.
    """
    values = np.asarray(value, np.float64)
    if len(points) == 1:
        return np.zeros(values.shape, np.intp), np.zeros(values.shape)
    low = np.clip(np.searchsorted(points, values, side="right") - 1, 0, len(points) - 2)
    share = (values - points[low]) / (points[low + 1] - points[low])
    return low, np.where(values > points[0], share, 0.0)


def between(low: Floats, high: Floats, share: Floats) -> Floats:
    """Return what lies at a share of the way from one value to another."""
    return low + share * (high - low)


def prolonged(points: Floats, values: Floats, axis: int = -1) -> tuple[Floats, Floats]:
    """Return points and values with one more at twice the last point.

    Neighbouring measurements are noisy and kernels have stairs, so that the slope beyond the last
    point is that of the upper half of the range, never below 0.
    """
    if len(points) == 1:
        return points, values
    half = int(np.searchsorted(points, points[-1] / 2, side="right")) - 1
    half = min(max(half, 0), len(points) - 2)
    last, middle = np.take(values, -1, axis), np.take(values, half, axis)
    slope = np.maximum(last - middle, 0.0) / (points[-1] - points[half])
    step = max(points[-1], 1.0)
    more = np.expand_dims(last + slope * step, axis)
    return np.append(points, points[-1] + step), np.concatenate([values, more], axis=axis)


@dataclass(frozen=True)
class Curve:
    """A piecewise linear function of one number.

    Parameters
    ----------
    points
        Ascending, shape (n,), n >= 1.
    values
        Finite, shape (n,).
    """

    points: Floats
    values: Floats

    def __post_init__(self) -> None:
        if len(self.points) == 0 or len(self.points) != len(self.values):
            raise ConfigError("curve: expected as many values as points, and at least one")
        if not (np.diff(self.points) > 0).all() or not np.isfinite(self.values).all():
            raise ConfigError("curve: expected ascending points and finite values")

    @classmethod
    def through(cls, points: ArrayLike, values: ArrayLike) -> Curve:
        """Return the curve through measured points in any order, prolonged beyond the last."""
        x, y = np.asarray(points, np.float64), np.asarray(values, np.float64)
        order = np.argsort(x, kind="stable")
        return cls(*prolonged(x[order], y[order]))

    @classmethod
    def sum(cls, parts: Iterable[tuple[float, Curve]]) -> Curve:
        """Return the weighted sum of curves, exact everywhere."""
        terms = list(parts)
        points = np.unique(np.concatenate([curve.points for _, curve in terms]))
        total = np.zeros(len(points))
        for factor, curve in terms:
            total += factor * curve(points)
        return cls(points, total)

    def __call__(self, value: ArrayLike) -> Floats:
        """Return the function's value, at least 0, at each of `value`."""
        low, share = place(self.points, value)
        high = np.minimum(low + 1, len(self.points) - 1)
        return np.maximum(between(self.values[low], self.values[high], share), 0.0)


@dataclass(frozen=True)
class Grid:
    """A function of several numbers, linear in each between the points of a grid.

    Parameters
    ----------
    axes
        Ascending points of each axis.
    values
        Shape: the lengths of the axes.
    """

    axes: tuple[Floats, ...]
    values: Floats

    def __post_init__(self) -> None:
        if self.values.shape != tuple(map(len, self.axes)):
            raise ConfigError("grid: expected one value per point")
        if not np.isfinite(self.values).all():
            raise ConfigError("grid: expected finite values")

    def __call__(self, *coordinates: ArrayLike) -> Floats:
        """Return the function's value, at least 0; the coordinates broadcast."""
        places = [place(axis, value) for axis, value in zip(self.axes, coordinates, strict=True)]
        return np.maximum(self._blend(places, ()), 0.0)

    def _blend(
        self, places: list[tuple[NDArray[np.intp], Floats]], at: tuple[NDArray[np.intp], ...]
    ) -> Floats:
        axis = len(at)
        if axis == len(places):
            return self.values[at]
        low, share = places[axis]
        high = np.minimum(low + 1, len(self.axes[axis]) - 1)
        return between(self._blend(places, (*at, low)), self._blend(places, (*at, high)), share)
