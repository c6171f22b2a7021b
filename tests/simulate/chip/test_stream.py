"""Jobs that arrive: the native loop is its twin, traces hold, and nothing is foreseen."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headway import _core
from headway.errors import ConfigError, ProblemError, UnknownNameError
from headway.simulate import Linear, Rule, Summary, summary
from headway.simulate.chip import (
    COLUMNS,
    RULES,
    Bound,
    ChipWorld,
    Fate,
    Workload,
    outcome,
    run,
    top,
)
from headway.simulate.chip.stream import _native, limit_of
from headway.simulate.decode import best_of, greedy, rollout, sampled
from headway.simulate.expression import parse
from tests.simulate.chip.graphs import graphs
from tests.twins.chip import Chip

KINDS = top()
RULE_NAMES = [name for name in RULES.rules if name != "random"]


def by_twin(workload: Workload, fate: Fate, rule, limit: float = float("inf")) -> Chip:
    def choose(rows: list[dict[str, float]]) -> int:
        names = rows[0]
        columns = {name: np.array([row[name] for row in rows], dtype=float) for name in names}
        return int(np.argmax(rule.scores.evaluate(columns)))

    chip = Chip(workload, fate, choose, limit)
    chip.run()
    return chip


def assert_same(workload: Workload, fate: Fate, rule, limit: int | None = None) -> None:
    policy = rule if limit is None else Bound(rule, (limit + 0.5) / workload.unit)
    found = outcome(workload, policy, fate=fate)
    twin = by_twin(workload, fate, rule, float("inf") if limit is None else limit)
    assert found.arrival.tolist() == [job.arrival for job in twin.jobs]
    assert found.completion.tolist() == [job.completion for job in twin.jobs]
    assert found.start.tolist() == [start for job in twin.jobs for start in job.start]
    assert found.element.tolist() == [element for job in twin.jobs for element in job.element]


@pytest.mark.parametrize("name", RULE_NAMES)
@pytest.mark.parametrize("lost_gap", [False, True])
def test_rules_do_natively_what_they_do_tick_by_tick(name: str, *, lost_gap: bool) -> None:
    workload = Workload(kinds=KINDS[:4], noise=0.3, length=250, lost_gap=lost_gap)
    assert_same(workload, workload.fate(3), RULES.find(name))


@pytest.mark.parametrize("limit", [0, 7, 30])
def test_limits_hold_natively_as_tick_by_tick(limit: int) -> None:
    workload = Workload(kinds=KINDS[3:5], noise=0.2, length=250, most_jobs=4)
    assert_same(workload, workload.fate(1), RULES.find("ETF"), limit)


@settings(max_examples=40)
@given(
    st.lists(graphs(most_elements=1), min_size=1, max_size=3),
    st.integers(1, 4),
    st.sampled_from(RULE_NAMES),
    st.sampled_from([None, 0, 5]),
    st.integers(0, 1000),
)
def test_random_graphs_run_natively_as_tick_by_tick(kinds, most_jobs, name, limit, seed) -> None:
    workload = Workload(
        kinds=tuple(kinds),
        most_jobs=most_jobs,
        gap=9,
        noise=0.5 * (seed % 2),
        length=60,
        begins_full=seed % 3 == 0,
    )
    assert_same(workload, workload.fate(seed), RULES.find(name), limit)


@settings(max_examples=40)
@given(graphs(most_elements=4), st.sampled_from(RULE_NAMES), st.integers(0, 1000))
def test_one_random_graph_runs_natively_as_tick_by_tick(graph, name, seed) -> None:
    workload = Workload(kinds=(graph,), gap=6, noise=0.3, length=50)
    assert_same(workload, workload.fate(seed), RULES.find(name))


@pytest.mark.parametrize("name", list(RULES.rules))
def test_a_trace_holds_and_says_what_happened(name: str) -> None:
    workload = Workload(kinds=KINDS, noise=0.2, length=800)
    trace = run(workload, name, seed=2)
    assert trace.policy == name
    assert trace.problem.n_jobs == trace.measures["arrived"]
    started = [event for event in trace if event.what == "starts"]
    assert len(started) == trace.problem.n_tasks
    times = [event.time for event in trace]
    assert times == sorted(times)


def test_jobs_in_the_system_are_throughput_times_latency() -> None:
    """Little's law, up to the jobs that are cut off at the end."""
    for most_jobs in (1, 3, 6):
        workload = Workload(kinds=KINDS, most_jobs=most_jobs, length=20_000)
        measures = outcome(workload, "ETF", seed=1).measures()
        product = measures["throughput"] * measures["mean latency"]
        assert measures["in system"] == pytest.approx(product, rel=0.01)
        assert measures["in system"] <= most_jobs
        assert 0 < measures["busy"] <= 1


