"""How long requests are: by laws, or in pairs drawn from a trace."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from headway.errors import ConfigError
from headway.serving.workload.columns import LARGEST, Int64s
from headway.serving.workload.requests import Workload
from headway.simulate import Law

PAIRS = {
    "distribution-1": ("integers(32, 4096)", "integers(2048, 4096)"),
    "distribution-2": ("integers(3000, 5000)", "integers(3000, 5000)"),
    "distribution-3": ("integers(2048, 4096)", "integers(32, 4096)"),
}
"""Laws of prompts and outputs by name: the uniform ones of the Past-Future scheduler's study.

Gong, Bai, Wu, Fan and others (2025), "Past-Future scheduler for LLM serving under SLA guarantees",
ASPLOS.
"""


class LengthSource(Protocol):
    """Where lengths come from."""

    def draw(self, rng: np.random.Generator, n: int) -> tuple[Int64s, Int64s]:
        """Return prompts and outputs of `n` requests in tokens, shape (n,) each."""
        ...


@dataclass(frozen=True, slots=True)
class ByLaw:
    """Prompts and outputs by laws of their own, rounded, at least 1 token."""

    prompt: Law
    output: Law

    def draw(self, rng: np.random.Generator, n: int) -> tuple[Int64s, Int64s]:
        """Return prompts and outputs of `n` requests in tokens, shape (n,) each.

        Raises
        ------
        ConfigError
            If one is longer than any request can be.
        """
        return whole(self.prompt, rng, n), whole(self.output, rng, n)


@dataclass(frozen=True, slots=True, eq=False)
class Paired:
    """Pairs of prompt and output drawn from a trace, with replacement."""

    trace: Workload

    def draw(self, rng: np.random.Generator, n: int) -> tuple[Int64s, Int64s]:
        """Return prompts and outputs of `n` requests in tokens, shape (n,) each."""
        chosen = rng.integers(0, len(self.trace), n)
        prompt, output = self.trace.prompt_tokens[chosen], self.trace.output_tokens[chosen]
        return prompt.astype(np.int64), output.astype(np.int64)


@dataclass(frozen=True, slots=True)
class Limited:
    """Lengths whose outputs end at a limit."""

    source: LengthSource
    limit_tokens: int

    def draw(self, rng: np.random.Generator, n: int) -> tuple[Int64s, Int64s]:
        """Return prompts and outputs of `n` requests in tokens, shape (n,) each."""
        prompt, output = self.source.draw(rng, n)
        return prompt, np.minimum(output, self.limit_tokens)


def whole(law: Law, rng: np.random.Generator, n: int, least: int = 1) -> Int64s:
    """Return `n` draws of a law, rounded, none below `least`, shape (n,).

    Raises
    ------
    ConfigError
        If one is above `LARGEST`.
    """
    values = np.maximum(np.rint(law.draw(rng, n)), least)
    if n and not values.max() <= LARGEST:
        raise ConfigError(f"law {law} gives {values.max():.3g}: more than {LARGEST}")
    return values.astype(np.int64)
