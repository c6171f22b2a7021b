"""A graph that a client declares when its program begins."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from headway.errors import ConfigError
from headway.serving.agents.graphs.forecast import Forecast
from headway.serving.agents.programs import NO_TOOL, Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """A step of a program.

    Parameters
    ----------
    tool
        Number of the tool that it calls, -1 for none.
    work_s
        Seconds of an engine.
    observed_tokens
        What the tool adds to the prompt; nan if that is not known.
    tool_s
        Median and 95th percentile of the tool's latency, None if that is not known.
    """

    tool: int = NO_TOOL
    work_s: float = 0.0
    observed_tokens: float = math.nan
    tool_s: tuple[float, float] | None = None

    def __post_init__(self) -> None:
        if self.tool < NO_TOOL or not 0 <= self.work_s < math.inf or self.observed_tokens < 0:
            raise ConfigError("node: expected a tool from -1 on, work and tokens from 0 on")
        if self.tool_s is not None and not 0 < self.tool_s[0] < self.tool_s[1] < math.inf:
            raise ConfigError("node: tool_s: expected 0 < median < 95th percentile")


class AgentGraph:
    """Steps and the probabilities with which they follow one another; step 0 is the first.

    Parameters
    ----------
    nodes
        The steps, at least one.
    edges
        Probabilities of the steps after each; what they lack to 1 is that of the end.

    Raises
    ------
    ConfigError
        If there are no nodes, an edge leads nowhere, probabilities are none, or a program that gets
        somewhere could never come to its end.

    Notes
    -----
    An absorbing Markov chain: with transitions P and work c, the expected work after a step is
    ``(I - P)^-1 P c``. O(n^3) once for n nodes.

    References
    ----------
    SAGA (2026), agent execution graph. Kemeny and Snell, "Finite Markov chains", 1960, chapter 3.

    Examples
    --------
    >>> graph = AgentGraph.chain([Node(tool=0, work_s=2.0), Node(tool=1, work_s=3.0), Node()])
    >>> graph.forecast(0).steps_left, graph.forecast(0).work_left_s, graph.forecast(2).returns
    (2.0, 3.0, 0.0)
    """

    MOST_NODES = 1000
    """Clients cannot make a gateway solve larger systems."""

    def __init__(self, nodes: Sequence[Node], edges: Mapping[int, Mapping[int, float]]) -> None:
        n = len(nodes)
        if not 1 <= n <= self.MOST_NODES:
            raise ConfigError(f"agent graph: expected 1 to {self.MOST_NODES} nodes, got {n}")
        self.nodes = tuple(nodes)
        self._next = _transitions(n, edges)
        inner = np.eye(n) - self._next
        costs = np.array([[1.0, node.work_s] for node in nodes])
        try:
            left = np.linalg.solve(inner, self._next @ costs)
        except np.linalg.LinAlgError:
            left = np.full((n, 2), np.nan)
        if not (np.isfinite(left).all() and (left >= -1e-9).all()):
            raise ConfigError("agent graph: it never comes to its end")
        self._left = np.maximum(left, 0.0)

    @classmethod
    def chain(cls, nodes: Sequence[Node]) -> AgentGraph:
        """Return the graph of steps that follow one another for certain."""
        return cls(nodes, {k: {k + 1: 1.0} for k in range(len(nodes) - 1)})

    def follow(self, node: int, tool: int) -> int | None:
        """Return which step after `node` has called a tool, None if none is known to.

        A tool that could not be read, -1, may be any. A step that is tried again stays where it is.
        """
        after = self._next[node]
        order = np.argsort(-after, kind="stable").tolist()
        for k in [*(k for k in order if after[k] > 0), node]:
            if tool == NO_TOOL or self.nodes[k].tool in (tool, NO_TOOL):
                return int(k)
        return None

    def forecast(self, node: int) -> Forecast:
        """Return what is expected after a step."""
        after, now = self._next[node], self.nodes[node]
        likeliest = int(after.argmax())
        mu = sigma = math.nan
        if now.tool_s is not None:
            mu = math.log(now.tool_s[0])
            sigma = math.log(now.tool_s[1] / now.tool_s[0]) / 1.6448536269514722
        return Forecast(
            "hinted",
            returns=float(after.sum()),
            next_tool=self.nodes[likeliest].tool if after[likeliest] > 0 else NO_TOOL,
            steps_left=float(self._left[node, 0]),
            work_left_s=float(self._left[node, 1]),
            grown_tokens=now.observed_tokens,
            mu=mu,
            sigma=sigma,
        )


def _transitions(n: int, edges: Mapping[int, Mapping[int, float]]) -> Floats:
    matrix = np.zeros((n, n))
    for source, after in edges.items():
        for target, probability in after.items():
            if not (0 <= source < n and 0 <= target < n):
                raise ConfigError(f"agent graph: edge {source} to {target}: there are {n} nodes")
            if not 0 <= probability <= 1:
                raise ConfigError(f"agent graph: edge {source} to {target}: not a probability")
            matrix[source, target] = probability
    if (matrix.sum(axis=1) > 1 + 1e-9).any():
        raise ConfigError("agent graph: probabilities after a step sum to more than 1")
    return matrix
