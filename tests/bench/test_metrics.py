"""Numbers by hand."""

from __future__ import annotations

import math

import pytest

from headway.bench import Campaign, Entry, Plan, Record, Standing, duels, entries, standings
from headway.bench import summaries as summarise
from headway.bench.contestant import Step
from headway.bench.metrics import contradictions, improvements
from headway.bench.plot import curves
from headway.bench.published import published, published_rows
from tests.bench.fakes import Fake


def record(who: str, value: int | None, bound: int | None = None, **more: object) -> Record:
    steps = () if value is None else (Step(1.0, value + 10), Step(2.0, value))
    base = {"instance": "x", "fingerprint": "", "version": "", "seed": 0, "workers": 1}
    return Record(
        contestant=who,
        value=value,
        bound=bound,
        **(base | {"time_limit_s": 9.0, "time_s": 9.0, "steps": steps} | more),
    )


def standing(who: str, *runs: Record, name: str = "x", low: int = 90, high: int = 100) -> Standing:
    return Standing(Entry(name, "class", name, low, high), who, runs, high)


def test_medians_are_over_seeds_and_failures_count() -> None:
    rows = [record("a", value) for value in (120, None, 110)]
    assert standing("a", *rows).value == 120
    assert standing("a", *rows[:2]).value == 120
    assert standing("a", record("a", None), record("a", None), record("a", 5)).value is None
    assert standing("a", *rows).best == 110


def test_means_of_a_class() -> None:
    rows = [
        standing("a", record("a", 110, 80), name="x"),
        standing("a", record("a", 100, 100), name="y", low=100),
        standing("b", record("b", 105), name="x"),
        standing("b", record("b", None), name="y", low=100),
    ]
    a, b = summarise(rows)
    assert (a.instances, a.solved, a.proofs, a.best) == (2, 2, 1, 1)
    assert a.gap == pytest.approx(5.0)
    assert a.ratio == pytest.approx(math.sqrt(1.1))
    assert a.bound_ratio == pytest.approx(math.sqrt(80 / 90))
    assert a.own_gap == pytest.approx(100 * (math.sqrt(1 + 30 / 110) - 1))
    assert (b.instances, b.solved, b.proofs, b.best) == (2, 1, 0, 1)
    (duel,) = duels(rows, "a")
    assert (duel.wins, duel.ties, duel.losses) == (1, 0, 1)


def test_a_best_known_value_of_zero_can_only_be_met() -> None:
    assert standing("a", record("a", 0), low=0, high=0).gap == 0
    assert standing("a", record("a", 3), low=0, high=0).gap is None


def test_a_bound_of_zero_is_no_bound() -> None:
    rows = [standing("a", record("a", 100, bound)) for bound in (0, 90)]
    assert summarise(rows)[0].bound_ratio == 0
    assert summarise(rows[1:])[0].bound_ratio == 1


def test_values_below_bounds_are_named() -> None:
    rows = [standing("a", record("a", 89, 95)), standing("b", record("b", 99, 80))]
    assert contradictions(rows) == [
        "x: a reaches 89, below the best bound 90",
        "x: a claims the bound 95, but 89 exists",
    ]
    assert "x: b reaches 99, best known is 100" in improvements(rows)


def test_curves_are_means_of_steps() -> None:
    rows = [
        standing("a", record("a", 100), name="x"),
        standing("a", record("a", 110, steps=(Step(3.0, 110),)), name="y"),
    ]
    (curve,) = curves(rows)
    assert curve.time_s.tolist() == [3.0, 9.0]
    assert curve.gap.tolist() == pytest.approx([5.0, 5.0])
    (silent,) = curves([standing("b", record("b", 107, steps=()))])
    assert not silent.told
    assert silent.gap.tolist() == pytest.approx([7.0])


def test_without_a_best_known_value_the_best_one_here_counts(tmp_path) -> None:
    import headway as hw

    hw.job_shop([[0, 1], [1, 0]], [[3, 2], [2, 4]]).save(tmp_path / "tiny.json")
    plan = Plan(entries([str(tmp_path / "tiny.json")]), [Fake(), Fake("late", does="seeds")])
    (first, second) = standings(Campaign(plan, apart=False).run())
    assert first.reference == second.reference == 11


def test_published_rows_are_over_the_same_instances() -> None:
    abz = entries(["abz7"])[0]
    mine = Standing(abz, "a", (record("a", 656, instance="abz7"),), abz.upper)
    other = standing("a", record("a", 1), name="unpublished")
    rows = published_rows([mine, other])
    assert {row["instances"] for row in rows} == {1}
    assert next(row["solver"] for row in rows) == "a"
    assert "cpsat_9.15 (published)" in [row["solver"] for row in rows]
    assert published("optalcp_2026.4", entries(["ta01"])[0]).value == 1231


def test_published_gaps_are_those_that_others_computed() -> None:
    """CP-SAT's ten minutes on ta41-50: 3.97 % above the best known values of mid-2026."""
    runs = [(entry, published("cpsat_9.15", entry)) for entry in entries(["ta4[1-9]", "ta50"])]
    (summary,) = summarise([Standing(e, "cpsat", (run,), e.upper) for e, run in runs if run])
    assert summary.instances == 10
    assert summary.gap == pytest.approx(3.97, abs=0.005)
