"""How far a step time is from what was measured, in sample and out of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from headway.errors import ConfigError
from headway.serving.hardware import Deployment
from headway.serving.step_time.protocol import StepTime
from headway.serving.step_time.samples import Samples
from headway.serving.step_time.shape import Floats, Shape


class Fitted(Protocol):
    """What a fit returns: it gives the step time of any model on any GPU that it can speak of."""

    def on(self, deployment: Deployment | None) -> StepTime:
        """Return the step time of a deployment; None where only one is meant."""
        ...


Fit = Callable[[Samples], Fitted]


@dataclass(frozen=True, slots=True)
class Errors:
    """Relative errors of predicted durations.

    Attributes
    ----------
    n
        Number of steps.
    mape, median, p90
        Mean, median and 90th percentile of |predicted / measured - 1|.
    bias
        Mean of predicted / measured - 1.
    """

    n: int
    mape: float
    median: float
    p90: float
    bias: float

    @classmethod
    def of(cls, predicted: Floats, measured: Floats) -> Errors:
        """Return the errors of predictions; both arrays of shape (n,)."""
        signed = predicted / measured - 1
        size = np.abs(signed)
        return cls(
            len(size),
            float(size.mean()),
            float(np.median(size)),
            float(np.percentile(size, 90)),
            float(signed.mean()),
        )


@dataclass(frozen=True)
class Report:
    """Errors as a whole and by group.

    Attributes
    ----------
    errors
        Those of all steps.
    groups
        Those of the steps with each label, by grouping.
    """

    errors: Errors
    groups: Mapping[str, Mapping[str, Errors]] = field(default_factory=dict)

    @classmethod
    def of(cls, predicted: Floats, samples: Samples) -> Report:
        """Return the report on predictions, shape (n,), for samples."""
        groups = {
            name: {
                str(label): Errors.of(predicted[labels == label], samples.seconds[labels == label])
                for label in np.unique(labels)
            }
            for name, labels in samples.groups.items()
        }
        return cls(Errors.of(predicted, samples.seconds), groups)

    def rows(self) -> list[tuple[str, Errors]]:
        """Return the lines of a table: all, then each group."""
        lines = [("all", self.errors)]
        for name, labels in self.groups.items():
            lines += [(f"{name} {label}", errors) for label, errors in labels.items()]
        return lines


def predicted(fitted: Fitted, samples: Samples) -> Floats:
    """Return the durations that a fitted step time gives for samples, shape (n,)."""
    seconds = np.zeros(len(samples))
    rows = samples.shape.rows()
    for deployment, which in samples.by_deployment():
        shape = Shape.from_rows(rows[which])
        seconds[which] = fitted.on(deployment).seconds(shape)
    return seconds


def cross_predicted(
    fit: Fit, samples: Samples, *, by: str | None = None, folds: int = 5, seed: int = 0
) -> Floats:
    """Return durations each of which was predicted by a fit that had not seen its step.

    Parameters
    ----------
    fit
        Fits to samples.
    samples
        All of them.
    by
        Grouping whose labels are left out in turn; by default `folds` random parts are.
    folds, seed
        How many parts, and the seed of their choice.

    Raises
    ------
    ConfigError
        If there is no such grouping, or fewer than two labels or folds.
    """
    out = np.zeros(len(samples))
    for part in _parts(samples, by, folds, seed):
        out[part] = predicted(fit(samples.select(~part)), samples.select(part))
    return out


def _parts(samples: Samples, by: str | None, folds: int, seed: int) -> list[NDArray[np.bool_]]:
    if by is not None:
        if by not in samples.groups:
            known = ", ".join(samples.groups) or "none"
            raise ConfigError(f"by: no grouping {by!r}; known: {known}")
        labels = samples.groups[by]
    else:
        order = np.random.default_rng(seed).permutation(len(samples))
        labels = (order % min(folds, len(samples))).astype(np.str_)
    names = np.unique(labels)
    if len(names) < 2:
        raise ConfigError(f"{by or 'folds'}: at least two parts are needed to leave one out")
    return [labels == name for name in names]
