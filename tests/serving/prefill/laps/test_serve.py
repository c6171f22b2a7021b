"""What holds for every batcher, and queueing theory."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headway.errors import ConfigError
from headway.serving.prefill import Load, PrefillRequests, QuadraticWork, StepWork
from headway.serving.prefill.laps import (
    Batch,
    Clients,
    OneQueue,
    Segment,
    mean_wait,
    mixing_wait,
    serve,
)
from headway.serving.step_time import Affine
from tests.serving.prefill.laps.batchers import BATCHERS, GRAPHS, NEVER_IDLE

WORK = QuadraticWork()

columns = st.lists(
    st.tuples(
        st.floats(0, 0.2),
        st.one_of(st.integers(1, 300), st.integers(1, 6000)),
        st.integers(0, 4000),
        st.sampled_from([0.05, 0.4, np.inf]),
    ),
    min_size=1,
    max_size=25,
)


def requests_of(rows) -> PrefillRequests:
    gaps, tokens, history, limits = zip(*rows, strict=True)
    return PrefillRequests.of(np.cumsum(gaps), tokens, history, ttft_s=limits)


@pytest.mark.parametrize("name", BATCHERS)
@settings(max_examples=15)
@given(rows=columns, clients=st.integers(0, 3))
def test_every_token_is_computed_once_in_passes_that_do_not_overlap(name, rows, clients) -> None:
    requests = requests_of(rows)
    held = None if clients == 0 else Clients(requests.tokens > 200, clients, 0.01)
    run = serve(requests, BATCHERS[name](), WORK, graphs=GRAPHS, clients=held)
    passes, arrived = run.passes, run.requests
    computed = np.bincount(passes.members, passes.tokens, len(arrived))
    assert computed.tolist() == arrived.tokens.tolist()
    assert sorted(arrived.tokens) == sorted(requests.tokens)
    assert np.all(passes.start_s[1:] >= passes.end_s[:-1])
    assert np.all(arrived.arrival_s <= run.scheduled_s)
    assert np.all(run.scheduled_s < run.first_token_s)
    last = np.zeros(len(arrived))
    starts = np.repeat(passes.start_s, np.diff(passes.offsets))
    ends = np.repeat(passes.end_s, np.diff(passes.offsets))
    np.maximum.at(last, passes.members, ends)
    assert last.tolist() == run.first_token_s.tolist()
    assert np.all(starts >= arrived.arrival_s[passes.members])
    if name in NEVER_IDLE:
        waiting = [
            np.any((arrived.arrival_s <= end) & (run.first_token_s > end)) for end in passes.end_s
        ]
        idle = passes.start_s[1:] > passes.end_s[:-1]
        assert not np.any(np.array(waiting[:-1], bool) & idle)


@pytest.mark.parametrize("name", BATCHERS)
def test_a_run_is_the_same_each_time(name) -> None:
    rng = np.random.default_rng(3)
    requests = PrefillRequests.of(np.cumsum(rng.exponential(0.05, 200)), rng.integers(1, 2000, 200))
    one, two = (serve(requests, BATCHERS[name](), WORK, graphs=GRAPHS) for _ in range(2))
    assert one.first_token_s.tobytes() == two.first_token_s.tobytes()


def test_a_replay_saves_launches_and_computes_the_padding() -> None:
    work = QuadraticWork(base_s=4e-3, token_s=1e-5, pair_s=0)
    requests = PrefillRequests.of([0.0], [50])
    plain = serve(requests, OneQueue(), work)
    replayed = serve(requests, OneQueue(graphs=GRAPHS), work, graphs=GRAPHS)
    assert plain.ttft_s[0] == pytest.approx(4.5e-3)
    assert replayed.ttft_s[0] == pytest.approx(4.64e-3 - 399e-6)


def test_a_pass_takes_what_the_step_time_says() -> None:
    work = StepWork(Affine(4e-3, {"prefill_tokens": 1e-5, "prefill_pairs": 1e-8}))
    run = serve(PrefillRequests.of([0.0], [100], [50]), OneQueue(), work)
    assert run.ttft_s[0] == pytest.approx(float(work.seconds(Load.of(100, 50))))


@settings(max_examples=15)
@given(number=st.integers(1, 4), pause=st.sampled_from([0.0, 0.05]))
def test_clients_have_one_request_each_on_its_way(number, pause) -> None:
    requests = PrefillRequests.of(np.zeros(20), np.arange(100, 2100, 100))
    run = serve(requests, OneQueue(), WORK, clients=Clients(np.ones(20, bool), number, pause))
    came, went = run.requests.arrival_s, run.first_token_s
    there = [int(np.sum((came <= t) & (went > t))) for t in came]
    assert max(there) == min(number, max(there))
    if pause == 0.0:
        assert set(there[number - 1 : -number]) <= {number}
    assert came[0] == pause


def test_a_batcher_that_runs_what_is_not_there_is_found_out() -> None:
    class Twice(OneQueue):
        def next(self, now):
            batch = super().next(now)
            return Batch((*batch.segments, Segment(0, 1, 0))) if isinstance(batch, Batch) else batch

    class Idle(OneQueue):
        def next(self, now):
            return float("inf")

    requests = PrefillRequests.of([0.0], [10])
    with pytest.raises(ConfigError, match="1 tokens of 0 after 0"):
        serve(requests, Twice(), WORK)
    with pytest.raises(ConfigError, match="1 requests undone"):
        serve(requests, Idle(), WORK)
    with pytest.raises(ConfigError, match="clients"):
        Clients(np.ones(1, bool), 0)


@pytest.mark.parametrize("share", [0.3, 0.8])
def test_mixing_short_and_long_jobs_costs_what_queueing_theory_says(share) -> None:
    """A single queue with one job per pass is M/G/1: 60,000 jobs, five seeds."""
    short, long, n = 0.01, 0.1, 12_000
    rate = 0.6 / (share * short + (1 - share) * long)
    work = QuadraticWork(base_s=0.0, token_s=1e-4, pair_s=0.0)
    waits = []
    for seed in range(5):
        rng = np.random.default_rng(seed)
        tokens = np.where(rng.random(n) < share, 100, 1000)
        requests = PrefillRequests.of(np.cumsum(rng.exponential(1 / rate, n)), tokens)
        run = serve(requests, OneQueue(budget=1000, most_turns=1), work)
        waits.append(float((run.scheduled_s - run.requests.arrival_s).mean()))
    expected = mean_wait(rate, share, short, long)
    assert np.mean(waits) == pytest.approx(expected, rel=0.08)
    mean_s = share * short + (1 - share) * long
    unmixed = mean_wait(rate, 1.0, mean_s, mean_s)
    assert mixing_wait(rate, share, short, long) == pytest.approx(expected - unmixed)


def test_overload_has_no_mean_wait() -> None:
    with pytest.raises(ConfigError, match="load below 1"):
        mean_wait(100, 0.5, 0.01, 0.1)
    with pytest.raises(ConfigError, match="share"):
        mixing_wait(1, 1.5, 0.01, 0.1)
