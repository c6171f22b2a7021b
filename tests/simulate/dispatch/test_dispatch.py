"""Dispatching of problems: known values, the world for other policies, refusals."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import headway as hw
from headway.errors import ConfigError, UnknownNameError, UnsupportedError
from headway.instances import best_known
from headway.model import Model, verify
from headway.simulate import Policy, best_of
from headway.simulate.dispatch import (
    FEATURES,
    FIGURES,
    RULES,
    Beam,
    Dispatcher,
    DispatchWorld,
    Greedy,
    JobShop,
    Sampled,
    dispatch,
    linear,
    obstacle,
)
from headway.solve.search import Halt

REFERENCE = np.array([-2.61, 0.19, 0.04, 0.05, -5.29, 1.10, 0.45, -0.05, 1.94, -0.40, -2.08, 3.51])
"""Weights of the specification, rounded there to two digits."""


def mean_gap(policy, decoder=None, delta: float = 0.0) -> float:
    """Return the mean gap over Lawrence's 40 instances, percent."""
    gaps = []
    for number in range(1, 41):
        name = f"la{number:02}"
        schedule = dispatch(hw.instance(name), policy, decoder, delta=delta)
        gaps.append(schedule.makespan / best_known(name).upper - 1)
    return 100 * float(np.mean(gaps))


@pytest.mark.parametrize(
    ("rule", "gap"),
    [("SPT", 20.0), ("MWKR", 12.6), ("MOPNR", 13.9), ("FDD/MWKR", 11.5), ("LTAIL", 10.3)],
)
def test_classic_rules_have_the_gaps_of_the_specification(rule, gap):
    assert mean_gap(rule) == pytest.approx(gap, abs=0.05)


def test_the_reference_weights_have_the_gap_of_the_specification():
    assert mean_gap(linear(REFERENCE), delta=0.75) == pytest.approx(6.5, abs=0.05)
    sampled = Sampled(128, temperature=0.8)
    assert mean_gap(linear(REFERENCE), sampled, 0.75) == pytest.approx(3.3, abs=0.1)


@dataclass(frozen=True)
class InPython:
    """A policy that the core does not know."""

    policy: Policy
    name: str = "in Python"

    def score(self, decision):
        return self.policy.score(decision)


@pytest.mark.parametrize("name", ["ft06", "ft10", "la01"])
@pytest.mark.parametrize("delta", [0.0, 0.75])
def test_any_policy_over_the_columns_gives_what_the_core_gives(name, delta):
    problem = hw.instance(name)
    rules = [rule for rule in RULES.rules.values() if rule.name != "RANDOM"]
    for policy in (*rules, linear(REFERENCE)):
        ours, theirs = (dispatch(problem, one, delta=delta) for one in (policy, InPython(policy)))
        assert ours.start.tolist() == theirs.start.tolist(), policy.name
    ours, theirs = (
        dispatch(hw.instance("ft06"), one, Beam(1, 3)) for one in (policy, InPython(policy))
    )
    assert ours.makespan == theirs.makespan


def test_every_decoder_serves_policies_in_python():
    problem, policy = hw.instance("ft06"), InPython(linear(REFERENCE))
    first = dispatch(problem, policy, Greedy(), delta=0.75)
    for decoder in (Sampled(5), Beam(2, 2)):
        assert dispatch(problem, policy, decoder, delta=0.75).makespan <= first.makespan
    with pytest.raises(ConfigError, match="native"):
        dispatch(problem, policy, Sampled(5, share=0.5))
    with pytest.raises(ConfigError, match="native"):
        dispatch(problem, policy, Sampled(5, both_ways=True))


def test_more_effort_never_hurts():
    problem, rule = hw.instance("la21"), linear(REFERENCE)
    greedy = dispatch(problem, rule, delta=0.75).makespan
    for decoder in (Sampled(64), Sampled(64, share=0.05, both_ways=True), Beam(1, 3), Beam(4, 3)):
        assert dispatch(problem, rule, decoder, delta=0.75).makespan <= greedy


def test_passes_go_both_ways():
    """The second of two passes is the greedy one of the reversed shop."""
    better = 0
    for number in range(1, 16):
        problem = hw.instance(f"la{number:02}")
        one, two = (dispatch(problem, "LTAIL", Sampled(k, both_ways=True)).makespan for k in (1, 2))
        shop = JobShop(problem)
        jobs = np.split(np.arange(problem.n_tasks), shop.ptr[1:-1])
        machines = [shop.machine[job][::-1].tolist() for job in jobs]
        durations = [shop.duration[job][::-1].tolist() for job in jobs]
        assert two == min(one, dispatch(hw.job_shop(machines, durations), "LTAIL").makespan)
        better += two < one
    assert better > 3


def test_late_releases_leave_only_one_way():
    problem = hw.job_shop([[0, 1], [1, 0]], [[3, 2], [2, 4]], release=[0, 5])
    assert JobShop(problem).backward is None
    assert dispatch(problem, "SPT", Sampled(4, both_ways=True)).makespan >= 11


def test_chance_decides_where_no_rule_does():
    problem = hw.instance("la01")
    values = {dispatch(problem, "RANDOM", seed=seed).makespan for seed in range(10)}
    assert len(values) > 5
    assert dispatch(problem, "random", seed=3).makespan in values


def test_the_same_seed_gives_the_same_schedule():
    problem, rule = hw.instance("ft10"), linear(REFERENCE)
    for decoder in (Sampled(20, 2.0), Sampled(20, 2.0, share=0.1)):
        starts = [dispatch(problem, rule, decoder, seed=s).start.tolist() for s in (1, 1, 2)]
        assert starts[0] == starts[1] != starts[2]


