"""What holds of every run, whoever decides; and what each kind of policy is for."""

from functools import cache
from math import inf

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headway.serving.prefill import (
    ORDERS,
    Fill,
    Guards,
    PrefillPolicy,
    PrefillRequests,
    QuadraticWork,
    SloAware,
    simulate,
)
from tests.serving.prefill.samples import (
    WORK,
    UnitWork,
    audit,
    batch_loads,
    longest_layer_s,
    policies,
    requests,
)
from tests.twins.prefill import serve

jobs = st.lists(
    st.tuples(st.integers(0, 12), st.integers(1, 6), st.integers(0, 12)), min_size=1, max_size=7
).map(sorted)


def columns(drawn: list[tuple[int, int, int]]) -> tuple[list[int], list[int], list[int]]:
    arrival, tokens, spare = (list(column) for column in zip(*drawn, strict=True))
    return arrival, tokens, [a + p + s for a, p, s in zip(arrival, tokens, spare, strict=True)]


def unit_run(drawn: list[tuple[int, int, int]], policy: PrefillPolicy | str):
    arrival, tokens, deadline = columns(drawn)
    ttft = np.subtract(deadline, arrival)
    return simulate(PrefillRequests.of(arrival, tokens, ttft_s=ttft), UnitWork(), policy)


@settings(max_examples=150)
@given(requests(), policies())
def test_every_run_computes_everything_once_and_never_idles(
    drawn: PrefillRequests, policy: PrefillPolicy
) -> None:
    audit(simulate(drawn, WORK, policy), WORK, policy)


@given(requests(), policies())
def test_a_run_is_the_same_every_time(drawn: PrefillRequests, policy: PrefillPolicy) -> None:
    first, second = (simulate(drawn, WORK, policy) for _ in range(2))
    assert first.first_token_s.tobytes() == second.first_token_s.tobytes()
    assert first.passes.start_s.tobytes() == second.passes.start_s.tobytes()


@given(jobs, st.sampled_from([name for name, order in ORDERS.items() if order.steady]))
def test_deciding_at_events_alone_is_as_good_as_deciding_always(
    drawn: list[tuple[int, int, int]], order: str
) -> None:
    """Operators of a second that may be cut anywhere, beside a twin that asks every second."""
    assert unit_run(drawn, f"{order} operator").first_token_s.tolist() == serve(
        *columns(drawn), order
    )


@given(jobs, st.sampled_from(sorted(ORDERS)), st.integers(1, 4))
def test_chunks_agree_with_the_twin(
    drawn: list[tuple[int, int, int]], order: str, chunk: int
) -> None:
    found = unit_run(drawn, f"{order} chunk {chunk}").first_token_s.tolist()
    assert found == serve(*columns(drawn), order, chunk)


@cache
def can_keep(arrival: tuple[int, ...], left: tuple[int, ...], deadline: tuple[int, ...], now: int):
    """Return whether some schedule keeps all deadlines, by trying everybody in every second."""
    if not any(left):
        return True
    if any(q and now + q > d for q, d in zip(left, deadline, strict=True)):
        return False
    here = [k for k, q in enumerate(left) if q and arrival[k] <= now]
    if not here:
        return can_keep(arrival, left, deadline, now + 1)
    return any(
        can_keep(arrival, (*left[:k], left[k] - 1, *left[k + 1 :]), deadline, now + 1) for k in here
    )


@given(jobs)
def test_edf_keeps_all_deadlines_if_anybody_can(drawn: list[tuple[int, int, int]]) -> None:
    feasible = can_keep(*map(tuple, columns(drawn)), 0)
    for order in ("edf", "s-edf"):
        assert (unit_run(drawn, f"{order} operator").attainment == 1.0) == feasible


