"""Steps that replay captured graphs: padded to the next captured size, and launched at once."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from headway import _core
from headway.errors import ConfigError
from headway.serving.step_time.protocol import Operator, StepTime
from headway.serving.step_time.shape import Floats, Shape, Value

VLLM_SIZES = (1, 2, 4, *range(8, 257, 8), *range(272, 513, 16))
"""The numbers of tokens that vLLM captures graphs for by default."""


@dataclass(frozen=True)
class Padded(StepTime):
    """A step time whose small batches run as captured graphs.

    A batch of no more tokens than the largest graph is padded to the next captured number of
    tokens, by decodes without context, and pays one launch; a larger one pays the launch of each of
    its kernels.

    Parameters
    ----------
    inner
        What the padded batch takes, launches not counted.
    sizes
        Captured numbers of tokens, ascending.
    graph_s
        Launch of a graph.
    eager_s
        Launches of all kernels of a step, as far as the GPU waits for them.

    Raises
    ------
    ConfigError
        If sizes do not ascend from at least 1, a time is negative, or `inner` is padded itself.

    Examples
    --------
    >>> from headway.serving.step_time import Affine
    >>> time = Padded(Affine(0.0, {"decodes": 1e-3}), sizes=(8, 16), eager_s=0.5)
    >>> [time.seconds(Shape.of(decodes=[10] * n)) for n in (1, 8, 9, 17)]
    [0.008, 0.008, 0.016, 0.517]
    """

    inner: StepTime
    sizes: tuple[int, ...] = VLLM_SIZES
    graph_s: float = 0.0
    eager_s: float = 0.0

    def __post_init__(self) -> None:
        if isinstance(self.inner, Padded):
            raise ConfigError("inner: what is padded cannot be padded again")
        if not self.sizes or self.sizes[0] < 1 or list(self.sizes) != sorted(set(self.sizes)):
            raise ConfigError("sizes: expected ascending numbers of tokens, at least one")
        for name in ("graph_s", "eager_s"):
            if not 0 <= getattr(self, name) < np.inf:
                raise ConfigError(f"{name}: expected seconds, got {getattr(self, name)}")

    def seconds(self, shape: Shape) -> Value:
        """Return the duration of a step in seconds."""
        padded, launch = self._padded(shape)
        total = self.inner.seconds(padded) + launch
        return total if np.ndim(total) else float(total)

    def operators(self, shape: Shape) -> tuple[Operator, ...]:
        """Return the launch, and the operators of the padded batch."""
        padded, launch = self._padded(shape)
        return (Operator("launch", launch), *self.inner.operators(padded))

    def native(self) -> _core.StepTime | None:
        """Return the same function as an object of the native core; None if `inner` has none."""
        inner = self.inner.native()
        if inner is None:
            return None
        sizes = np.array(self.sizes, np.float64)
        return _core.padded_time(inner, sizes, self.graph_s, self.eager_s)

    def _padded(self, shape: Shape) -> tuple[Shape, Value]:
        sizes = np.array(self.sizes, np.float64)
        tokens = np.asarray(shape.tokens, np.float64)
        index = np.minimum(np.searchsorted(sizes, tokens, side="left"), len(sizes) - 1)
        captured = (tokens > 0) & (tokens <= sizes[-1])
        more: Floats = np.where(captured, sizes[index] - tokens, 0.0)
        launch: Floats = np.where(captured, self.graph_s, np.where(tokens > 0, self.eager_s, 0.0))
        if not np.ndim(tokens):
            return replace(shape, decodes=shape.decodes + float(more)), float(launch)
        return replace(shape, decodes=shape.decodes + more), launch
