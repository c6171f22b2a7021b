"""Policies that decide everything, oddly, and always alike."""

from __future__ import annotations

from typing import Any

import numpy as np

from headway.serving.engine import Policy
from headway.serving.step_time import Shape


class LongestFirst(Policy):
    name = "longest first"

    def key(self, requests: Any) -> np.ndarray:
        return -requests.prompt_tokens.astype(np.float64)


class Choosy(Policy):
    """Skips some, prefers what is cached, and takes the last first."""

    name = "choosy"

    def admit(self, view: Any) -> list[int]:
        waiting = view.waiting
        ranks = zip((-waiting.cached_tokens).tolist(), (-waiting.ids).tolist(), strict=True)
        order = [-number for _, number in sorted(ranks)]
        return [i for i in order if (i + view.n_steps) % 3] or order[:1]


class Sparing(Policy):
    name = "sparing"

    def budget(self, view: Any) -> int:
        return 1 + (7 * view.n_steps + len(view.waiting.ids)) % 11


class Harsh(Policy):
    """Takes from the one that has most, be it the one that asks."""

    name = "harsh"

    def victim(self, view: Any, grower: int) -> int:
        running = view.running
        return int(running.ids[int(np.argmax(running.computed_tokens + (running.ids % 3)))])


class Busy(Policy):
    """Has work of its own, more while requests speak, until it is done."""

    name = "busy"

    def __init__(self) -> None:
        self.left = 100.0

    def fill(self, view: Any, shape: Shape) -> tuple[float, float]:
        tokens = min(self.left, view.budget_left, 2.0 + float(shape.decodes))
        self.left -= tokens
        return tokens, tokens * 3


class Learner(Policy):
    """Remembers answers and admits as many as it has heard."""

    name = "learner"

    def __init__(self) -> None:
        self.heard: list[tuple[int, int]] = []

    def finished(self, request: int, output_tokens: int) -> None:
        self.heard.append((request, output_tokens))

    def admit(self, view: Any) -> list[int]:
        return view.waiting.ids.tolist()[: 1 + sum(tokens for _, tokens in self.heard) % 4]


class Everything(Choosy, Sparing, Harsh, Busy):
    name = "everything"


POLICIES = (LongestFirst, Choosy, Sparing, Harsh, Busy, Learner, Everything)
