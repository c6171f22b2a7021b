"""Step times as learned weights of a few quantities of first principles."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Self

import numpy as np

from headway import _core
from headway.errors import ConfigError
from headway.serving.hardware import Deployment
from headway.serving.step_time.features import (
    FEATURES,
    ONE,
    feature_rows,
    features,
)
from headway.serving.step_time.least_squares import non_negative
from headway.serving.step_time.protocol import Operator, StepTime
from headway.serving.step_time.roofline import like, peak_seconds
from headway.serving.step_time.samples import Samples
from headway.serving.step_time.shape import Floats, Shape, Value
from headway.serving.step_time.work import forward_work

BASES = (
    "prefill_compute",
    "decode_cache",
    "weights",
    "transfers",
    "layers",
    "segments",
    "step",
    "expert_layers",
)
"""The quantities: seconds at peak rates of computing prefills, reading the cache of decodes and the
weights, and transferring between GPUs; then counts of layers, segments, steps, and layers with
experts."""

_PREFILL = ("prefill_tokens", "prefill_context", "prefill_pairs", "extra_tokens", "extra_pairs")


@dataclass(frozen=True)
class Corrections:
    """Weights of the `BASES`.

    Parameters
    ----------
    weights
        One per basis, shape (8,): the first four without unit, the others in seconds.

    Raises
    ------
    ConfigError
        If there are not eight finite weights.

    References
    ----------
    BLIS (inference-sim), "Latency models: trained physics".
    """

    weights: tuple[float, ...]

    def __post_init__(self) -> None:
        if len(self.weights) != len(BASES) or not np.isfinite(self.weights).all():
            raise ConfigError(f"weights: expected {len(BASES)} finite numbers")

    @classmethod
    def published(cls) -> Self:
        """Return the weights that BLIS learned from vLLM on H100."""
        return cls((0.152, 1.947, 1.363, 0.752, 32.1e-6, 4.42e-6, 126e-6, 482e-6))

    @classmethod
    def fit(cls, samples: Samples) -> Self:
        """Return the non-negative weights of the least squared logarithmic error.

        Raises
        ------
        ConfigError
            If samples do not say what they ran on.
        """
        rows = samples.shape.rows()
        quantities = np.zeros((len(samples), len(BASES)))
        for deployment, which in samples.by_deployment():
            if deployment is None:
                raise ConfigError("samples: corrections need to know model and GPU of each")
            x = feature_rows(Shape.from_rows(rows[which]), deployment.model.experts)
            quantities[which] = x @ bases(deployment).T
        return cls(tuple(non_negative(quantities, samples.seconds).tolist()))

    def on(self, deployment: Deployment | None) -> Corrected:
        """Return the step time of a deployment.

        Raises
        ------
        ConfigError
            If there is none.
        """
        if deployment is None:
            raise ConfigError("corrections need to know model and GPU")
        return Corrected(deployment, self)


@dataclass(frozen=True)
class Corrected(StepTime):
    """A forward pass as corrected by learned weights.

    Parameters
    ----------
    deployment
        Model, GPU, how many and in which number formats.
    corrections
        The weights.
    """

    deployment: Deployment
    corrections: Corrections

    def seconds(self, shape: Shape) -> Value:
        """Return the duration of a step in seconds."""
        x = feature_rows(shape, self.deployment.model.experts)
        return like(x @ self._total, shape)

    def operators(self, shape: Shape) -> tuple[Operator, ...]:
        """Return what each basis contributes; a weighted sum has no order of execution."""
        x = feature_rows(shape, self.deployment.model.experts)
        parts = zip(BASES, self.corrections.weights, bases(self.deployment), strict=True)
        return tuple(Operator(name, like(weight * (x @ own), shape)) for name, weight, own in parts)

    def native(self) -> _core.StepTime:
        """Return the same function as an object of the native core."""
        experts = self.deployment.model.experts
        total = self._total
        # The constant holds for empty steps too, as in any affine form.
        always = _core.affine_time(float(total[0]), np.zeros(10))
        rest = np.where(np.arange(len(total)) == 0, 0.0, total)
        one, zero = np.ones(1), np.zeros(1)
        varying = _core.roofline_time(
            rest,
            np.zeros(len(total)),
            zero,
            zero,
            one,
            float(experts.count if experts else 0),
            float(experts.chosen if experts else 0),
        )
        return _core.sum_time([varying, always])

    @cached_property
    def _total(self) -> Floats:
        return np.asarray(self.corrections.weights) @ bases(self.deployment)


def bases(deployment: Deployment) -> Floats:
    """Return the `BASES` of a deployment as weights of the features of a step, shape (8, 12)."""
    model = deployment.model
    prefill = features(**dict.fromkeys(_PREFILL, 1.0)) > 0
    decode = features(decode_context=1) > 0
    constant = features(one=1, experts=1) > 0
    rows = np.zeros((len(BASES), len(FEATURES)))
    for work in forward_work(deployment):
        compute, memory, link = peak_seconds(deployment, work)
        rows[0] += work.repeats * np.where(prefill, compute, 0)
        if work.kind == "attention":
            rows[1] += work.repeats * np.where(decode, memory, 0)
        if work.kind == "matrix":
            rows[2] += work.repeats * np.where(constant, memory, 0)
        rows[3] += work.repeats * link
    rows[4] = model.layers * ONE
    rows[5] = features(prefills=1, decodes=1)
    rows[6] = ONE
    rows[7] = model.expert_layers * ONE
    return rows