@given(requests(), st.sampled_from(["operator", "layer"]))
def test_the_more_urgent_wait_for_one_operator_or_layer_at_most(
    drawn: PrefillRequests, cut: str
) -> None:
    run = simulate(drawn, WORK, f"edf {cut}")
    passes = [WORK.operators(load) for load in batch_loads(run)]
    each = (p.longest_s if cut == "operator" else longest_layer_s(p) for p in passes)
    longest = max(each)
    blocked = run.blocking_s[~np.isnan(run.blocking_s)]
    assert np.all(blocked <= longest + 1e-9)


def test_blocking_shrinks_with_the_piece_that_is_cut() -> None:
    """A short prompt arrives somewhere in a long one; the mean over many places."""
    work, blocked = QuadraticWork(), []
    for cut in ("operator", "layer", "chunk 8192", "whole"):
        waits = []
        for at in np.linspace(0.05, 2.0, 40):
            drawn = PrefillRequests.of([0, at], [30_000, 200], ttft_s=[60, 0.5])
            waits.append(float(simulate(drawn, work, f"edf {cut}").blocking_s[1]))
        blocked.append(np.mean(waits))
    operator, layer, chunk, whole = blocked
    assert operator < layer / 1.5
    assert layer < chunk / 3
    assert chunk < whole / 2


def stops(run) -> dict[int, list[tuple[float, float]]]:
    """Return when each pass stood still, from its stretches."""
    passes, found = run.passes, {}
    for batch in range(len(passes.offsets) - 1):
        mine = passes.batch == batch
        start, end = passes.start_s[mine], passes.end_s[mine]
        found[batch] = list(zip(end[:-1], start[1:], strict=True))
    return found


@given(requests(20), st.sampled_from(sorted(ORDERS)), st.sampled_from([0.02, 0.1]))
def test_nobody_begins_while_a_stopped_prefill_waits_for_longer_than_it_may(
    drawn: PrefillRequests, order: str, bound: float
) -> None:
    policy = PrefillPolicy("", ORDERS[order], guards=Guards(resume_s=bound))
    run = simulate(drawn, WORK, policy)
    audit(run, WORK, policy)
    _, first = np.unique(run.passes.batch, return_index=True)
    begins = dict(enumerate(run.passes.start_s[first].tolist()))
    for batch, gaps in stops(run).items():
        for stopped, resumed in gaps:
            late = [
                b
                for b, begin in begins.items()
                if b != batch and stopped + bound + 1e-9 < begin < resumed - 1e-9
            ]
            assert not late


def test_a_long_prefill_starves_without_a_bound_and_does_not_with_one() -> None:
    """A long prompt without a limit; a short one with a tight one every 20 ms, of 18 ms."""
    n = 400
    arrival = [0.0, *(0.5 + 0.02 * np.arange(n))]
    drawn = PrefillRequests.of(arrival, [30_000, *[200] * n], ttft_s=[np.inf, *[0.05] * n])
    work = QuadraticWork()
    free = simulate(drawn, work, PrefillPolicy("", ORDERS["s-edf"]))
    bound = Guards(resume_s=0.05)
    bounded = simulate(drawn, work, PrefillPolicy("", ORDERS["s-edf"], guards=bound))
    longest = max(work.operators(load).longest_s for load in batch_loads(bounded)[1:])
    assert all(end - start <= 0.05 + longest for start, end in stops(bounded)[0])
    assert bounded.suspended_s[0] < 0.2
    assert free.suspended_s[0] > 5
    assert free.attainment > bounded.attainment


@given(requests(20), st.sampled_from(["operator", "layer"]), st.sampled_from([1, 2]))
def test_a_prefill_is_stopped_as_often_as_allowed_and_not_near_its_end(
    drawn: PrefillRequests, cut: str, most: int
) -> None:
    guards = Guards(preemptions=most, progress=0.7)
    run = simulate(drawn, WORK, PrefillPolicy("", ORDERS["srpt"], cut, guards=guards))
    assert run.preemptions.max() <= most
    passes, loads = run.passes, batch_loads(run)
    done = np.zeros(len(loads))
    for start, end, batch in zip(passes.start_s, passes.end_s, passes.batch, strict=True):
        total = WORK.seconds(loads[batch])
        done[batch] += end - start
        assert done[batch] < 0.7 * total or done[batch] == pytest.approx(total)


