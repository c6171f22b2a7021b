"""What keeps contexts of programs, by names, for a fleet's file."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

import msgspec

from headway.errors import ConfigError, UnknownNameError
from headway.serving.agents.eviction import (
    EndedFirst,
    Evictor,
    LeastRecent,
    PrefixBonus,
    ResidualLife,
    ToolTTL,
    WorkflowAware,
)
from headway.serving.agents.graphs import AgentGraph, Graphs, Inferred, Node
from headway.serving.agents.heard import Heard, ToolNames
from headway.serving.agents.keeping import Keeping
from headway.serving.agents.prefetch import Prefetch
from headway.serving.agents.programs import NO_TOOL
from headway.serving.agents.routing import ProgramRouter
from headway.serving.fleet.decisions import Operation, Router
from headway.serving.fleet.view import ClusterView

EVICTORS: Mapping[str, Callable[[], Evictor]] = MappingProxyType(
    {
        "lru": LeastRecent,
        "ended-first": EndedFirst,
        "prefix-bonus": PrefixBonus,
        "residual-life": ResidualLife,
        "tool-ttl": ToolTTL,
        "wa-lru": WorkflowAware,
    }
)
"""By the words for them in files."""


class _Step(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A node of a graph."""

    tool: str = ""
    """Name of the tool that it calls, as it stands in answers; none by default."""
    work_s: float = 0.0
    observed_tokens: float | None = None
    tool_s: tuple[float, float] | None = None


class _Graph(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A declared graph."""

    steps: tuple[_Step, ...]
    next: dict[int, dict[int, float]] = {}
    """Probabilities of the steps after each, by their numbers from 0 on."""


class _Learning(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """See `Inferred`."""

    confidence: float = 0.7
    cold: int = 30
    strength: float = 5.0


class KeptPrograms:
    """`Keeping` and the graphs that it asks, described in a fleet's file.

    It is a controller that stands before the router, too. A `ProgramRouter` right behind it asks
    the same graphs.

    Parameters
    ----------
    evictor
        One of `EVICTORS`.
    declared
        Graphs by service class: ``steps`` with ``tool``, ``work_s``, ``observed_tokens`` and
        ``tool_s`` (median and 95th percentile), and ``next``, probabilities by numbers of steps.
    inferred
        Whether graphs are learned; or how, with the arguments of `Inferred`.
    prefetch
        Whether contexts are computed ahead; or how, with the arguments of `Prefetch`.
    period_s
        How often engines are told.
    classes
        Names of the service classes of the fleet.

    Raises
    ------
    ConfigError, UnknownNameError
        If there is no such evictor or class, or a graph is none.
    """

    def __init__(
        self,
        evictor: str = "wa-lru",
        declared: Mapping[str, Any] = MappingProxyType({}),
        inferred: bool | Mapping[str, Any] = False,  # noqa: FBT001, FBT002 - a key of a file
        prefetch: bool | Mapping[str, Any] = False,  # noqa: FBT001, FBT002
        period_s: float = 0.25,
        classes: Sequence[str] = (),
    ) -> None:
        if evictor not in EVICTORS:
            raise UnknownNameError("evictor", evictor, EVICTORS)
        if not period_s > 0:
            raise ConfigError(f"period_s: expected above 0, got {period_s}")
        self.name = f"keeping by {evictor}"
        self.period_s = period_s
        tools = ToolNames()
        self._evictor = EVICTORS[evictor]()
        self._heard = Heard(tools)
        self._graphs: Graphs | None = None
        if declared or inferred:
            kinds = {
                _number(name, classes): _graph(name, one, tools) for name, one in declared.items()
            }
            settings = _settings(inferred, _Learning, "inferred")
            learned = None if settings is None else Inferred(**msgspec.structs.asdict(settings))
            self._graphs = Graphs(inferred=learned, kinds=kinds)
        self._prefetch: Prefetch | None = None
        if prefetch:
            self._prefetch = Prefetch() if prefetch is True else Prefetch(**prefetch)
        self._keeping: Keeping | None = None

    def watching(self, router: Router) -> Router:
        """Return the router, with this one before it."""
        if self._graphs is not None and isinstance(router, ProgramRouter):
            router.foresee(self._graphs)
        self._keeping = Keeping(
            router,
            self._evictor,
            self._heard,
            self._graphs,
            self._prefetch,
            period_s=self.period_s,
        )
        return self._keeping

    def act(self, cluster: ClusterView) -> tuple[Operation, ...]:
        """Return what engines are to be told."""
        return () if self._keeping is None else self._keeping.act(cluster)


def _number(name: str, classes: Sequence[str]) -> int:
    if not classes and name == "default":
        return 0
    if name not in classes:
        raise UnknownNameError("service class", name, classes or ("default",))
    return list(classes).index(name)


def _graph(name: str, described: object, tools: ToolNames) -> AgentGraph:
    try:
        graph = msgspec.convert(described, _Graph)
        nodes = [_node(step, tools) for step in graph.steps]
        return AgentGraph(nodes, graph.next)
    except (msgspec.ValidationError, ConfigError) as error:
        raise ConfigError(f"declared: {name}: {error}") from None


def _node(step: _Step, tools: ToolNames) -> Node:
    return Node(
        tool=tools.number(step.tool) if step.tool else NO_TOOL,
        work_s=step.work_s,
        observed_tokens=math.nan if step.observed_tokens is None else step.observed_tokens,
        tool_s=step.tool_s,
    )


def _settings(
    given: bool | Mapping[str, Any],  # noqa: FBT001
    kind: type[_Learning],
    what: str,
) -> _Learning | None:
    if not given:
        return None
    try:
        return msgspec.convert({} if given is True else dict(given), kind)
    except msgspec.ValidationError as error:
        raise ConfigError(f"{what}: {error}") from None
