"""Step times that are affine in the shape of the batch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Self

import numpy as np

from headway import _core
from headway.errors import ConfigError
from headway.serving.hardware import Deployment
from headway.serving.step_time.least_squares import non_negative
from headway.serving.step_time.protocol import StepTime
from headway.serving.step_time.samples import Samples
from headway.serving.step_time.shape import FIELDS, Shape, Value, weights

REGRESSORS = (
    "prefill_tokens",
    "prefills",
    "prefill_pairs",
    "decodes",
    "decode_context",
    "sequences",
    "extra_tokens",
    "extra_pairs",
)
"""The fields that a fit gives weights by default."""


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

    @classmethod
    def fit(cls, samples: Samples, fields: Sequence[str] = REGRESSORS) -> Self:
        """Return the non-negative weights of the least squared logarithmic error.

        Parameters
        ----------
        samples
            Measured steps.
        fields
            Those that may have a weight.

        Raises
        ------
        ConfigError
            If a field does not exist.
        """
        for name in fields:
            if name not in FIELDS:
                raise ConfigError(f"fields: no field {name!r}; known: {', '.join(FIELDS)}")
        columns = [np.ones(len(samples)), *(getattr(samples.shape, name) for name in fields)]
        found = non_negative(np.stack(columns, axis=1), samples.seconds).tolist()
        per = {name: weight for name, weight in zip(fields, found[1:], strict=True) if weight}
        return cls(found[0], per)

    def on(self, deployment: Deployment | None) -> Self:  # noqa: ARG002 - one fits all
        """Return the step time itself: it was fitted to one deployment."""
        return self

    def seconds(self, shape: Shape) -> Value:
        """Return the duration of a step in seconds."""
        total: Value = 0.0
        for name in FIELDS:
            # Also fields without a weight: any of them may say how many batches the shape is of.
            total = total + self.per.get(name, 0.0) * getattr(shape, name)
        return self.constant_s + total

    def native(self) -> _core.StepTime:
        """Return the same function as an object of the native core."""
        return _core.affine_time(self.constant_s, weights(**self.per))
