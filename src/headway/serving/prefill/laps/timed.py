"""Prefills that take as long as a step of an engine."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import groupby

import numpy as np

from headway import _core
from headway.serving.prefill.work import Load, Number, Operators
from headway.serving.step_time import Shape, StepTime, as_native


@dataclass(frozen=True, slots=True)
class StepWork:
    """What a pass of prefills costs, by a model of step times.

    Parameters
    ----------
    step_time
        Such as a roofline, or measured layers.
    """

    step_time: StepTime
    _native: _core.StepTime = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_native", as_native(self.step_time))

    def seconds(self, load: Load) -> Number:
        """Return seconds of a pass, or of as many passes as the load has entries."""
        if np.ndim(load.tokens):
            return self.step_time.seconds(_shape(load))
        tokens, prefills, context, pairs = load
        # One pass: the native form answers far sooner.
        row = [tokens, prefills, context, pairs, 0.0, 0.0, 0.0, prefills, 0.0, 0.0]
        return float(self._native.seconds(np.array(row))[0])

    def operators(self, load: Load) -> Operators:
        """Return the operators of one pass.

        If there are layers of several kinds, those of the last kind are told once, the others one
        by one.
        """
        groups = [
            (repeats, tuple(float(operator.seconds) for operator in group))
            for repeats, group in groupby(
                self.step_time.operators(_shape(load)), key=lambda operator: operator.repeats
            )
        ]
        last = max((k for k, (repeats, _) in enumerate(groups) if repeats > 1), default=len(groups))
        before = [s for repeats, seconds in groups[:last] for s in seconds * repeats]
        layers, layer = groups[last] if last < len(groups) else (0, ())
        after = [s for _, seconds in groups[last + 1 :] for s in seconds]
        return Operators(tuple(before), layer, layers, tuple(after))


def _shape(load: Load) -> Shape:
    return Shape(
        prefill_tokens=load.tokens,
        prefills=load.prefills,
        prefill_context=load.context,
        prefill_pairs=load.pairs,
        sequences=load.prefills,
    )
