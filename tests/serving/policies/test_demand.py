import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from headway.serving.policies.demand import Futures, peak_demand

REQUESTS = st.lists(st.tuples(st.integers(0, 30), st.integers(0, 12)), min_size=1, max_size=12)


def simulated(requests: list[tuple[int, int]]) -> int:
    """Step by step, all requests that have not ended hold one token more each."""
    return max(
        sum(used + now for used, left in requests if left >= now)
        for now in range(max(left for _, left in requests) + 1)
    )


@given(REQUESTS)
def test_peak_is_that_of_the_future_lived_step_by_step(requests) -> None:
    used, left = np.array(requests, np.int64).T
    assert peak_demand(used, left) == simulated(requests)


@given(REQUESTS, st.randoms(use_true_random=False))
def test_order_of_the_requests_does_not_matter(requests, random) -> None:
    shuffled = random.sample(requests, len(requests))
    assert peak_demand(*np.array(requests).T) == peak_demand(*np.array(shuffled).T)


@given(st.data(), st.integers(1, 3), st.integers(0, 6), st.integers(1, 6))
def test_joining_one_by_one_is_the_same_as_sorting_anew(data, guesses, before, joining) -> None:
    tokens = st.integers(0, 9)
    used = np.array(data.draw(st.lists(tokens, min_size=before, max_size=before)), np.int64)
    rows = st.lists(tokens, min_size=guesses, max_size=guesses)
    columns = data.draw(st.lists(rows, min_size=before, max_size=before))
    left = np.array(columns, np.int64).reshape(before, guesses).T
    futures = Futures.of(used, left)
    for _ in range(joining):
        candidate, to_come = data.draw(tokens), np.array(data.draw(rows), np.int64)
        futures = futures.plus(candidate, to_come)
        used = np.append(used, candidate)
        left = np.column_stack((left, to_come))
        worst = max(simulated(list(zip(used, row, strict=True))) for row in left)
        assert futures.peak == Futures.of(used, left).peak == worst


def test_nobody_needs_nothing() -> None:
    nobody = Futures.of(np.empty(0, np.int64), np.empty((2, 0), np.int64))
    assert nobody.peak == 0
    assert nobody.plus(5, np.array([3, 4])).peak == 9
