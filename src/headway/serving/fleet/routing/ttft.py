"""When a request would get its first token, as far as a gateway can tell."""

from __future__ import annotations

import numpy as np

from headway.serving.fleet.lessons import Lessons
from headway.serving.fleet.routing.backlog import Backlog
from headway.serving.fleet.routing.cost import REFERENCE, PromptCost
from headway.serving.fleet.routing.prefix import CAPACITY, SentPrompts
from headway.serving.fleet.routing.scorer import Scorer
from headway.serving.fleet.view import ClusterView, Floats, RequestView
from headway.serving.fleet.window import SlidingSum
from headway.serving.step_time import StepTime


class LeastTtft(Scorer):
    """Seconds until the first token: what is computed before, or memory, and the prompt itself.

    A request waits for prompts that the engine was sent before it, or, if the blocks that it and
    the queue want are not free, until as much has been given back at the rate of late; of an engine
    from which no request has ended nothing is said against its memory.

    Parameters
    ----------
    step_time
        What prompts cost.
    window_s
        Time over which the rate is taken.
    capacity
        Blocks that the index of prefixes remembers.

    Raises
    ------
    ConfigError
        If the window is not positive.
    """

    name = "least-ttft"

    def __init__(
        self, step_time: StepTime = REFERENCE, *, window_s: float = 60.0, capacity: int = CAPACITY
    ) -> None:
        self._cost = PromptCost(step_time)
        self._prompts = SentPrompts(capacity)
        self._backlog = Backlog()
        self._given_back = SlidingSum(window_s)
        self._prompt_tokens: dict[int, int] = {}
        self._asked: tuple[ClusterView, RequestView, Floats, Floats] | None = None

    def score(self, cluster: ClusterView, request: RequestView) -> Floats:
        """Return the seconds, not to be written to."""
        return self._seconds(cluster, request)[0]

    def sent(self, cluster: ClusterView, request: RequestView, engine: int) -> None:
        """Let the prompt queue where it was sent."""
        self._backlog.add(cluster, engine, float(self._seconds(cluster, request)[1][engine]))
        self._prompts.add(cluster, request, engine)
        self._asked = None
        self._prompt_tokens[request.number] = request.prompt_tokens

    def ended(self, request: int, engine: int, output_tokens: int, at_s: float) -> None:
        """Count the tokens of memory that are given back."""
        held = self._prompt_tokens.pop(request, 0) + output_tokens
        self._given_back.add(at_s, engine, held)
        self._asked = None

    def learned(self, lessons: Lessons) -> None:
        """Let prompts of others queue where they were sent, and count what theirs gave back."""
        at_s, sent, ended = lessons.at_s, lessons.sent, lessons.ended
        matched = self._prompts.matched(lessons)
        rows = (sent.engine.tolist(), sent.prompt_tokens.tolist())
        for row, (engine, prompt) in enumerate(zip(*rows, strict=True)):
            prompt_s = float(self._cost.seconds(prompt, matched[row : row + 1])[0])
            self._backlog.follow(at_s, engine, prompt_s)
        held = (ended.prompt_tokens + ended.output_tokens).tolist()
        for engine, tokens in zip(ended.engine.tolist(), held, strict=True):
            self._given_back.add(at_s, engine, tokens)
        self._asked = None

    def gone(self, engine: int, at_s: float) -> None:
        """Forget what it was sent, and how fast it gave memory back."""
        self._prompts.forget(engine)
        self._given_back.clear(engine)
        self._asked = None

    def _seconds(self, cluster: ClusterView, request: RequestView) -> tuple[Floats, Floats]:
        """Return what it takes to the first token, and what of it is for the prompt itself."""
        asked = self._asked
        if asked is None or asked[0] is not cluster or asked[1] is not request:
            wait_s = np.maximum(self._backlog.seconds(cluster), self._memory_s(cluster, request))
            prompt_s = self._prompt_s(cluster, request)
            self._asked = asked = (cluster, request, wait_s + prompt_s, prompt_s)
        return asked[2:]

    def _prompt_s(self, cluster: ClusterView, request: RequestView) -> Floats:
        if request.stage == "decode":
            return np.zeros(len(cluster.engines))
        matched = self._prompts.tokens(cluster, request)
        return self._cost.seconds(request.prompt_tokens, matched)

    def _memory_s(self, cluster: ClusterView, request: RequestView) -> Floats:
        size = cluster.engines.block_tokens
        short = size * (cluster.wanted_blocks - cluster.free_blocks) + request.prompt_tokens + 1
        if np.maximum.reduce(short) <= 0:
            return np.zeros(len(short))
        rate = self._given_back.rate(cluster.now_s, len(short))
        waits = (short > 0) & (rate > 0)
        return np.where(waits, short / np.where(waits, rate, 1.0), 0.0)
