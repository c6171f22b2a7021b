"""Prefills that take as long as a step of an engine."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import groupby

import numpy as np

from headway import _core
from headway.serving.prefill.work import Load, Number, Operators
from headway.serving.step_time import FIELDS, Shape, StepTime

_COLUMNS = [
    FIELDS.index(name)
    for name in ("prefill_tokens", "prefills", "prefill_context", "prefill_pairs", "sequences")
]
"""Places of what a load says among the fields of a shape; every prompt emits a token."""


@dataclass(frozen=True)
class StepWork:
    """What a pass of prefills costs, by a model of step times.

    Parameters
    ----------
    step_time
        Such as a roofline, or measured layers. One that does not tell its operators can only be cut
        between passes.

    Examples
    --------
    >>> from headway.serving.hardware import Deployment, Gpu
    >>> from headway.serving.models import LanguageModel
    >>> from headway.serving.step_time import Roofline
    >>> llama = Deployment(LanguageModel.named("llama-3.1-8b"), Gpu.named("h100"))
    >>> work = StepWork(Roofline(llama))
    >>> round(work.seconds(Load.of(8000)), 3), work.operators(Load.of(8000)).layers
    (0.234, 32)
    """

    step_time: StepTime

    def seconds(self, load: Load) -> Number:
        """Return seconds of a pass, or of as many passes as the load has entries."""
        if self._native is None:
            return self.step_time.seconds(_shape(load))
        # For one batch, a roofline in Python takes twenty times as long as the native one.
        rows = np.zeros((np.size(load.tokens), len(FIELDS)))
        rows[:, _COLUMNS] = np.stack([*load, load.prefills], axis=-1)
        spent = self._native.seconds(rows.ravel())
        return spent if isinstance(load.tokens, np.ndarray) else float(spent[0])

    def operators(self, load: Load) -> Operators:
        """Return the operators of one pass.

        If there are layers of several kinds, those of the last kind are told once and the others
        one by one, before them.
        """
        groups = [
            (repeats, tuple(float(operator.seconds) for operator in group))
            for repeats, group in groupby(
                self.step_time.operators(_shape(load)), key=lambda operator: operator.repeats
            )
        ]
        last = max((k for k, (repeats, _) in enumerate(groups) if repeats > 1), default=len(groups))
        layers, layer = groups[last] if last < len(groups) else (0, ())
        before = [s for repeats, seconds in groups[:last] for s in seconds * repeats]
        after = [s for _, seconds in groups[last + 1 :] for s in seconds]
        return Operators(tuple(before), layer, layers, tuple(after))

    @cached_property
    def _native(self) -> _core.StepTime | None:
        return self.step_time.native()


def _shape(load: Load) -> Shape:
    return Shape(
        prefill_tokens=load.tokens,
        prefills=load.prefills,
        prefill_context=load.context,
        prefill_pairs=load.pairs,
        sequences=load.prefills,
    )
