"""Step times from measured kernels: matrix products, attention, experts and sums over GPUs."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Self

import numpy as np

from headway import _core
from headway.errors import ConfigError, UnsupportedError
from headway.serving.hardware import Deployment
from headway.serving.models import GroupedAttention
from headway.serving.step_time.host import fitted_host
from headway.serving.step_time.interpolation import Curve, Grid
from headway.serving.step_time.kernel_curves import (
    all_reduce_curve,
    decode_grid,
    experts_curve,
    matrix_curve,
    moving_curve,
    prefill_grid,
)
from headway.serving.step_time.kernel_files import Kernels
from headway.serving.step_time.layer_tables import attention_seconds
from headway.serving.step_time.protocol import Operator, StepTime
from headway.serving.step_time.samples import Samples
from headway.serving.step_time.shape import Shape, Value, weights
from headway.serving.step_time.work import forward_work


@dataclass(frozen=True)
class Part:
    """One operator, measured or estimated.

    Parameters
    ----------
    name
        As in ``qkv_proj``.
    repeats
        How often it runs in a step.
    per_sequence
        Whether its curve is over sequences that emit a token; else over tokens.
    curve
        Seconds of one execution; None for attention, whose seconds are on the grids.
    """

    name: str
    repeats: int
    per_sequence: bool
    curve: Curve | None


@dataclass(frozen=True)
class KernelTables(StepTime):
    """A forward pass put together from kernels that were measured one by one.

    Where a kernel was measured, its time over that of a roofline is interpolated linearly in the
    logarithms of all its sizes, and beyond them kept: so the roofline extrapolates. What was not
    measured - norms, activations, rotations - moves its bytes at 80 % of the bandwidth after 3 µs.

    Parameters
    ----------
    parts
        Operators in order of execution.
    prefill, decode
        Seconds of attention in one layer on grids of chunk, context, decodes and context of a
        decode: one of prefills alone, one of decodes alone.
    step_overhead_s, sequence_overhead_s
        Time of the host per step and per segment.

    References
    ----------
    NVIDIA, "AIConfigurator", 2025.
    """

    parts: tuple[Part, ...]
    prefill: Grid
    decode: Grid
    step_overhead_s: float = 0.5e-3
    sequence_overhead_s: float = 0.0

    def __post_init__(self) -> None:
        for name in ("step_overhead_s", "sequence_overhead_s"):
            if not 0 <= getattr(self, name) < np.inf:
                raise ConfigError(f"{name}: expected seconds, got {getattr(self, name)}")

    @classmethod
    def of(
        cls,
        deployment: Deployment,
        kernels: Kernels | None = None,
        *,
        step_overhead_s: float = 0.5e-3,
        sequence_overhead_s: float = 0.0,
    ) -> Self:
        """Return the step time of a deployment from measured kernels.

        Parameters
        ----------
        deployment
            Model, GPU, how many and in which number formats.
        kernels
            Those of the installed package aiconfigurator-core for this GPU under vLLM, by default.
        step_overhead_s, sequence_overhead_s
            See the class.

        Raises
        ------
        MissingExtraError
            If the package is not installed.
        UnknownNameError
            If it holds nothing of this GPU.
        UnsupportedError
            If the model has latent attention.
        ConfigError
            If no matrix product was measured in the number format of the weights.
        """
        if not isinstance(deployment.model.attention, GroupedAttention):
            raise UnsupportedError(
                f"{deployment.model.name}: kernels of latent attention are not put together;"
                " use a roofline"
            )
        own = kernels if kernels is not None else Kernels.of(deployment.gpu.name)
        parts = []
        for work in forward_work(deployment):
            curve = None
            if work.name == "all_reduce":
                curve = all_reduce_curve(deployment, own)
            elif work.name == "experts":
                curve = experts_curve(deployment, own, work)
            elif work.kind == "matrix":
                curve = matrix_curve(deployment, own, work)
            elif work.kind != "attention":
                curve = moving_curve(deployment, work)
            parts.append(Part(work.name, work.repeats, work.per_sequence, curve))
        return cls(
            tuple(parts),
            prefill_grid(deployment, own),
            decode_grid(deployment, own),
            step_overhead_s,
            sequence_overhead_s,
        )

    def fit(self, samples: Samples) -> Self:
        """Return the same kernels with the host's time, per step and segment, fitted to steps."""
        bare = replace(self, step_overhead_s=0.0, sequence_overhead_s=0.0)
        step_s, sequence_s = fitted_host(bare, samples)
        return replace(self, step_overhead_s=step_s, sequence_overhead_s=sequence_s)

    def on(self, deployment: Deployment | None) -> Self:  # noqa: ARG002 - one fits all
        """Return the step time itself: it is of one deployment."""
        return self

    def seconds(self, shape: Shape) -> Value:
        """Return the duration of a step in seconds."""
        segments = shape.prefills + shape.decodes
        total = (
            _of(self._all_tokens, shape.tokens)
            + self._layers * attention_seconds(self.prefill, 0.0, shape)
            + self._layers * attention_seconds(self.decode, 0.0, shape)
            + _of(self._all_sequences, shape.sequences)
            + (self.step_overhead_s + self.sequence_overhead_s * segments)
        )
        return total if np.ndim(total) else float(total)

    def operators(self, shape: Shape) -> tuple[Operator, ...]:
        """Return the operators in order of execution, the host's time first."""
        segments = shape.prefills + shape.decodes
        host = self.step_overhead_s + self.sequence_overhead_s * segments
        attention = attention_seconds(self.prefill, 0.0, shape)
        attention = attention + attention_seconds(self.decode, 0.0, shape)
        done = [Operator("host", host)]
        for part in self.parts:
            spent: Value = attention
            if part.curve is not None:
                spent = _of(part.curve, shape.sequences if part.per_sequence else shape.tokens)
            done.append(Operator(part.name, spent, part.repeats))
        return tuple(done)

    def native(self) -> _core.StepTime:
        """Return the same function as an object of the native core."""
        tokens, sequences = self._all_tokens, self._all_sequences
        terms = [
            _core.curve_time(
                weights(prefill_tokens=1, decodes=1, extra_tokens=1), tokens.points, tokens.values
            ),
            _core.curve_time(weights(sequences=1), sequences.points, sequences.values),
            _core.affine_time(
                self.step_overhead_s, weights(prefills=1, decodes=1) * self.sequence_overhead_s
            ),
        ]
        for grid in (self.prefill, self.decode):
            chunk, context, decodes, decode_context = grid.axes
            values = np.ravel(grid.values) * self._layers
            terms.append(_core.attention_time(chunk, context, decodes, decode_context, values, 0.0))
        return _core.sum_time(terms)

    @cached_property
    def _layers(self) -> int:
        return sum(part.repeats for part in self.parts if part.curve is None)

    @cached_property
    def _all_tokens(self) -> Curve:
        return self._summed(per_sequence=False)

    @cached_property
    def _all_sequences(self) -> Curve:
        return self._summed(per_sequence=True)

    def _summed(self, *, per_sequence: bool) -> Curve:
        return Curve.sum(
            (part.repeats, part.curve)
            for part in self.parts
            if part.curve is not None and part.per_sequence == per_sequence
        )


def _of(curve: Curve, value: Value) -> Value:
    """Return a curve's value, 0 where there is nothing to do."""
    return np.where(np.asarray(value) > 0, curve(value), 0.0)
