"""Step times from first principles: each operator as slow as its compute or its memory."""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import cached_property

import numpy as np

from headway import _core
from headway.errors import ConfigError
from headway.serving.hardware import Deployment
from headway.serving.models.dtypes import dtype_name
from headway.serving.step_time.features import SEQUENCES, TOKENS, feature_rows
from headway.serving.step_time.protocol import Operator, StepTime
from headway.serving.step_time.shape import Floats, Shape, Value, weights
from headway.serving.step_time.work import Work, forward_work


@dataclass(frozen=True, slots=True)
class Efficiency:
    """How much of its peaks an engine reaches, and what it adds.

    Parameters
    ----------
    compute, memory, link
        Shares of the peak rates of computation, memory and links that operators reach.
    layer_s
        Added per layer: gaps between kernels.
    step_s, sequence_s
        Added per step and per sequence: work of the host.
    collective_s
        Latency of a transfer between GPUs.
    imbalance
        Busiest over average GPU in layers with experts.

    Raises
    ------
    ConfigError
        If a figure cannot be.
    """

    compute: float = 0.6
    memory: float = 0.8
    link: float = 0.8
    layer_s: float = 12e-6
    step_s: float = 0.5e-3
    sequence_s: float = 0.0
    collective_s: float = 10e-6
    imbalance: float = 1.0

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            least = 1.0 if field.name == "imbalance" else 0.0
            positive = field.name in ("compute", "memory", "link")
            if not (value > 0 if positive else value >= least) or not np.isfinite(value):
                raise ConfigError(f"efficiency.{field.name}: cannot be {value}")

    def on(self, deployment: Deployment | None) -> Roofline:
        """Return the roofline of a deployment.

        Raises
        ------
        ConfigError
            If there is none.
        """
        if deployment is None:
            raise ConfigError("a roofline needs to know model and GPU")
        return Roofline(deployment, self)


@dataclass(frozen=True)
class Roofline(StepTime):
    """The forward pass of a model on GPUs, operator by operator.

    An operator takes max(operations / (peak e_c), bytes / (bandwidth e_m)); attention counts the
    query-key pairs of a causal mask; a mixture of experts reads the weights of the experts that the
    tokens of the step are expected to visit, E (1 - (1 - k / E)^T); transfers between GPUs add
    2 (tp - 1) / tp of the activations' bytes per layer half. It needs no measurement, and is the
    yardstick for all that does.

    Parameters
    ----------
    deployment
        Model, GPU, how many and in which number formats.
    efficiency
        Shares of the peaks, and overheads.

    Notes
    -----
    With `pp` stages a step is the way of one batch through all of them; an engine that keeps
    several batches in flight begins the next before.

    References
    ----------
    S. Williams, A. Waterman, D. Patterson, "Roofline: An Insightful Visual Performance Model for
    Multicore Architectures", 2009.

    Examples
    --------
    >>> from headway.serving.hardware import Gpu
    >>> from headway.serving.models import LanguageModel
    >>> time = Roofline(Deployment(LanguageModel.named("llama-3.1-8b"), Gpu.named("h100")))
    >>> round(time.seconds(Shape.of(decodes=[1000] * 16)), 4)
    0.0073
    """

    deployment: Deployment
    efficiency: Efficiency = Efficiency()

    def seconds(self, shape: Shape) -> Value:
        """Return the duration of a step in seconds."""
        own = self.efficiency
        segments = np.asarray(shape.prefills + shape.decodes, np.float64)
        work = like(self._spent(shape) @ self._repeats, shape)
        total = work + (own.step_s + own.sequence_s * segments)
        return total if np.ndim(total) else float(total)

    def operators(self, shape: Shape) -> tuple[Operator, ...]:
        """Return the operators in order of execution, the host's time first.

        The gaps between the kernels of a layer are its last operator.
        """
        spent, own = self._spent(shape), self.efficiency
        host = own.step_s + own.sequence_s * (shape.prefills + shape.decodes)
        return (
            Operator("host", host),
            *(
                Operator(work.name, like(spent[:, i], shape), work.repeats)
                for i, work in enumerate(self._work)
            ),
        )

    def native(self) -> _core.StepTime:
        """Return the same function as an object of the native core."""
        experts, own = self.deployment.model.experts, self.efficiency
        host = weights(prefills=own.sequence_s, decodes=own.sequence_s)
        costs = _merged(self._costs)
        operators = _core.roofline_time(
            np.concatenate([cost.compute for cost in costs]),
            np.concatenate([cost.memory for cost in costs]),
            np.array([cost.latency for cost in costs]),
            np.array([float(cost.per_sequence) for cost in costs]),
            np.array([cost.repeats for cost in costs]),
            float(experts.count if experts else 0),
            float(experts.chosen if experts else 0),
        )
        return _core.sum_time([operators, _core.affine_time(own.step_s, host)])

    @cached_property
    def _work(self) -> tuple[Work, ...]:
        return forward_work(self.deployment)

    @cached_property
    def _repeats(self) -> Floats:
        return np.array([float(work.repeats) for work in self._work])

    @cached_property
    def _costs(self) -> tuple[_Cost, ...]:
        own = self.efficiency
        fixed = {"link": own.collective_s, "gap": own.layer_s}
        costs = []
        for work in self._work:
            compute, memory, link = peak_seconds(self.deployment, work, own.imbalance)
            costs.append(
                _Cost(
                    compute / own.compute,
                    memory / own.memory + link / own.link,
                    fixed.get(work.kind, 0.0),
                    float(work.repeats),
                    work.per_sequence,
                )
            )
        return tuple(costs)

    def _spent(self, shape: Shape) -> Floats:
        """Return the seconds of one execution of each operator, shape (steps, operators)."""
        rows = feature_rows(shape, self.deployment.model.experts)
        compute = np.stack([cost.compute for cost in self._costs], axis=1)
        memory = np.stack([cost.memory for cost in self._costs], axis=1)
        latency = np.array([cost.latency for cost in self._costs])
        spent = np.maximum(rows @ compute, rows @ memory) + latency
        tokens, sequences = rows @ TOKENS > 0, rows @ SEQUENCES > 0
        runs = [sequences if cost.per_sequence else tokens for cost in self._costs]
        return np.where(np.stack(runs, axis=1), spent, 0.0)


