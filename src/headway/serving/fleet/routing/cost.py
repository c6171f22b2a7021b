"""What a prompt costs an engine, for routers that weigh seconds against seconds."""

from __future__ import annotations

from headway import _core
from headway.serving.fleet.view import Floats, Ints
from headway.serving.step_time import Affine, Shape, StepTime, as_native

REFERENCE = Affine(
    0.010635,
    {
        "prefills": 0.0660 - 0.010635,
        "prefill_tokens": 57.02e-6,
        "prefill_pairs": 2 * 4.406e-9,
        "decodes": 0.000419,
        "decode_context": 1.42e-7,
    },
)
"""Steps of one deployment, where none of one's own is at hand.

Its prompts of k thousand tokens take 0.0660 + 0.05702 k + 0.004406 k² seconds, its decode steps
0.010635 + 0.000419 a sequence + 1.42e-7 a token of context: the defaults of the program scheduling
of vLLM's router.
"""


class PromptCost:
    """How long prompts take alone.

    Parameters
    ----------
    step_time
        Of the engines; one with a native form is much faster.
    """

    def __init__(self, step_time: StepTime) -> None:
        self._native = as_native(step_time)

    def seconds(self, prompt_tokens: int, cached: Ints) -> Floats:
        """Return the seconds that a prompt takes.

        Parameters
        ----------
        prompt_tokens
            Its length.
        cached
            Tokens of it that are in the cache, on each engine; shape (n,).

        Returns
        -------
        NDArray
            Shape (n,); 0 where nothing is left to compute.
        """
        return _core.prompt_seconds(self._native, prompt_tokens, cached)


def decode_s(step_time: StepTime, sequences: int = 32, context: int = 1000) -> float:
    """Return what a token of an answer costs: a sequence's part of a step of so many."""
    batch = Shape(
        decodes=float(sequences),
        decode_context=float(sequences * context),
        decode_longest=float(context),
        sequences=float(sequences),
    )
    return float(step_time.seconds(batch)) / sequences
