"""Heuristics for total tardiness: what they are, in the smallest cases and against their twins."""

from __future__ import annotations

import random

import numpy as np
import pytest

from headway import _core
from headway.errors import UnknownNameError
from headway.model.tables import ints
from headway.solve.single import HEURISTICS, find, least_total_tardiness, total_tardiness
from headway.solve.single import tardiness as heuristics
from tests.twins import one_machine as twin


def drawn(seed: int, n: int = 12) -> tuple[list[int], list[int]]:
    """As in the literature: due dates spread around some share of the total work."""
    rng = random.Random(seed)
    work = [rng.randint(1, 99) for _ in range(n)]
    total, factor, spread = sum(work), rng.uniform(0.2, 0.8), rng.uniform(0.2, 1.0)
    low, high = total * (1 - factor - spread / 2), total * (1 - factor + spread / 2)
    return work, [int(rng.uniform(low, high)) for _ in range(n)]


@pytest.mark.parametrize("name", list(HEURISTICS))
def test_every_heuristic_orders_all_jobs_and_never_beats_the_optimum(name):
    for seed in range(30):
        work, due = drawn(seed)
        order = HEURISTICS[name](work, due)
        assert sorted(order.tolist()) == list(range(12))
        optimum, _ = least_total_tardiness(work, due)
        assert total_tardiness(work, due, order) >= optimum


@pytest.mark.parametrize("name", list(HEURISTICS))
def test_no_job_and_one_job_are_no_special_case(name):
    assert HEURISTICS[name]([], []).tolist() == []
    assert HEURISTICS[name]([5], [-3]).tolist() == [0]
    assert sorted(HEURISTICS[name]([0, 0], [0, 0]).tolist()) == [0, 1]


def test_spt_and_edd_sort():
    assert heuristics.spt([3, 1, 1], [0, 5, 4]).tolist() == [2, 1, 0]
    assert heuristics.edd([3, 1, 1], [4, 5, 4]).tolist() == [0, 2, 1]


def test_mdd_takes_the_job_that_is_late_whatever_happens_by_its_length():
    """At 0 the modified due dates are 9, 8 and 20."""
    assert heuristics.mdd([9, 8, 1], [1, 2, 20]).tolist() == [1, 0, 2]


def test_psk_prefers_a_longer_job_that_is_due_earlier_and_in_time():
    """SPT starts with job 0; job 1, due earlier, would still be in time."""
    assert heuristics.psk([2, 3], [9, 4]).tolist() == [1, 0]
    assert heuristics.psk([2, 3], [3, 2]).tolist() == [0, 1]


def test_eddc_moves_an_urgent_job_forward_only_past_one_that_is_not_late():
    """Job 1 is due at 2, but job 0, finished at 2, is late where it stands and stays."""
    assert heuristics.eddc([2, 3], [1, 0]).tolist() == [0, 1]
    assert heuristics.eddc([2, 3], [9, 3]).tolist() == [1, 0]


@pytest.mark.parametrize("seed", range(60))
def test_the_challengers_do_what_their_definition_says(seed):
    work, due = drawn(seed, n=15)
    assert heuristics.eddc(work, due).tolist() == twin.eddc(work, due)
    assert heuristics.mddc(work, due).tolist() == twin.mddc(work, due)


@pytest.mark.parametrize("seed", range(40))
def test_augmented_rules_agree_with_full_evaluation_of_every_trial(seed):
    work, due = drawn(seed, n=15)
    assert heuristics.augmented_mdd(work, due).tolist() == twin.augmented(
        work, due, heuristics.mdd(work, due).tolist()
    )
    assert heuristics.augmented_mddc(work, due).tolist() == twin.augmented(
        work, due, twin.mddc(work, due)
    )


@pytest.mark.parametrize("seed", range(40))
def test_the_descent_ends_where_no_insertion_helps(seed):
    work, due = drawn(seed, n=15)
    order = heuristics.mddc_descent(work, due).tolist()
    assert twin.cannot_be_improved_by_insertion(work, due, order)
    before = twin.tardiness(work, due, twin.mddc(work, due))
    assert twin.tardiness(work, due, order) <= before


def test_the_challenger_minds_the_unit_of_time_and_its_scaled_form_does_not():
    changed = 0
    for seed in range(50):
        work, due = np.array(drawn(seed, n=20))
        scaled = heuristics.mddc_scaled(1000 * work, 1000 * due).tolist()
        assert heuristics.mddc_scaled(7000 * work, 7000 * due).tolist() == scaled
        assert heuristics.mddc_scaled(work, due).tolist() == heuristics.mddc(work, due).tolist()
        changed += heuristics.mddc(1000 * work, 1000 * due).tolist() != scaled
    assert changed


def test_the_descent_is_within_a_percent_of_the_optimum_in_total():
    found = best = 0
    for seed in range(60):
        work, due = drawn(seed, n=40)
        best += least_total_tardiness(work, due)[0]
        found += total_tardiness(work, due, heuristics.mddc_descent(work, due))
    assert best < found < 1.01 * best


def test_heuristics_are_found_by_name():
    assert find("mddc + INSERTION") is heuristics.mddc_descent
    with pytest.raises(UnknownNameError, match="MDDC"):
        find("MDCC")


@pytest.mark.parametrize("function", [_core.augmented, _core.insertion_descent])
@pytest.mark.parametrize("order", [[0], [0, 0], [0, 2], [-1, 0]])
def test_the_core_refuses_what_is_no_order(function, order):
    with pytest.raises(ValueError, match=r"order|length"):
        function(ints([1, 1]), ints([1, 1]), ints(order))
