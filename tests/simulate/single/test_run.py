"""Whom one machine serves: by hand, against a tick-by-tick twin, and in general."""

import gc
from types import FunctionType, ModuleType

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headway.errors import ConfigError, UnknownNameError
from headway.simulate.single import POLICIES, Chains, JobView, find, outcome, random_chains
from tests.twins import gradual

ALL = (*gradual.KEYS, "round_robin", "round_robin(3)", "mlfq(3, 2)", "las(4)", "slf(0.5, 3)")

chains = st.lists(
    st.tuples(st.integers(0, 30), st.lists(st.integers(0, 9), min_size=1, max_size=4)),
    min_size=1,
    max_size=7,
)


def of(pairs) -> Chains:
    return Chains.of(pairs).estimated(2.5, np.random.default_rng(len(pairs)))


@settings(max_examples=50)
@pytest.mark.parametrize("policy", gradual.KEYS)
@given(pairs=chains)
def test_every_job_ends_when_the_twin_ends_it(policy: str, pairs) -> None:
    jobs = of(pairs)
    assert outcome(jobs, policy).completion.tolist() == gradual.completions(
        jobs, gradual.KEYS[policy]
    )


def busy(served) -> set[int]:
    pieces = zip(served.piece_start.tolist(), served.piece_end.tolist(), strict=True)
    return {tick for start, end in pieces for tick in range(start, end)}


@settings(max_examples=15)
@given(pairs=chains)
def test_traces_hold_and_the_machine_is_busy_whenever_somebody_waits(pairs) -> None:
    """All policies that keep to this are busy at the same times, and verified."""
    jobs = of(pairs)
    times = busy(outcome(jobs, "fifo"))
    assert len(times) == jobs.total.sum()
    for policy in ALL:
        served = outcome(jobs, policy)
        assert served.trace().schedule.objective == served.total_flow
        assert busy(served) == times


@settings(max_examples=25)
@given(pairs=chains)
def test_nobody_beats_srpt(pairs) -> None:
    jobs = of(pairs)
    least = outcome(jobs, "srpt").total_flow
    assert all(outcome(jobs, policy).total_flow >= least for policy in ALL)


@pytest.mark.parametrize("policy", ALL)
def test_a_run_repeats_itself(policy: str) -> None:
    jobs = random_chains(40, 5, seed=3, mean=20).estimated(2, np.random.default_rng(0))
    first, again = outcome(jobs, policy), outcome(jobs, policy)
    assert np.array_equal(first.piece_start, again.piece_start)
    assert np.array_equal(first.piece_job, again.piece_job)


def test_estimates_follow_the_seed() -> None:
    jobs = random_chains(40, 3, seed=3)
    flows = [outcome(jobs, "srpt_estimate", reveal="estimate(4)", seed=seed) for seed in (1, 1, 2)]
    assert flows[0].total_flow == flows[1].total_flow
    assert flows[0].jobs.estimate.tolist() != flows[2].jobs.estimate.tolist()


def test_perfect_estimates_make_srpt() -> None:
    jobs = random_chains(60, 3, seed=5)
    estimated = outcome(jobs, "srpt_estimate", reveal="estimate(1)")
    assert estimated.total_flow == outcome(jobs, "srpt").total_flow


def test_a_job_that_outlives_its_estimate_does_not_keep_the_machine() -> None:
    jobs = Chains([0, 5, 6], [0, 1, 2, 3], [100, 1, 1], [1, 1, 1])
    kept = outcome(jobs, "srpt_estimate(0)").completion.tolist()
    shared = outcome(jobs, "srpt_estimate").completion.tolist()
    assert kept == [100, 101, 102]
    assert shared == [102, 6, 7]


def test_round_robin_takes_turns_in_the_order_of_the_queue() -> None:
    """At 2 the newcomer joins before job 0 does so again."""
    served = outcome(Chains.of([(0, [6]), (0, [3]), (2, [2])]), "round_robin(2)")
    assert served.piece_job.tolist() == [0, 1, 2, 0, 1, 0]
    assert served.piece_end.tolist() == [2, 4, 6, 8, 9, 11]