@dataclass(frozen=True, slots=True)
class _Cost:
    """Seconds per feature that an operator computes and moves, and what else it takes."""

    compute: Floats
    memory: Floats
    latency: float
    repeats: float
    per_sequence: bool


def _merged(costs: tuple[_Cost, ...]) -> list[_Cost]:
    """Return the same in fewer operators: those that compute nothing are linear and add up."""
    merged = [cost for cost in costs if cost.compute.any()]
    for per_sequence in (False, True):
        linear = [
            cost for cost in costs if not cost.compute.any() and cost.per_sequence == per_sequence
        ]
        if linear:
            memory = np.sum([cost.repeats * cost.memory for cost in linear], axis=0)
            latency = sum(cost.repeats * cost.latency for cost in linear)
            merged.append(_Cost(linear[0].compute, memory, latency, 1.0, per_sequence))
    return merged


def peak_seconds(
    deployment: Deployment, work: Work, imbalance: float = 1.0
) -> tuple[Floats, Floats, Floats]:
    """Return what an operator takes at peak rates of computation, memory and links.

    Each as seconds per feature of the step, shape (12,); layers with experts take `imbalance`
    times as long.
    """
    gpu, factor = deployment.gpu, imbalance if work.name == "experts" else 1.0
    return (
        factor * work.flops / gpu.peak(computed_in(deployment, work)),
        factor * work.moved_bytes / gpu.bandwidth_bytes_per_s,
        work.link_bytes / gpu.link_bytes_per_s,
    )


def computed_in(deployment: Deployment, work: Work) -> str:
    """Return the number format that an operator computes in.

    Matrices of 8 bits and 4-bit floats are multiplied as they are, 4-bit integers are expanded.
    """
    weights = dtype_name(deployment.weight_dtype)
    if work.kind == "matrix" and work.name != "lm_head" and weights != "int4":
        return weights
    return deployment.activation_dtype


def like(values: Floats, shape: Shape) -> Value:
    """Return values in the form of the shape's fields: a number, or an array."""
    form = np.broadcast_shapes(*(np.shape(getattr(shape, f.name)) for f in fields(shape)))
    if form == ():
        return float(values[0])
    return np.broadcast_to(values, (int(np.prod(form)),)).reshape(form)
