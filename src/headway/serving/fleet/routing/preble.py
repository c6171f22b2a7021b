"""Prefixes where they are if that saves half of the prompt, else where it costs least."""

from __future__ import annotations

import numpy as np

from headway.errors import ConfigError
from headway.serving.fleet.lessons import Lessons
from headway.serving.fleet.routing.cost import REFERENCE, PromptCost, decode_s
from headway.serving.fleet.routing.prefix import CAPACITY, SentPrompts
from headway.serving.fleet.routing.scorer import Scorer
from headway.serving.fleet.view import ClusterView, Floats, RequestView
from headway.serving.fleet.window import SlidingSum
from headway.serving.step_time import StepTime

OUTPUT_TOKENS = 45
"""Length that answers are reckoned with."""


class Preble(Scorer):
    """Exploit a prefix that is most of the prompt, else explore by cost.

    An engine that was sent more than a share of the prompt before beats all that were not; of
    these, the longest prefix wins, then the least work of late. All others are compared by the
    seconds of work that they were sent of late and those that this prompt would add.

    Parameters
    ----------
    step_time
        What prompts and tokens cost.
    threshold
        Share of the prompt, from 0 to 1.
    window_s
        How long work counts that an engine was sent.
    capacity
        Blocks that the index of prefixes remembers.

    Raises
    ------
    ConfigError
        If the threshold is not from 0 to 1, or the window not positive.

    Notes
    -----
    Preble also charges what a prompt evicts; a gateway that does not hear of evictions cannot.

    References
    ----------
    Srivatsa et al. (2024), "Preble: Efficient Distributed Prompt Scheduling for LLM Serving"; the
    window and the length of answers are those of AIBrix (2025).
    """

    name = "preble"

    def __init__(
        self,
        step_time: StepTime = REFERENCE,
        *,
        threshold: float = 0.5,
        window_s: float = 180.0,
        capacity: int = CAPACITY,
    ) -> None:
        if not 0 <= threshold <= 1:
            raise ConfigError(f"threshold: expected 0 to 1, got {threshold}")
        self._cost = PromptCost(step_time)
        self._threshold = threshold
        self._prompts = SentPrompts(capacity)
        self._work = SlidingSum(window_s)
        self._token_s = decode_s(step_time)

    def score(self, cluster: ClusterView, request: RequestView) -> Floats:
        """Return a rank: its whole part is the prefix if it is exploited, the rest is the cost."""
        matched = self._prompts.tokens(cluster, request)
        exploits = matched > self._threshold * request.prompt_tokens
        cost = self._work.total(cluster.now_s, len(cluster.engines))
        if np.count_nonzero(exploits) < len(exploits):
            cost += ~exploits * self._cost.seconds(request.prompt_tokens, matched)
        # The last token is never cached: of a whole prompt, the last block is not quite.
        blocks = -(-matched // max(request.block_tokens, 1))
        rank: Floats = cost / (1 + np.maximum.reduce(cost)) - exploits * blocks
        return rank

    def sent(self, cluster: ClusterView, request: RequestView, engine: int) -> None:
        """Add what the request costs the engine, and note the blocks of its prompt."""
        answer_s = min(OUTPUT_TOKENS, request.limit_tokens) * self._token_s
        prompt_s = 0.0
        if request.stage == "first":
            matched = self._prompts.tokens(cluster, request)[engine : engine + 1]
            prompt_s = float(self._cost.seconds(request.prompt_tokens, matched)[0])
        self._work.add(cluster.now_s, engine, prompt_s + answer_s)
        self._prompts.add(cluster, request, engine)

    def learned(self, lessons: Lessons) -> None:
        """Add what requests of others cost, and note the blocks of their prompts."""
        sent, matched = lessons.sent, self._prompts.matched(lessons)
        rows = (sent.engine.tolist(), sent.prompt_tokens.tolist(), sent.limit_tokens.tolist())
        for row, (engine, prompt, limit) in enumerate(zip(*rows, strict=True)):
            prompt_s = float(self._cost.seconds(prompt, matched[row : row + 1])[0])
            answer_s = min(OUTPUT_TOKENS, limit) * self._token_s
            self._work.add(lessons.at_s, engine, prompt_s + answer_s)

    def gone(self, engine: int, at_s: float) -> None:
        """Forget what it was sent, and the work that this was."""
        self._prompts.forget(engine)
        self._work.clear(engine)