def test_a_margin_keeps_near_ties_from_changing_places() -> None:
    drawn = PrefillRequests.of([0, 0.1], [8000, 8000], ttft_s=[3.0, 2.85])
    for margin, expected in ((0.0, 1), (0.1, 0)):
        policy = PrefillPolicy("", ORDERS["edf"], guards=Guards(margin=margin))
        assert simulate(drawn, WORK, policy).preemptions.sum() == expected


def test_work_is_lost_if_its_state_is_not_kept() -> None:
    drawn = PrefillRequests.of([0, 0.5], [30_000, 200], ttft_s=[60, 0.5])
    kept, lost = (
        simulate(drawn, WORK, PrefillPolicy("", ORDERS["edf"], keeps_state=keeps))
        for keeps in (True, False)
    )
    assert lost.wasted_s[0] == pytest.approx(0.5, abs=0.5)
    assert lost.wasted_s[0] >= 0.5
    assert lost.first_token_s[0] == pytest.approx(kept.first_token_s[0] + lost.wasted_s[0])
    assert kept.wasted_s.sum() == 0


def test_a_rescue_lets_the_recently_late_go_before_the_long() -> None:
    """The short prompt misses its limit by the time the first long one ends."""
    drawn = PrefillRequests.of([0, 0, 0.1], [20_000, 20_000, 200], ttft_s=[2.5, 9, 0.01])
    plain = simulate(drawn, WORK, PrefillPolicy("", ORDERS["s-edf"]))
    guards = Guards(rescue_s=2.0, short_s=0.1)
    rescued = simulate(drawn, WORK, PrefillPolicy("", ORDERS["s-edf"], guards=guards))
    assert plain.first_token_s[2] > plain.first_token_s[1]
    assert rescued.first_token_s[2] < rescued.first_token_s[1]
    assert plain.attainment == rescued.attainment == pytest.approx(2 / 3)


def test_scheduling_rounds_are_paid_for_every_chunk() -> None:
    drawn = PrefillRequests.of([0], [4096])
    free, paid = (
        simulate(drawn, WORK, PrefillPolicy("", ORDERS["fcfs"], "chunk", 512, round_s=round_s))
        for round_s in (0.0, 0.001)
    )
    assert paid.first_token_s[0] == pytest.approx(free.first_token_s[0] + 8 * 0.001)
    assert paid.passes.busy_s == pytest.approx(free.passes.busy_s)


def test_what_a_chunk_leaves_is_filled_with_the_next() -> None:
    drawn = PrefillRequests.of([0, 0, 0], [300, 300, 300])
    policy = PrefillPolicy("", ORDERS["fcfs"], "chunk", 512, Fill(512))
    passes = simulate(drawn, WORK, policy).passes
    assert passes.members.tolist() == [0, 1, 1, 2]
    assert passes.tokens.tolist() == [300, 212, 88, 300]
    assert passes.offsets.tolist() == [0, 2, 4]


def test_no_requests_make_an_empty_run() -> None:
    run = simulate(PrefillRequests.of([], []), WORK)
    assert run.measures["requests"] == 0
    assert np.isnan(run.attainment)


def test_a_batch_of_several_ends_together() -> None:
    drawn = PrefillRequests.of([0, 0, 0], [200, 200, 200], ttft_s=1.0)
    run = simulate(drawn, WORK, PrefillPolicy("", batching=SloAware()))
    assert len(set(run.first_token_s.tolist())) == 1
    assert run.passes.members.tolist() == [0, 1, 2]


def test_infinite_limits_are_kept() -> None:
    assert simulate(PrefillRequests.of([0, 0], [10, 10], ttft_s=inf), WORK).attainment == 1