@st.composite
def shops(draw):
    """Job shops with jobs of any length, machines visited again, and release times."""
    model = Model("drawn")
    machines = [model.machine(f"machine {k}") for k in range(draw(st.integers(1, 4)))]
    for j in range(draw(st.integers(1, 6))):
        job = model.job(f"job {j}", release=draw(st.sampled_from([0, 0, 7])))
        before = None
        for k in range(draw(st.integers(1, 5))):
            task = model.task(job, str(k), start=(draw(st.sampled_from([0, 0, 9])), None))
            task.mode({draw(st.sampled_from(machines)): 1}, duration=draw(st.integers(1, 9)))
            if before is not None:
                before >> task
            before = task
    model.minimise(hw.makespan())
    return model.problem()


@given(shops(), st.sampled_from(sorted(RULES.rules)), st.sampled_from([0.0, 0.3, 1.0]))
def test_schedules_are_valid_and_active(problem, rule, delta):
    """No operation could start earlier in the gap before it, with everything else as it is."""
    schedule = dispatch(problem, rule, delta=delta)
    assert verify(problem, schedule).ok
    for task in range(problem.n_tasks):
        earlier = schedule.start.copy()
        earlier[task] -= 1
        assert not verify(problem, problem.schedule(earlier)).ok


@given(shops())
def test_worlds_offer_non_delay_candidates_only_of_the_first_instant(problem):
    world = DispatchWorld(JobShop(problem))
    while (choice := world.decision()) is not None:
        assert (choice.start == choice.time).all()
        assert [*choice.columns] == [*FIGURES, *FEATURES]
        assert all(column.shape == (len(choice),) for column in choice.columns.values())
        world.apply(len(choice) - 1)
    assert verify(problem, world.schedule()).ok
    assert world.value == world.schedule().makespan


def test_worlds_can_be_copied_half_way():
    world = DispatchWorld(JobShop(hw.instance("ft06")))
    for _ in range(10):
        assert world.decision() is not None
        world.apply(0)
    ends = [best_of(world, linear(REFERENCE), 5, seed=3).value for _ in range(2)]
    assert ends[0] == ends[1]


def test_a_halted_run_returns_nothing():
    halt = Halt()
    halt.set()
    assert Dispatcher(hw.instance("ft10")).run("SPT", halt=halt) is None


def test_jobs_are_chains_whatever_the_order_of_tasks():
    model = Model("mixed up")
    saw, drill = model.machine("saw"), model.machine("drill")
    last = model.task(None, "last").mode({saw: 1}, duration=2)
    alone = model.task(None, "alone").mode({drill: 1}, duration=9)
    first = model.task(None, "first").mode({drill: 1}, duration=3)
    first >> last
    schedule = dispatch(model.problem(), "SPT")
    assert schedule.start.tolist() == [3, 3, 0]
    assert alone.name == "alone"


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda m, a, b, saw: m.end_before_start(a, b, lag=2), "waits for something else"),
        (lambda m, a, b, saw: m.end_before_start(a, b, max_lag=9), "maximum lag"),
        (lambda m, a, b, saw: m.minimise(hw.total_setup()), "not the makespan"),
        (lambda m, a, b, saw: m.task(None, "c").mode({}, duration=1), "needs no machine"),
        (
            lambda m, a, b, saw: (a >> m.task(None, "c").mode({saw: 1}, duration=1), a >> b),
            "'a' is followed by several",
        ),
        (
            lambda m, a, b, saw: (m.task(None, "c").mode({saw: 1}, duration=1) >> b, a >> b),
            "'b' follows several",
        ),
        (lambda m, a, b, saw: m.setup_times(saw, {("x", "y"): 3}), "setup times"),
    ],
)
def test_other_problems_are_refused_with_the_reason(change, reason):
    model = Model("not ours")
    saw = model.machine("saw")
    a = model.task(None, "a", family="x").mode({saw: 1}, duration=1)
    b = model.task(None, "b", family="y").mode({saw: 1}, duration=1)
    change(model, a, b, saw)
    problem = model.problem()
    assert reason in obstacle(problem)
    with pytest.raises(UnsupportedError, match="dispatching does not apply to 'not ours', because"):
        dispatch(problem, "SPT")


def test_times_that_are_too_large_are_refused():
    problem = hw.job_shop([[0]] * 65, [[2**44]] * 65)
    with pytest.raises(UnsupportedError, match="2\\^50"):
        dispatch(problem, "SPT")


def test_settings_that_make_no_sense_are_refused():
    for make in (
        lambda: Sampled(0),
        lambda: Sampled(share=0),
        lambda: Sampled(temperature=-1),
        lambda: Sampled(spread=float("nan")),
        lambda: Sampled(spread=0.1, share=0.5),
        lambda: Beam(0),
        lambda: Beam(breadth=2**30),
        lambda: Dispatcher(hw.instance("ft06"), delta=1.5),
    ):
        with pytest.raises(ConfigError, match=r"expected|needs"):
            make()
    with pytest.raises(UnknownNameError, match="LTAIL"):
        dispatch(hw.instance("ft06"), "LTAL")
    broken = replace(linear(REFERENCE), weights=np.full(12, np.inf))
    with pytest.raises(UnsupportedError, match="finite"):
        dispatch(hw.instance("ft06"), broken)
