"""The evolution strategy: it finds minima, the same ones for a seed, and keeps the best."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from headway.errors import ConfigError
from headway.learn import Stage, evolve
from headway.learn.evolution import _shaped

TARGET = np.array([3.0, -1.0, 0.5])


def noisy_distance(vectors, seed):
    """Distance to a target, plus what the world adds for everybody alike."""
    world = np.random.default_rng(seed).normal(scale=10.0)
    return ((vectors - TARGET) ** 2).sum(axis=1) + world


def distance(vectors):
    return ((vectors - TARGET) ** 2).sum(axis=1)


def test_the_minimum_is_found_whatever_the_worlds_add():
    found = evolve(noisy_distance, np.zeros(3), Stage(300, pairs=6), validate=distance, seed=3)
    assert distance(found.vector[None])[0] == found.validation < 0.01
    assert found.steps == 300


def test_a_seed_gives_the_same_vector_however_many_processes_share_the_work():
    stage = Stage(3, pairs=5, check_every=1)
    runs = [
        evolve(noisy_distance, np.zeros(3), stage, validate=distance, seed=seed, workers=workers)
        for seed, workers in ((1, 1), (1, 2), (2, 1))
    ]
    assert runs[0].vector.tolist() == runs[1].vector.tolist()
    assert runs[0].vector.tolist() != runs[2].vector.tolist()


def test_trials_of_a_step_meet_one_world_and_steps_meet_fresh_ones():
    seeds, sizes = [], []

    def objective(vectors, seed):
        seeds.append(seed)
        sizes.append(len(vectors))
        assert (vectors[:4] + vectors[4:]).round(12).tolist() == 4 * [(2 * middle).tolist()]
        return np.arange(8.0)

    middle = np.array([0.0, 0.0])
    evolve(objective, middle, Stage(1, pairs=4), validate=lambda v: v.sum(axis=1))
    objective_seed = seeds[0]
    assert sizes == [8]
    found = []
    evolve(
        lambda vectors, seed: (found.append(seed), np.zeros(len(vectors)))[1],
        middle,
        Stage(5, pairs=2),
        validate=lambda v: v.sum(axis=1),
    )
    assert len(set(found)) == 5
    assert objective_seed == found[0]


def test_the_start_is_kept_where_nothing_is_better():
    start = TARGET + 0.001
    found = evolve(noisy_distance, start, Stage(20, rate=(5.0, 5.0)), validate=distance)
    assert found.vector.tolist() == start.tolist()


def test_steps_tell_how_it_goes():
    steps = []
    stage = Stage(40, pairs=4, check_every=10)
    found = evolve(noisy_distance, np.zeros(3), stage, validate=distance, on_step=steps.append)
    assert [step.number for step in steps] == list(range(1, 41))
    assert all(step.number % 10 == 0 for step in steps if step.improved)
    assert any(step.improved for step in steps)
    assert steps[-1].validation == found.validation
    assert all(a.time_s <= b.time_s for a, b in pairwise(steps))


def test_no_time_no_step():
    found = evolve(noisy_distance, TARGET, Stage(9), validate=distance, time_limit_s=0)
    assert (found.steps, found.vector.tolist()) == (0, TARGET.tolist())


def test_an_interrupt_keeps_the_best_so_far():
    def interrupted(step):
        if step.number == 100:
            raise KeyboardInterrupt

    stage = Stage(1000, pairs=6)
    found = evolve(noisy_distance, np.zeros(3), stage, validate=distance, on_step=interrupted)
    assert found.steps == 100
    assert found.validation < distance(np.zeros((1, 3)))[0]


def test_costs_count_by_rank_and_equal_ones_share_theirs():
    shaped = _shaped(np.array([7.0, 1.0, 7.0, 1e9, 0.0]))
    assert shaped.tolist() == [-0.125, 0.25, -0.125, -0.5, 0.5]
    assert _shaped(np.zeros(4)).tolist() == [0.0] * 4


def test_stages_go_geometrically_from_first_to_last():
    stage = Stage(3, sigma=(0.4, 0.1), rate=(1.0, 0.01))
    sigma, rate = zip(*map(stage.at, range(3)), strict=True)
    assert sigma == pytest.approx((0.4, 0.2, 0.1))
    assert rate == pytest.approx((1.0, 0.1, 0.01))
    assert Stage(1).at(0) == (0.1, 0.05)


@pytest.mark.parametrize(
    "change",
    [
        {"steps": 0},
        {"pairs": 0},
        {"check_every": 0},
        {"sigma": (0.1, 0.0)},
        {"rate": (float("nan"), 1.0)},
        {"rate": (float("inf"), 1.0)},
    ],
)
def test_stages_that_make_no_sense_are_refused(change):
    with pytest.raises(ConfigError, match=next(iter(change))):
        Stage(**({"steps": 3} | change))


def test_starts_that_are_no_vectors_are_refused():
    for start in (np.zeros((2, 2)), [float("nan")], 3.0):
        with pytest.raises(ConfigError, match="start"):
            evolve(noisy_distance, start, Stage(1), validate=distance)
    with pytest.raises(ConfigError, match="workers"):
        evolve(noisy_distance, TARGET, Stage(1), validate=distance, workers=0)
