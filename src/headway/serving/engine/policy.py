"""What steers an engine: a class with a method for each decision that may be taken otherwise."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from headway.serving.engine.visible import Floats, Ints, View, Visible
from headway.serving.step_time import Shape


class Policy:
    """Decisions of an engine; override those that are yours.

    What is not overridden is decided by the engine itself, in native code, as vLLM does it. A
    policy never sees how long an answer will be; one that must know it says ``clairvoyant = True``,
    and so do the tables that name it. It may keep state of its own.
    """

    name: str = "vllm"
    """What tables call it."""

    every: int = 1
    """It is asked whom to admit in every so many steps at most, unless nobody runs."""

    clairvoyant: ClassVar[bool] = False
    """Whether it sees the length of answers to come."""

    def key(self, requests: Visible) -> Floats:
        """Return the order of the queue, smallest first, once for all requests; shape (n,).

        Ties go to the request that comes first in the workload. A preempted request returns to the
        queue with the same key.
        """
        return requests.arrival_s

    def admit(self, view: View) -> Sequence[int] | Ints:
        """Return who of the waiting may be tried now, in order.

        Asked at most once a step, when somebody waits, tokens are left and a sequence more is
        allowed. The engine admits them one after another and stops at the first that does not fit.
        """
        return view.waiting.ids

    def budget(self, view: View) -> int:
        """Return how many tokens this step may have, within the engine's own budget."""
        return view.budget_left

    def victim(self, view: View, grower: int) -> int:
        """Return which running request gives its blocks back so that `grower` can go on.

        It may be the grower itself, which then waits.
        """
        del grower
        return int(view.running.ids[-1])

    def fill(self, view: View, shape: Shape) -> tuple[float, float]:
        """Return the tokens, and their query-key pairs, of work that is no request's.

        They are computed beside the batch of the given shape, which is complete.
        """
        del view, shape
        return 0.0, 0.0

    def finished(self, request: int, output_tokens: int) -> None:
        """Learn from an answer that has come to its end."""