def test_feedback_queues_double_their_turns() -> None:
    served = outcome(Chains.of([(0, [9]), (1, [1])]), "mlfq(3, 1)")
    assert list(zip(served.piece_job.tolist(), served.piece_end.tolist(), strict=True)) == [
        (0, 1), (1, 2), (0, 10),
    ]  # fmt: skip
    assert served.preemptions == 1


class Peek:
    """Looks for numbers that nobody has revealed."""

    reveal = "none"

    def __init__(self, hidden: set[int]) -> None:
        self.hidden, self.looked = hidden, 0

    def __call__(self, job: JobView):
        seen: set[int] = set()
        stack: list[object] = [job]
        while stack:
            thing = stack.pop()
            if id(thing) in seen or isinstance(thing, type | ModuleType | FunctionType):
                continue
            seen.add(id(thing))
            self.looked += 1
            assert not (isinstance(thing, int) and thing in self.hidden), f"peeked {thing}"
            assert not isinstance(thing, np.ndarray), "an array hangs on the view"
            stack.extend(gc.get_referents(thing))
        return job.release, None


@pytest.mark.parametrize("reveal", ["none", "operations", "estimate(3)", "epsilon(0.1)"])
def test_what_is_not_revealed_cannot_be_reached(reveal: str) -> None:
    """Every later operation, and under `none` every one, is a number that nothing else is."""
    pairs = [(10 * j, [700_001 + 10 * j, 800_001 + 10 * j]) for j in range(4)]
    hidden = {sizes[1] for _, sizes in pairs} | {sum(sizes) for _, sizes in pairs}
    if reveal != "operations":
        hidden |= {sizes[0] for _, sizes in pairs}
    if reveal in ("operations", "epsilon(0.1)"):
        jobs = Chains.of([(release, sizes) for release, sizes in pairs])
        # Stop looking once the first job moves on to what it then may see.
        peek = Peek(hidden)
        with pytest.raises(AssertionError, match="peeked"):
            outcome(jobs, peek, reveal=reveal)
        assert peek.looked > 8
    else:
        peek = Peek(hidden)
        outcome(Chains.of(pairs), peek, reveal=reveal)
        assert peek.looked > 8


def test_a_policy_that_needs_more_than_it_is_shown_is_told_so() -> None:
    jobs = Chains.of([(0, [3])])
    for policy, reveal, what in (
        ("srpt", "operations", "total sizes"),
        ("op_srpt", "none", "sizes of operations"),
        ("chunked", "none", "sizes of operations"),
        ("srpt_estimate", "full", "estimates"),
        ("srpt_estimate", "estimate", "no estimates"),
    ):
        with pytest.raises(ConfigError, match=what):
            outcome(jobs, policy, reveal=reveal)


def test_a_policy_may_not_stop_the_clock() -> None:
    class Restless:
        reveal = "none"

        def __call__(self, job: JobView):
            return 0, 0

    with pytest.raises(ConfigError, match="again at once"):
        outcome(Chains.of([(0, [3])]), Restless())


def test_a_policy_of_ones_own_is_as_good() -> None:
    class Lifo:
        reveal = "none"

        def __call__(self, job: JobView):
            return -job.release, None

    assert outcome(Chains.of([(0, [5]), (1, [2])]), Lifo()).completion.tolist() == [7, 3]


@pytest.mark.parametrize("name", POLICIES)
def test_policies_are_found_by_name(name: str) -> None:
    policy = find(f"{name}(1/3)" if name == "slf" else name)
    assert type(policy) is POLICIES[name]
    assert find(policy) is policy


@pytest.mark.parametrize(
    "text", ["mlfq(0)", "slf", "slf(0)", "slf(1)", "las(-1)", "srpt(", "las(x)", "fifo(3)"]
)
def test_settings_that_make_no_sense_are_refused(text: str) -> None:
    with pytest.raises(ConfigError):
        find(text)


def test_unknown_policies_are_refused_with_a_hint() -> None:
    with pytest.raises(UnknownNameError, match="op_srpt"):
        find("op_srtp")
