"""Routers: a rule that can be read, and a model that can be read too."""

from __future__ import annotations

import numpy as np
import pytest

import headway as hw
from headway.simulate.events import DurationChange, MachineDown
from headway.simulate.reschedule import (
    Logistic,
    Situation,
    Threshold,
    fit,
    planned_against,
    reschedule,
)
from tests.simulate.reschedule.shops import bakery, plan

CALM = Situation(delay=0.0, gap=0.0, affected=0.1, new=0.0, remaining=30, budget_s=1.0)
STORM = Situation(delay=0.4, gap=0.2, affected=0.9, new=0.2, remaining=30, budget_s=1.0)
HURRIED = Situation(delay=0.4, gap=0.2, affected=0.9, new=0.2, remaining=30, budget_s=0.05)


def test_the_rule_is_fast_where_little_changed_or_time_is_short() -> None:
    router = Threshold()
    assert [router(s) for s in (CALM, STORM, HURRIED)] == ["fast", "slow", "fast"]


def test_a_model_learns_what_pays_and_says_so() -> None:
    rng = np.random.default_rng(1)
    situations = [
        Situation(*rng.random(4).tolist(), remaining=10, budget_s=1.0) for _ in range(400)
    ]
    gains = [bool(s.gap + 0.02 * rng.normal() > 0.4) for s in situations]
    model = fit(situations, gains)
    right = [(model(s) == "slow") == gain for s, gain in zip(situations, gains, strict=True)]
    assert np.mean(right) > 0.93
    assert model.weights["gap"] > 5 * max(abs(model.weights[k]) for k in ("delay", "affected"))
    assert "gap" in str(model)
    assert model(HURRIED) == "fast"
    low, high = (Situation(0, gap, 0, 0, 10, 1.0) for gap in (0.1, 0.9))
    assert model.chance(low) < 0.5 < model.chance(high)


def test_features_that_do_not_exist_are_refused() -> None:
    with pytest.raises(ValueError, match="luck"):
        Logistic({"luck": 1.0}, 0.0)


def test_auto_goes_where_the_router_says() -> None:
    seen: list[Situation] = []

    def router(situation: Situation) -> str:
        seen.append(situation)
        return "fast"

    later = DurationChange(time=6, task="rye/bake", duration=20)
    answer = reschedule(plan(bakery()), [later], policy="auto", router=router)  # type: ignore[arg-type]
    assert answer.found_by != "solver"
    (situation,) = seen
    assert situation.remaining == 3
    assert situation.delay == pytest.approx((34 - 24) / 24)
    assert situation.affected == pytest.approx(1 / 3)


def test_the_chart_shows_both_plans_and_the_break() -> None:
    before = plan(bakery())
    answer = reschedule(before, [MachineDown(time=6, machine="left", start=6, end=9)])
    canvas = planned_against(before, answer.plan, now=6).canvas
    (axes,) = canvas.axes
    assert [label.get_text() for label in axes.get_yticklabels()] == ["mixer", "left", "right"]
    assert len(axes.collections) == 6 + 6 + 1
    assert str(answer.plan.makespan) in axes.get_title(loc="left")
    assert hw.verify(answer.plan.problem, answer.plan).ok