def mean_latency(name: str, workload: Workload, seeds: int) -> Summary:
    return summary([outcome(workload, name, seed=k).latency.mean() for k in range(seeds)])


@pytest.mark.parametrize(
    ("name", "latency"),
    [("random", 179.6), ("MET", 120.5), ("EFT", 119.8), ("RANK", 118.9), ("ETF", 114.6)],
)
def test_latencies_are_those_measured_elsewhere(name: str, latency: float) -> None:
    """Another simulator of the same rules gave these means of six seeds."""
    found = mean_latency(name, Workload(kinds=KINDS), 12)
    assert found.mean == pytest.approx(latency, rel=0.02)


def test_policies_meet_the_same_fate() -> None:
    workload = Workload(kinds=KINDS, noise=0.2)
    a, b = workload.fate(5), workload.fate(5)
    assert all(np.array_equal(getattr(a, k), getattr(b, k)) for k in ("gap", "kind", "duration"))
    assert not np.array_equal(a.kind, workload.fate(6).kind)
    quiet = Workload(kinds=KINDS)
    assert np.array_equal(quiet.fate(5).kind, a.kind)
    assert np.array_equal(quiet.fate(5).duration, quiet.expected(a.kind).ravel())


def test_a_run_is_the_same_again() -> None:
    workload = Workload(kinds=KINDS, noise=0.1, length=1000)
    for name in ("random", "ETF"):
        first, again = (run(workload, name, seed=4) for _ in range(2))
        assert first.schedule == again.schedule
        assert first.happenings == again.happenings
    assert run(workload, "random", seed=4).schedule != run(workload, "random", seed=5).schedule


class Peeking:
    """Takes note of all it can see, and decides like ETF."""

    name = "peeking"

    def __init__(self) -> None:
        self.seen: list[tuple[float, dict[str, list[float]]]] = []

    def score(self, decision):
        columns = {name: values.tolist() for name, values in decision.columns.items()}
        self.seen.append((decision.time, columns))
        return -decision.columns["finish"]


def test_a_policy_sees_nothing_of_the_future() -> None:
    """Whatever is to come after tick 300, decisions until then see the same."""
    workload = Workload(kinds=KINDS, noise=0.3, length=600)
    fate = workload.fate(0)
    begun = outcome(workload, "ETF", fate=fate)
    early = np.flatnonzero(begun.arrival <= 300)
    # All true durations of tasks that have not ended by then, and all that arrives later, change.
    duration = fate.duration.reshape(-1, 3).copy()
    known = np.zeros(len(duration), dtype=bool)
    known[: len(begun.end)] = (begun.end >= 0) & (begun.end <= 300)
    duration[~known] += 40
    kind, gap = fate.kind.copy(), fate.gap.copy()
    changed = Fate(gap, kind, np.ascontiguousarray(duration.ravel()))
    views = []
    for luck in (fate, changed):
        policy = Peeking()
        outcome(workload, policy, fate=luck)
        views.append([entry for entry in policy.seen if entry[0] <= 300])
    assert len(early) > 3
    assert views[0] == views[1]
    assert len(views[0]) > 20


def test_python_policies_decide_as_native_ones() -> None:
    workload = Workload(kinds=KINDS, noise=0.1, length=700)
    slow, fast = (outcome(workload, policy, seed=3) for policy in (Peeking(), "ETF"))
    assert slow.completion.tolist() == fast.completion.tolist()
    waiting = Linear("idle", (parse("0 - finish", COLUMNS),), np.ones(1), waits=True)
    held = outcome(workload, waiting, seed=3)
    assert held.start.max() >= 0, "where nothing else can happen a policy cannot wait"


@pytest.mark.parametrize("limit", [0, 1e6])
def test_rules_that_wait_do_so_natively_as_in_python(limit: float) -> None:
    workload = Workload(kinds=KINDS, noise=0.2, length=900, most_jobs=4)
    weights = np.array([1.0, -2.0, -0.3])
    features = tuple(parse(text, COLUMNS) for text in ("1", "regret / unit", "finish / unit"))
    rule = Bound(Linear("picky", features, weights, waits=True), limit)
    fate = workload.fate(4)
    world = ChipWorld(workload, fate, limit=limit_of(rule, workload))
    slow = greedy(world, rule.policy).outcome("picky", 0)
    fast = outcome(workload, rule, fate=fate)
    plain = outcome(workload, Bound(Linear("hasty", features, weights), limit), fate=fate)
    assert slow.start.tolist() == fast.start.tolist() != plain.start.tolist()


