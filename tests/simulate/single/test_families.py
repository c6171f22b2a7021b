"""Families of jobs, and the published and measured ratios to the optimum on them."""

import numpy as np
import pytest

from headway.errors import ConfigError, UnknownNameError
from headway.simulate.single import (
    batch_of_tests,
    outcome,
    random_chains,
    tightness_stream,
    uniform_tests,
    why_chunks,
)
from headway.simulate.single.families import LAWS


def ratio(jobs, policy: str) -> float:
    return outcome(jobs, policy).total_flow / outcome(jobs, "srpt").total_flow


@pytest.mark.parametrize(("jobs", "expected"), [(10, 1.409), (100, 1.490)])
def test_a_batch_of_tests_costs_half_as_much_again(jobs: int, expected: float) -> None:
    assert ratio(batch_of_tests(jobs), "op_srpt") == pytest.approx(expected, abs=5e-4)


@pytest.mark.parametrize(("jobs", "expected"), [(20, 1.836), (60, 1.938)])
def test_a_stream_after_the_batch_costs_nearly_twice(jobs: int, expected: float) -> None:
    stream = tightness_stream(jobs)
    assert ratio(stream, "op_srpt") == pytest.approx(expected, abs=5e-4)
    assert ratio(stream, "chunked") == pytest.approx(1, abs=1e-3)


@pytest.mark.parametrize(
    ("longest", "operations", "chunks", "known"),
    [(4, 1.15, 1.15, 1.06), (16, 1.85, 1.24, 1.08), (64, 4.41, 1.24, 1.13)],
)
def test_chunks_bound_what_small_operations_cost(longest, operations, chunks, known) -> None:
    jobs = why_chunks(longest)
    assert ratio(jobs, "op_srpt") == pytest.approx(operations, abs=5e-3)
    assert ratio(jobs, "chunked") == pytest.approx(chunks, abs=5e-3)
    assert ratio(jobs, "known_size") == pytest.approx(known, abs=5e-3)


def test_uniform_tests_never_cost_more_than_twice() -> None:
    """Lindermayr et al. (2026): op-SRPT is 2-competitive with tests of common length."""
    ratios = [
        ratio(uniform_tests(n, law=law, load=load, seed=n), "op_srpt")
        for n in range(2, 30, 3)
        for law in LAWS
        for load in (0.5, 1.0, 5.0)
    ]
    assert min(ratios) >= 1
    assert 1.1 < np.mean(ratios) < 1.4
    assert max(ratios) <= 2


@pytest.mark.parametrize("law", LAWS)
def test_the_load_is_what_was_asked_for(law: str) -> None:
    jobs = random_chains(20_000, 4, law=law, load=0.5, seed=2)
    load = jobs.total.sum() / jobs.release[-1]
    assert load == pytest.approx(0.5, rel=0.1)
    assert jobs.longest_chain == 4


def test_settings_that_make_no_sense_are_refused() -> None:
    with pytest.raises(UnknownNameError, match="lognormal"):
        random_chains(3, 2, law="lognorm")
    with pytest.raises(ConfigError):
        random_chains(0, 2)
    with pytest.raises(ConfigError):
        uniform_tests(3, load=-1)
