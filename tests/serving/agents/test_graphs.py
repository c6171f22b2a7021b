"""What is foreseen of programs: as declared, as learned, or nothing."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from headway.errors import ConfigError
from headway.serving.agents import (
    NO_TOOL,
    SWE_BENCH,
    WEB_ARENA,
    AgentGraph,
    Answer,
    Graphs,
    Inferred,
    Keeping,
    Node,
    Pool,
    ResidualLife,
    WorkflowAware,
    as_traffic,
    declared,
    draw,
)
from headway.serving.agents.eviction import Outlook
from headway.serving.agents.graphs.inferred import END, KINDS, TOOLS, stage_of
from headway.serving.agents.routing import AgentFairShare, ProgramRouter
from headway.serving.engine import preset
from headway.serving.fleet import FleetSimulation, Member
from tests.serving.agents.test_keeping import STEP_TIME, Always, asked
from tests.serving.fleet.views import view


def test_a_loop_takes_as_many_steps_as_its_exit_is_rare() -> None:
    """Again with probability 3/4: 3 more steps in the mean, of 2 s each."""
    forecast = AgentGraph([Node(tool=0, work_s=2.0)], {0: {0: 0.75}}).forecast(0)
    assert (forecast.returns, forecast.steps_left) == (0.75, pytest.approx(3.0))
    assert forecast.work_left_s == pytest.approx(6.0)


def test_a_fork_is_weighed() -> None:
    nodes = [Node(tool=0), Node(tool=1, work_s=10.0), Node(tool=2, work_s=1.0), Node(work_s=1.0)]
    graph = AgentGraph(nodes, {0: {1: 0.3, 2: 0.6}, 1: {3: 1.0}})
    forecast = graph.forecast(0)
    assert forecast.returns == pytest.approx(0.9)
    assert forecast.next_tool == 2
    assert forecast.work_left_s == pytest.approx(0.3 * 11 + 0.6 * 1)
    assert forecast.steps_left == pytest.approx(0.3 * 2 + 0.6)


@given(st.integers(1, 6), st.randoms(use_true_random=False))
def test_expected_steps_are_those_of_walks(n: int, luck: object) -> None:
    """Sum over powers of the transitions, against the linear system."""
    rng = np.random.default_rng(luck.randint(0, 2**32))  # type: ignore[attr-defined]
    matrix = rng.random((n, n)) * rng.integers(0, 2, (n, n))
    matrix /= np.maximum(matrix.sum(axis=1, keepdims=True), 1e-9) * 1.25
    edges = {i: {j: float(matrix[i, j]) for j in range(n)} for i in range(n)}
    graph = AgentGraph([Node()] * n, edges)
    reached, steps = np.eye(n)[0], 0.0
    for _ in range(200):
        reached = reached @ matrix
        steps += reached.sum()
    assert graph.forecast(0).steps_left == pytest.approx(steps, rel=1e-6, abs=1e-9)


@pytest.mark.parametrize(
    ("nodes", "edges", "what"),
    [
        ([], {}, "1 to 1000 nodes"),
        ([Node()], {0: {1: 1.0}}, "edge 0 to 1"),
        ([Node()], {0: {0: 1.5}}, "not a probability"),
        ([Node()], {0: {0: math.nan}}, "not a probability"),
        ([Node(), Node()], {0: {0: 0.7, 1: 0.7}}, "more than 1"),
        ([Node()], {0: {0: 1.0}}, "never comes to its end"),
    ],
)
def test_graphs_that_cannot_be_are_refused(nodes: list[Node], edges: dict, what: str) -> None:
    with pytest.raises(ConfigError, match=what):
        AgentGraph(nodes, edges)


def test_nodes_that_cannot_be_are_refused() -> None:
    for wrong in ({"tool": -2}, {"work_s": math.inf}, {"tool_s": (2.0, 1.0)}):
        with pytest.raises(ConfigError, match="node"):
            Node(**wrong)


def test_a_program_that_leaves_its_graph_is_foreseen_no_more() -> None:
    graphs = Graphs({7: AgentGraph.chain([Node(tool=0), Node(tool=1), Node(tool=2)])})
    step(graphs, 7, 0)
    assert graphs.forecast(7).steps_left == 2
    step(graphs, 7, 0)
    assert graphs.forecast(7).steps_left == 2, "a step tried again stays where it is"
    step(graphs, 7, 1)
    assert graphs.forecast(7).steps_left == 1
    step(graphs, 7, 5)
    assert graphs.forecast(7).tier == "cold"


def step(graphs: Graphs, session: int, tool: int, *, last: bool = False, at_s: float = 0.0) -> None:
    graphs.ended(session, 0, tool, is_final=last, step_s=2.0, at_s=at_s)


def play(graphs: Graphs, sessions: range, tools: list[int]) -> None:
    """Let programs run that all call the same tools, 100 tokens and half a second each."""
    for session in sessions:
        for k, tool in enumerate(tools):
            step(graphs, session, tool, last=k == len(tools) - 1)
            if k < len(tools) - 1:
                graphs.resumed(session, 0.4 + 0.2 * (session % 2), 100)


def test_a_kind_is_cold_until_enough_of_it_have_ended() -> None:
    graphs = Graphs(inferred=Inferred(cold=30))
    play(graphs, range(29), [0, 1, NO_TOOL])
    step(graphs, 100, 0)
    assert graphs.forecast(100).tier == "cold"
    play(graphs, range(29, 30), [0, 1, NO_TOOL])
    assert graphs.forecast(100).tier == "inferred"
    assert graphs.forecast(-5, kind=1).tier == "cold"


def test_what_always_happens_is_learned() -> None:
    """Tool 0, tool 1, the end: shrinkage keeps a few percent of doubt."""
    graphs = Graphs(inferred=Inferred())
    play(graphs, range(400), [0, 1, NO_TOOL])
    step(graphs, 1000, 0)
    forecast = graphs.forecast(1000)
    assert forecast.returns > 0.99
    assert forecast.next_tool == 1
    assert forecast.steps_left == pytest.approx(2.0, rel=0.3)
    assert forecast.grown_tokens == pytest.approx(100)
    assert math.exp(forecast.mu) == pytest.approx(0.49, rel=0.05)


def test_of_evenly_drawn_tools_none_is_foreseen() -> None:
    graphs, luck = Graphs(inferred=Inferred()), np.random.default_rng(0)
    for session in range(200):
        play(graphs, range(session, session + 1), [*luck.integers(0, 2, 6).tolist(), NO_TOOL])
    step(graphs, 1000, 0)
    assert graphs.forecast(1000).tier == "inferred"
    assert graphs.forecast(1000).next_tool == NO_TOOL


def test_remaining_steps_are_those_of_the_generator() -> None:
    """Of 300 drawn programs, the means of what is foreseen and of what comes agree."""
    programs = draw(SWE_BENCH, 300, seed=1)
    graphs = Graphs(inferred=Inferred())
    foreseen, real = [], []
    for program, (begin, n) in enumerate(
        zip(programs.offsets[:-1].tolist(), programs.steps.tolist(), strict=True)
    ):
        for k in range(n):
            step(graphs, program, int(programs.tool[begin + k]), last=k == n - 1)
            if program >= 100 and k < n - 1:
                foreseen.append(graphs.forecast(program).steps_left)
                real.append(n - 1 - k)
    assert np.mean(foreseen) == pytest.approx(np.mean(real), rel=0.15)


def test_a_silent_program_counts_as_ended() -> None:
    inferred = Inferred(cold=1)
    graphs = Graphs(inferred=inferred)
    step(graphs, 1, 0, at_s=0.0)
    step(graphs, 2, 0, at_s=1700.0)
    assert inferred.is_cold(0)
    step(graphs, 3, 0, at_s=1801.0)
    assert not inferred.is_cold(0)
    assert graphs.forecast(1).tier == "cold", "nothing is known of it any more"
    assert graphs.forecast(2).tier == "inferred"


def test_memory_is_bounded() -> None:
    inferred = Inferred(cold=1)
    for kind in range(KINDS + 5):
        inferred.followed(kind, 0, 0, END)
    assert inferred.is_cold(4)
    assert not inferred.is_cold(5)
    for tool in range(TOOLS + 40):
        inferred.resumed(9, tool, 1.0, 5)
        inferred.followed(9, 1, tool, tool)
    assert len(inferred._kinds[9].by_tool) <= TOOLS + 1
    assert len(inferred._kinds[9].calls) <= 2 * (TOOLS + 1) + 1


def test_stages_double() -> None:
    assert [stage_of(k) for k in (0, 1, 2, 3, 4, 7, 8, 10**9)] == [0, 1, 2, 2, 3, 3, 4, 15]


@pytest.mark.parametrize("wrong", [{"confidence": 1.5}, {"cold": 0}, {"strength": 0.0}])
def test_settings_are_checked(wrong: dict[str, float]) -> None:
    with pytest.raises(ConfigError, match="inferred graphs"):
        Inferred(**wrong)  # type: ignore[arg-type]


def pool(**outlook: list[float]) -> Pool:
    """Return two sessions that differ only in what is foreseen."""
    nothing = [math.nan, math.nan]
    names = ("returns", "grown_tokens", "mu", "sigma")
    columns = {name: np.array(outlook.get(name, nothing)) for name in names}
    return Pool(
        now_s=10.0,
        used=1.0,
        session=np.arange(2),
        tokens=np.array([1000, 1000]),
        since_s=np.array([5.0, 5.0]),
        tool=np.array([NO_TOOL, NO_TOOL]),
        is_final=np.array([False, False]),
        next_s=np.array(nothing),
        outlook=Outlook(**columns),
    )


@pytest.mark.parametrize("evictor", [WorkflowAware, ResidualLife])
def test_who_hardly_returns_goes_first(evictor: type) -> None:
    rank = evictor().rank(pool(returns=[0.9, 0.1]))
    assert rank[1] > rank[0]
    even = evictor().rank(pool())
    assert even[0] == even[1]


def test_who_returns_late_goes_first() -> None:
    rank = ResidualLife().rank(pool(mu=[0.0, 5.0], sigma=[1.0, 1.0]))
    assert rank[1] > rank[0]


def test_whose_prompt_grows_less_is_kept_by_workflow_awareness() -> None:
    rank = WorkflowAware().rank(pool(grown_tokens=[10.0, 4000.0]))
    assert rank[1] > rank[0]


def test_keeping_feeds_graphs_and_asks_them() -> None:
    graphs = Graphs({7: AgentGraph.chain([Node(tool=NO_TOOL)] * 2)})
    keeping = Keeping(Always(), WorkflowAware(), lambda r, _: Answer(), graphs)
    keeping.route(view([0]), asked(0, session=7))
    keeping.ended(0, 0, 20, 1.0)
    assert graphs.forecast(7).steps_left == 1


def test_a_fleet_is_served_with_graphs_of_all_tiers() -> None:
    """Work left and homes come from graphs where nothing else is told."""
    programs = draw(WEB_ARENA, 8, per_minute=20, seed=2)
    traffic = as_traffic(programs)
    assert declared(programs)[0].forecast(0).steps_left == programs.steps[0] - 1
    members = [
        Member(name=str(k), config=preset("vllm", blocks=4000), step_time=STEP_TIME)
        for k in range(2)
    ]
    some = {k: graph for k, graph in declared(programs).items() if k % 2}
    for graphs in (Graphs(some, Inferred(cold=2)), Graphs()):
        by = Keeping(
            ProgramRouter(AgentFairShare(), graphs=graphs),
            WorkflowAware(),
            traffic.answers(),
            graphs,
        )
        run = FleetSimulation(
            traffic.workload, members, by, controllers=(by,), follow=traffic.follow
        ).run()
        assert np.isfinite(traffic.completion_s(run)).all()