def test_late_binding_commits_only_to_free_elements() -> None:
    workload = Workload(kinds=KINDS, length=500)
    world = ChipWorld(workload, workload.fate(0), limit=0)
    rule = RULES.find("ETF")
    while (decision := world.decision()) is not None:
        assert (decision.columns["backlog"] == 0).all()
        world.apply(int(np.argmax(rule.score(decision))))


def test_decoders_look_ahead_in_the_world() -> None:
    workload = Workload(kinds=KINDS[:1], gap=1000, most_jobs=1, length=400)
    world = ChipWorld(workload, workload.fate(0))
    rule = RULES.find("RANK")
    plain = greedy(world.clone(), rule).value
    assert rollout(world.clone(), rule, 3).value <= plain
    assert best_of(world.clone(), rule, 8, temperature=20.0, seed=1).value <= plain
    drawn = sampled(world.clone(), rule, 20.0, np.random.default_rng(0))
    assert drawn.value > 0


@pytest.mark.parametrize(
    ("setting", "value", "message"),
    [
        ("gap", 0.5, "gap: expected 1.0 to"),
        ("gap", float("nan"), "gap"),
        ("most_jobs", 0, "most_jobs"),
        ("noise", -1, "noise"),
        ("length", -1, "length"),
        ("share", (1.0,), "share: expected 10 numbers"),
        ("share", (0.0,) * 10, "share"),
        ("kinds", (), "kinds"),
    ],
)
def test_impossible_settings_are_refused(setting: str, value: object, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        Workload(**({"kinds": KINDS} | {setting: value}))


def test_kinds_on_different_elements_are_refused() -> None:
    from headway.simulate.chip import read_task_graph
    from tests.simulate.chip.test_dag_bench import DATA

    other = read_task_graph(DATA / "synthetic.diamond.json")
    with pytest.raises(ProblemError, match="other elements"):
        Workload(kinds=(KINDS[0], other))


def test_an_unknown_rule_is_refused() -> None:
    with pytest.raises(UnknownNameError, match="ETF"):
        run(Workload(kinds=KINDS), "ETFF")


def test_the_core_refuses_what_does_not_fit() -> None:
    native = _native(KINDS)
    fate = Workload(kinds=KINDS).fate(0)
    good = (fate.gap, fate.kind, fate.duration, 3, 3, False, 100, 50, 0)
    _core.ChipStream(native, *good)
    for position, value in [
        (0, np.array([-1])),
        (1, np.array([10])),
        (2, fate.duration[:-1]),
        (2, fate.duration - 100),
        (3, 4),
        (4, 0),
        (6, -1),
        (7, -1),
    ]:
        with pytest.raises(ValueError, match="chip: "):
            _core.ChipStream(native, *good[:position], value, *good[position + 1 :])
    stream = _core.ChipStream(native, *good)
    assert stream.decide()
    with pytest.raises(ValueError, match="no such candidate"):
        stream.commit(10_000)


def test_the_core_refuses_tables_that_do_not_fit() -> None:
    good = {
        "n_elements": 1,
        "task_ptr": np.array([0, 2]),
        "duration": np.array([1, 2]),
        "edge_ptr": np.array([0, 0, 1]),
        "edge_source": np.array([0]),
        "delay": np.array([3]),
        "rank": np.zeros(2),
        "order": np.array([0, 1]),
    }
    _core.ChipApplications(**good)
    for name, value in [
        ("n_elements", 0),
        ("task_ptr", np.array([0])),
        ("task_ptr", np.array([0, 0, 2])),
        ("duration", np.array([1])),
        ("duration", np.array([1, -1])),
        ("duration", np.array([1, 2**50])),
        ("edge_ptr", np.array([0, 2, 1])),
        ("edge_source", np.array([5])),
        ("edge_source", np.array([-1])),
        ("delay", np.array([-1])),
        ("order", np.array([1, 0])),
        ("order", np.array([0, 0])),
        ("order", np.array([0, 2])),
    ]:
        with pytest.raises(ValueError, match="chip: "):
            _core.ChipApplications(**(good | {name: value}))


def test_every_column_is_natively_what_it_is_tick_by_tick() -> None:
    """A rule that reads all columns decides alike, so that each of them is alike."""
    workload = Workload(kinds=KINDS[:5], noise=0.3, length=250, most_jobs=4)
    names = [name for name in COLUMNS if name != "luck"]
    rng = np.random.default_rng(8)
    for _ in range(6):
        text = " + ".join(f"{rng.normal():.3f} * {name}" for name in names)
        assert_same(workload, workload.fate(2), Rule("all", parse(text, COLUMNS)), limit=25)
