"""Step times that are affine in the shape of the batch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from headway import _core
from headway.errors import ConfigError
from headway.serving.step_time.protocol import StepTime
from headway.serving.step_time.shape import FIELDS, Shape, Value, weights


@dataclass(frozen=True)
class Affine(StepTime):
    """A constant, and so many seconds per unit of each field of the shape.

    Parameters
    ----------
    constant_s
        Seconds that every step takes.
    per
        Seconds per unit of a field, by the field's name.

    Raises
    ------
    ConfigError
        If a field does not exist or a number is not finite.

    Examples
    --------
    Twenty milliseconds a step, fifty microseconds per token of a prompt:

    >>> time = Affine(0.02, {"prefill_tokens": 5e-5})
    >>> time.seconds(Shape.of(prefills=[(1000, 0)]))
    0.07
    """

    constant_s: float
    per: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name, value in {"constant_s": self.constant_s, **self.per}.items():
            if name not in (*FIELDS, "constant_s"):
                raise ConfigError(f"per.{name}: no such field; known: {', '.join(FIELDS)}")
            if not np.isfinite(value):
                raise ConfigError(f"{name}: expected a finite number of seconds, got {value!r}")

    def seconds(self, shape: Shape) -> Value:
        """Return the duration of a step in seconds."""
        total: Value = 0.0
        for name in FIELDS:
            if self.per.get(name):
                total = total + self.per[name] * getattr(shape, name)
        return self.constant_s + total if self.per else self.constant_s + 0.0 * shape.decodes

    def native(self) -> _core.StepTime:
        """Return the same function as an object of the native core."""
        return _core.affine_time(self.constant_s, weights(**self.per))
