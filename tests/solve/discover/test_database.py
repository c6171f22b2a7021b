"""Islands: what is drawn from them, and who starts again."""

import numpy as np

from headway.solve.discover import Program, Sampling
from headway.solve.discover.database import Database, Island


def program(value: float, text: str = "x") -> Program:
    return Program(text, (int(1000 * value),), value)


def test_better_clusters_are_drawn_more_often_and_the_best_comes_last():
    island = Island()
    for value in (100.0, 100.05, 200.0):
        island.add(program(value))
    rng, seen = np.random.default_rng(0), []
    for _ in range(200):
        parents = island.sample(Sampling(), rng)
        assert [p.value for p in parents] == sorted((p.value for p in parents), reverse=True)
        seen += [p.value for p in parents]
    assert seen.count(100.0) >= seen.count(100.05) > seen.count(200.0)


def test_within_a_cluster_short_programs_are_drawn_more_often():
    island = Island()
    island.add(Program("short", (1,), 1.0))
    island.add(Program("a much longer one", (1,), 1.0))
    rng = np.random.default_rng(0)
    drawn = [island.sample(Sampling(), rng)[-1].text for _ in range(200)]
    assert drawn.count("short") > 120


def test_the_same_program_is_kept_once():
    island = Island()
    island.add(program(1.0))
    island.add(program(1.0))
    assert sum(map(len, island.clusters.values())) == 1
    assert island.registered == 2


def test_the_worse_half_starts_again_from_a_survivor():
    database = Database([program(9.0)], islands=4, sampling=Sampling())
    for island, value in zip(database.islands, (5.0, 6.0, 7.0, 8.0), strict=True):
        island.add(program(value))
    database.reset_worse_half(np.random.default_rng(0))
    assert [island.best.value for island in database.islands][:2] == [5.0, 6.0]
    assert all(island.best.value <= 6.0 for island in database.islands)
    assert all(len(island.clusters) == 1 for island in database.islands[2:])
    assert database.best.value == 5.0
