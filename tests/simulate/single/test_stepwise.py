"""One machine step by step: the same as whole runs of the same rule."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headway.errors import ConfigError, UnknownNameError, VerificationError
from headway.simulate import Linear, Policy, Rule, greedy, rollout
from headway.simulate.expression import parse
from headway.simulate.single import COLUMNS, Chains, SingleWorld, outcome, random_chains
from tests.simulate.peeking import Peeker

# Policy of whole runs, what is shown, the same as a formula, and its quantum.
SAME = (
    ("fifo", "none", "release", None),
    ("srpt", "full", "rest", None),
    ("op_srpt", "operations", "left", None),
    ("op_srpt", "full", "left", None),
    ("known_size", "operations", "known", None),
    ("slf(1/4)", "epsilon(1/4)", "shown * 3 * rest + (1 - shown) * attained", 1),
    ("las", "none", "attained", 1),
)

chains = st.lists(
    st.tuples(st.integers(0, 30), st.lists(st.integers(0, 9), min_size=1, max_size=4)),
    min_size=1,
    max_size=7,
)


def rule(text: str) -> Policy:
    return Rule(text, parse(text))


@pytest.mark.parametrize(("policy", "reveal", "key", "quantum"), SAME)
@settings(max_examples=30, deadline=None)
@given(pairs=chains)
def test_step_by_step_serves_the_same(
    policy: str, reveal: str, key: str, quantum: int | None, pairs: list[tuple[int, list[int]]]
) -> None:
    jobs = Chains.of(pairs)
    world = greedy(SingleWorld(jobs, reveal, quantum=quantum), rule(key))
    ours, whole = world.outcome(key), outcome(jobs, policy, reveal=reveal)
    assert ours.piece_job.tolist() == whole.piece_job.tolist()
    assert ours.piece_start.tolist() == whole.piece_start.tolist()
    assert ours.completion.tolist() == whole.completion.tolist()
    assert world.value == whole.total_flow


@settings(max_examples=40, deadline=None)
@given(pairs=chains, data=st.data())
def test_whoever_decides_all_is_done_and_the_value_grows(
    pairs: list[tuple[int, list[int]]], data: st.DataObject
) -> None:
    reveal = data.draw(st.sampled_from(["full", "operations", "estimate(2)", "epsilon(0.5)"]))
    world, worth = SingleWorld(Chains.of(pairs), reveal), [0.0]
    while (decision := world.decision()) is not None:
        assert not decision.may_wait
        assert set(decision.columns) <= set(COLUMNS)
        worth.append(world.value)
        world.apply(data.draw(st.integers(0, len(decision) - 1)))
    assert worth == sorted(worth)
    served = world.outcome("anybody")
    assert served.total_flow == world.value
    assert served.trace().schedule.objective == served.total_flow


def test_decisions_are_made_when_a_job_arrives_ends_or_reveals_something() -> None:
    """Job 1 arrives at 1; job 0 reveals its second operation at 2 and ends at 8."""
    world = SingleWorld(Chains.of([(0, [2, 6]), (1, [4])]), "operations")
    seen = []
    while (decision := world.decision()) is not None:
        seen.append((decision.time, decision.columns["left"].tolist()))
        world.apply(0)
    assert seen == [(0, [2]), (1, [1, 4]), (2, [6, 4]), (8, [4])]


def test_what_is_not_shown_is_no_column() -> None:
    world = SingleWorld(Chains.of([(0, [2, 6])]), "none")
    decision = world.decision()
    assert decision is not None
    assert set(decision.columns) == {"t", "jobs", "release", "attained"}
    with pytest.raises(UnknownNameError, match="left"):
        rule("left").score(decision)
    with pytest.raises(ValueError, match="read-only"):
        decision.columns["release"][0] = 5


@pytest.mark.parametrize("reveal", ["none", "operations", "estimate(3)", "epsilon(0.1)"])
def test_a_peeking_policy_finds_nothing(reveal: str) -> None:
    """Sizes are numbers that nothing else is; none but revealed ones are found anywhere."""
    peeker = Peeker()
    jobs = Chains.of([(10 * j, [700_001 + 10 * j, 800_001 + 10 * j]) for j in range(4)])
    world = SingleWorld(jobs, reveal)
    for _ in range(3):  # until all have arrived; no operation has ended by then
        decision = world.decision()
        assert decision is not None
        world.apply(int(np.argmax(peeker.score(decision))))
    names = {name.rpartition(".")[2] for name in peeker.found}
    assert names == {"SingleDecision", "_Columns"}
    hidden = {*jobs.total.tolist(), *jobs.size[1::2].tolist()}
    hidden |= set() if reveal == "operations" else set(jobs.size.tolist())
    assert peeker.values
    assert not hidden & {number for value in peeker.values for number in value.ravel().tolist()}


def test_a_copy_goes_on_by_itself() -> None:
    jobs = random_chains(30, 3, seed=5)
    world = SingleWorld(jobs, "operations")
    world.decision()
    world.apply(0)
    other = world.clone()
    greedy(world, rule("-left"))
    greedy(other, rule("left"))
    assert other.value < world.value
    linear = Linear("op", (parse("left"),), -np.ones(1))
    assert rollout(SingleWorld(jobs, "operations"), linear, 2).value <= other.value


def test_estimates_follow_the_seed() -> None:
    jobs = random_chains(30, 3, seed=3)
    values = [
        greedy(SingleWorld(jobs, "estimate(4)", seed=seed), rule("estimate")).value
        for seed in (1, 1, 2)
    ]
    assert values[0] == values[1] != values[2]


def test_what_cannot_be_done_is_refused() -> None:
    jobs = Chains.of([(0, [2])])
    with pytest.raises(ConfigError, match="quantum"):
        SingleWorld(jobs, quantum=0)
    with pytest.raises(ConfigError, match="no estimates"):
        SingleWorld(jobs, "estimate")
    world = SingleWorld(jobs)
    world.decision()
    for choice in (None, 1):
        with pytest.raises(ConfigError, match="one of the jobs"):
            world.apply(choice)
    with pytest.raises(VerificationError, match="0 ticks of service"):
        world.outcome("nobody")
