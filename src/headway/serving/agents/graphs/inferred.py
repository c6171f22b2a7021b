"""Graphs learned from the steps and tools of programs that have been seen."""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Iterator

from headway.errors import ConfigError
from headway.serving.agents.graphs.forecast import UNKNOWN, Forecast
from headway.serving.agents.programs import NO_TOOL
from headway.serving.agents.tools import LatencyFit

END = -2
"""What follows the last step."""

KINDS, TOOLS, STAGES = 1000, 64, 16
"""Kinds of programs, tools and stages that are told apart."""

Counts = dict[int, float]


def stage_of(step: int) -> int:
    """Return in which stage a step lies: 0, 1, 2 to 3, 4 to 7 and so on."""
    return min(step.bit_length(), STAGES - 1)


class _Mean:
    """Exponential moving average that begins as a plain one."""

    def __init__(self, rate: float = 0.02) -> None:
        self._rate = rate
        self.n = 0
        self.value = math.nan

    def observe(self, value: float) -> None:
        self.n += 1
        before = 0.0 if self.n == 1 else self.value
        self.value = before + max(self._rate, 1 / self.n) * (value - before)


class _Kind:
    """What was seen of programs of one kind."""

    def __init__(self) -> None:
        self.finished = 0
        self.calls: dict[tuple[int, int], Counts] = {}
        """What followed a tool in a stage; stage -1 stands for all, tool `END` for all of them."""
        self.passed = [0.0] * STAGES
        self.ended = [0.0] * STAGES
        self.step_s = _Mean()
        self.grown = _Mean()
        self.by_tool: dict[int, tuple[LatencyFit, _Mean]] = {}

    def tool(self, tool: int) -> tuple[LatencyFit, _Mean]:
        return self.by_tool.setdefault(tool, (LatencyFit(), _Mean()))


class Inferred:
    """Counts what followed which tool at which stage, by kind of program.

    Probabilities are shrunk towards those of a coarser state, (stage, tool) to tool to anything,
    as if `strength` observations of that had been made; that of the end at each stage towards the
    one of all stages. A kind is cold until `cold` of its programs have ended.

    Parameters
    ----------
    confidence
        A next tool that is less probable is not foreseen.
    cold
        Programs of a kind that must have ended.
    strength
        Of the shrinkage, observations.

    Notes
    -----
    O(tools) for a forecast, O(1) to learn. At most `KINDS` kinds are remembered, the one heard of
    longest ago is forgotten; tools beyond the first `TOOLS` of a kind count as one that is not
    known.

    References
    ----------
    SAGA (2026): transitions between types of tools for each type of agent, edges of 0.7 or more,
    30 programs until they count. Stages and shrinkage (MacKay and Peto, "A hierarchical Dirichlet
    language model", 1995) are ours.
    """

    def __init__(self, confidence: float = 0.7, cold: int = 30, strength: float = 5.0) -> None:
        if not 0 <= confidence <= 1 or cold < 1 or not strength > 0:
            raise ConfigError(
                "inferred graphs: expected confidence from 0 to 1, cold from 1 on, strength above 0"
            )
        self._confidence, self._cold, self._strength = confidence, cold, strength
        self._kinds: OrderedDict[int, _Kind] = OrderedDict()

    def stepped(self, kind: int, step_s: float) -> None:
        """Learn how long a step took on an engine."""
        self._of(kind).step_s.observe(step_s)

    def followed(self, kind: int, step: int, tool: int, then: int) -> None:
        """Learn that `then` was called by the step after the `step`-th, which had called `tool`.

        Steps are counted from 0; `then` is `END` if there was none.
        """
        seen = self._of(kind)
        stage = stage_of(step)
        seen.passed[stage] += 1
        if then == END:
            seen.finished += 1
            seen.ended[stage] += 1
            return
        tool, then = self._known(seen, tool), self._known(seen, then)
        for state in ((stage, tool), (-1, tool), (-1, END)):
            counts = seen.calls.setdefault(state, {})
            counts[then] = counts.get(then, 0.0) + 1

    def resumed(self, kind: int, tool: int, after_s: float, grown_tokens: int) -> None:
        """Learn how long a tool ran and what it added to the prompt."""
        seen = self._of(kind)
        seen.grown.observe(grown_tokens)
        latency, grown = seen.tool(self._known(seen, tool))
        latency.observe(after_s)
        grown.observe(grown_tokens)

    def is_cold(self, kind: int) -> bool:
        """Return whether too little has been seen of a kind."""
        return kind not in self._kinds or self._kinds[kind].finished < self._cold

    def forecast(self, kind: int, step: int, tool: int) -> Forecast:
        """Return what is expected after the `step`-th step, which has called `tool`."""
        if self.is_cold(kind):
            return UNKNOWN
        seen = self._of(kind)
        tool = self._known(seen, tool)
        latency, grown = seen.tool(tool)
        steps_left = self._steps_left(seen, step)
        next_tool, probability = max(
            self._tools(seen, stage_of(step), tool),
            key=lambda one: (one[1], -one[0]),
            default=(NO_TOOL, 0.0),
        )
        is_known = latency.calls > 1 and latency.sigma > 0
        return Forecast(
            "inferred",
            returns=1 - self._ends(seen, stage_of(step)),
            next_tool=next_tool if probability >= self._confidence else NO_TOOL,
            steps_left=steps_left,
            work_left_s=steps_left * seen.step_s.value,
            grown_tokens=grown.value if grown.n else seen.grown.value,
            mu=latency.mu if is_known else math.nan,
            sigma=latency.sigma if is_known else math.nan,
        )

    def _of(self, kind: int) -> _Kind:
        seen = self._kinds.pop(kind, None) or _Kind()
        self._kinds[kind] = seen
        if len(self._kinds) > KINDS:
            self._kinds.popitem(last=False)
        return seen

    def _known(self, seen: _Kind, tool: int) -> int:
        is_known = tool in seen.by_tool or len(seen.by_tool) < TOOLS
        return tool if tool == NO_TOOL or is_known else NO_TOOL

    def _ends(self, seen: _Kind, stage: int) -> float:
        """Return the probability that a step of a stage is the last."""
        mean = seen.finished / max(sum(seen.passed), 1.0)
        weight = self._strength
        return (seen.ended[stage] + weight * mean) / (seen.passed[stage] + weight)

    def _steps_left(self, seen: _Kind, step: int) -> float:
        """Return the expected number of steps after one, stage by stage."""
        left, reached = 0.0, 1.0
        for stage in range(stage_of(step), STAGES):
            goes_on = 1 - self._ends(seen, stage)
            last = (1 << stage) - 1
            if stage == STAGES - 1:
                return left + reached * goes_on / (1 - goes_on)
            steps = last - max(step, last // 2 + 1 if stage else 0) + 1
            reached_then = reached * goes_on**steps
            left += goes_on * (reached - reached_then) / (1 - goes_on)
            reached = reached_then
            if reached < 1e-6:
                break
        return left

    def _tools(self, seen: _Kind, stage: int, tool: int) -> Iterator[tuple[int, float]]:
        """Yield tools and their probabilities in the next step, if there is one."""
        states = ((-1, END), (-1, tool), (stage, tool))
        chain = [seen.calls.get(state, {}) for state in states]
        totals = [sum(counts.values()) for counts in chain]
        for then in chain[0]:
            if then == NO_TOOL:
                continue
            probability = 1 / max(len(chain[0]), 1)
            for counts, total in zip(chain, totals, strict=True):
                weight = self._strength
                probability = (counts.get(then, 0.0) + weight * probability) / (total + weight)
            yield then, probability
