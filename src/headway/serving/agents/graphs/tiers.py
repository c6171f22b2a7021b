"""What is known of each program, by the best of what there is: told, learned, or nothing."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from headway.serving.agents.graphs.declared import AgentGraph
from headway.serving.agents.graphs.forecast import UNKNOWN, Forecast
from headway.serving.agents.graphs.inferred import END, Inferred
from headway.serving.agents.programs import NO_TOOL

SESSIONS = 100_000
"""Programs that are remembered."""

IDLE_S = 1800.0
"""A program that was not heard of for so long has ended without a word."""

_NOTHING: Mapping[int, AgentGraph] = MappingProxyType({})


@dataclass(slots=True)
class _Program:
    kind: int
    step: int
    tool: int
    heard_s: float
    graph: AgentGraph | None
    node: int


class Graphs:
    """Follows programs through their graphs.

    A program whose client has declared a graph is foreseen by it, as long as it does what was
    declared; others by what programs of their kind have done, once enough of these have ended;
    the rest not at all.

    Parameters
    ----------
    declared
        Graphs by session; a gateway adds to it when programs begin.
    inferred
        What learns; None for one that never does.
    kinds
        Graphs of kinds of programs, for those without one of their own.

    References
    ----------
    SAGA (2026): explicit hints, pattern inference, cold start.
    """

    def __init__(
        self,
        declared: Mapping[int, AgentGraph] = _NOTHING,
        inferred: Inferred | None = None,
        kinds: Mapping[int, AgentGraph] = _NOTHING,
    ) -> None:
        self._declared = declared
        self._kinds = kinds
        self._inferred = inferred
        self._programs: OrderedDict[int, _Program] = OrderedDict()

    def ended(
        self, session: int, kind: int, tool: int, *, is_final: bool, step_s: float, at_s: float
    ) -> None:
        """Learn that a step has ended, what it calls, and how long it took on an engine."""
        self._expire(at_s)
        before = self._programs.pop(session, None)
        graph = self._graph(session, kind) if before is None else before.graph
        node: int | None = 0
        if graph is not None and before is not None:
            node = graph.follow(before.node, tool)
        if node is None:
            graph = None
        step = 0 if before is None else before.step + 1
        if self._inferred is not None:
            self._inferred.stepped(kind, step_s)
            if before is not None:
                self._inferred.followed(kind, before.step, before.tool, tool)
            if is_final:
                self._inferred.followed(kind, step, tool, END)
        if not is_final:
            self._programs[session] = _Program(kind, step, tool, at_s, graph, node or 0)
            if len(self._programs) > SESSIONS:
                self._gone(self._programs.popitem(last=False)[1])

    def resumed(self, session: int, after_s: float, grown_tokens: int) -> None:
        """Learn that the next step has come, and what the tool has added to its prompt."""
        program = self._programs.get(session)
        if program is not None and self._inferred is not None:
            self._inferred.resumed(program.kind, program.tool, after_s, grown_tokens)

    def forecast(self, session: int, kind: int | None = None) -> Forecast:
        """Return what is expected of a program after the last step that has ended.

        Parameters
        ----------
        session
            The program.
        kind
            Its kind, if none of its steps has ended; then the first step counts as ended.
        """
        program = self._programs.get(session)
        if program is None:
            graph = self._graph(session, kind)
            if graph is not None:
                return graph.forecast(0)
            if kind is None or self._inferred is None:
                return UNKNOWN
            return self._inferred.forecast(kind, 0, NO_TOOL)
        if program.graph is not None:
            return program.graph.forecast(program.node)
        if self._inferred is None:
            return UNKNOWN
        return self._inferred.forecast(program.kind, program.step, program.tool)

    def _graph(self, session: int, kind: int | None) -> AgentGraph | None:
        """Return what is declared for a program that begins."""
        found = self._declared.get(session)
        return self._kinds.get(kind) if found is None and kind is not None else found

    def _expire(self, now_s: float) -> None:
        """Count those as ended that have not been heard of for long; the oldest stand in front."""
        while self._programs:
            session, oldest = next(iter(self._programs.items()))
            if now_s - oldest.heard_s <= IDLE_S:
                return
            del self._programs[session]
            self._gone(oldest)

    def _gone(self, program: _Program) -> None:
        if self._inferred is not None:
            self._inferred.followed(program.kind, program.step, program.tool, END)
