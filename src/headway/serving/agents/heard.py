"""Answers as a live gateway hears them."""

from __future__ import annotations

from collections import OrderedDict

from headway.serving.agents.idle import Answer
from headway.serving.agents.programs import NO_TOOL
from headway.serving.fleet.decisions import Said

MOST_TOOLS = 1000
"""Names that are told apart; who makes up more is not known by them."""

_REQUESTS = 100_000


class ToolNames:
    """Numbers for the names of tools, in the order in which they were heard of first."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}

    def number(self, name: str) -> int:
        """Return the number of a tool, -1 if there are too many."""
        known = self._numbers.get(name)
        if known is None:
            if len(self._numbers) >= MOST_TOOLS:
                return NO_TOOL
            known = self._numbers[name] = len(self._numbers)
        return known


class Heard:
    """What answers said, from when they are heard until they are asked for; see `Answers`.

    Parameters
    ----------
    tools
        Numbers of the tools.
    """

    def __init__(self, tools: ToolNames | None = None) -> None:
        self._tools = tools or ToolNames()
        self._said: OrderedDict[int, Said] = OrderedDict()

    def hear(self, request: int, said: Said) -> None:
        """Note what the answer to a request has said."""
        self._said[request] = said
        if len(self._said) > _REQUESTS:
            self._said.popitem(last=False)

    def __call__(self, request: int, at_s: float) -> Answer:
        """Return what was heard, once; of several tools that an answer calls, the first counts."""
        said = self._said.pop(request, None)
        if said is None:
            return Answer()
        tool = self._tools.number(said.tools[0]) if said.tools else NO_TOOL
        return Answer(tool, said.is_final)
