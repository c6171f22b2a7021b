"""Which shares of the peaks an engine reaches, found from measured steps."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from headway.errors import ConfigError
from headway.serving.step_time.features import feature_rows
from headway.serving.step_time.roofline import Efficiency, peak_seconds
from headway.serving.step_time.samples import Samples
from headway.serving.step_time.shape import Floats, Shape
from headway.serving.step_time.work import forward_work

FITTED = ("compute", "memory", "link", "layer_s", "step_s", "sequence_s")
"""The parts of an `Efficiency` that a fit finds."""

# Shares above 1 say that the figures of the GPU are too low; overheads may vanish.
_LOWEST = np.array([0.02, 0.05, 0.02, 1e-9, 1e-9, 1e-9])
_HIGHEST = np.array([1.5, 1.5, 1.5, 1e-3, 0.5, 1e-3])
_START = np.array([0.6, 0.8, 0.8, 12e-6, 5e-4, 5e-6])


@dataclass(frozen=True)
class _Steps:
    """Steps of one deployment at peak rates, each array of shape (steps, operators)."""

    which: NDArray[np.int64]
    compute: Floats
    memory: Floats
    link: Floats
    runs: Floats
    gaps: Floats
    collectives: Floats
    segments: Floats


def fit_efficiency(samples: Samples, start: Efficiency | None = None) -> Efficiency:
    """Return the efficiency of the least squared logarithmic error.

    Parameters
    ----------
    samples
        Measured steps that say what they ran on, of one deployment or many.
    start
        What to keep of the parts that are not `FITTED`.

    Raises
    ------
    ConfigError
        If samples do not say what they ran on.
    """
    from scipy.optimize import least_squares

    kept = start or Efficiency()
    parts = _at_peak(samples, kept)

    def errors(logs: Floats) -> Floats:
        return np.log(_total(parts, np.exp(logs), kept, len(samples)) / samples.seconds)

    found = least_squares(
        errors,
        np.log(_START),
        bounds=(np.log(_LOWEST), np.log(_HIGHEST)),
        loss="soft_l1",
        f_scale=0.2,
    )
    values = np.exp(found.x).tolist()
    return Efficiency(
        **dict(zip(FITTED, values, strict=True)),
        collective_s=kept.collective_s,
        imbalance=kept.imbalance,
    )


def _at_peak(samples: Samples, kept: Efficiency) -> list[_Steps]:
    rows = samples.shape.rows()
    parts = []
    for deployment, which in samples.by_deployment():
        if deployment is None:
            raise ConfigError("samples: a roofline needs to know model and GPU of each")
        shape = Shape.from_rows(rows[which])
        x = feature_rows(shape, deployment.model.experts)
        work = forward_work(deployment)
        peaks = [peak_seconds(deployment, own, kept.imbalance) for own in work]
        runs = np.where(
            [own.per_sequence for own in work],
            np.asarray(shape.sequences)[:, None] > 0,
            np.asarray(shape.tokens)[:, None] > 0,
        )
        repeats = np.array([float(own.repeats) for own in work])
        parts.append(
            _Steps(
                which,
                x @ np.stack([peak[0] for peak in peaks], axis=1),
                x @ np.stack([peak[1] for peak in peaks], axis=1),
                x @ np.stack([peak[2] for peak in peaks], axis=1),
                runs * repeats,
                np.array([float(own.kind == "gap") for own in work]),
                np.array([float(own.kind == "link") for own in work]),
                np.asarray(shape.prefills + shape.decodes),
            )
        )
    return parts


def _total(parts: list[_Steps], values: Floats, kept: Efficiency, n: int) -> Floats:
    compute, memory, link, layer_s, step_s, sequence_s = values
    total = np.zeros(n)
    for part in parts:
        moved = part.memory / memory + part.link / link
        latency = layer_s * part.gaps + kept.collective_s * part.collectives
        spent = np.maximum(part.compute / compute, moved) + latency
        total[part.which] = (spent * part.runs).sum(axis=1) + step_s + sequence_s * part.segments
    return total
