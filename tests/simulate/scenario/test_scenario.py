"""Scenarios: read, drawn, and the luck they bring."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

import headway as hw
from headway.errors import ConfigError, FormatError, HeadwayError, UnknownNameError
from headway.simulate.scenario import Scenario
from headway.simulate.shop import ChangeKind, OnOutage, Realisation

DYNAMIC = """
kind: shop
name: dynamic
shop: {machines: 10}
arrivals: {jobs: 400, load: 0.8}
jobs: {operations: "integers(2, 10)", durations: "integers(1, 49)", due_factor: 3}
"""

EVERYTHING = (
    DYNAMIC
    + """
noise: {factor: "lognormal(1, 0.3)", revealed: operation}
breakdowns:
  - {machines: [machine 0, machine 1], up: exponential(500), down: exponential(60), effect: restart}
  - {machines: [machine 2], up: 300, down: 20}
interruptions: {probability: 0.2, length: exponential(20)}
maintenance: [{first: 100, length: 50, every: 1000, machines: [machine 3]}]
rush: {share: 0.1, due_factor: 1.2, weight: 5}
cancellations: {share: 0.05, after: exponential(100)}
due_changes: {share: 0.1, after: exponential(50), factor: "uniform(0.5, 1)"}
buffer: 4
batch: 2
warm_up: 50
"""
)


def same(a: Realisation, b: Realisation) -> bool:
    return a.problem == b.problem and all(
        np.array_equal(getattr(a, f.name), getattr(b, f.name))
        for f in fields(Realisation)
        if isinstance(getattr(a, f.name), np.ndarray)
    )


def test_a_dynamic_shop_is_as_its_laws_say() -> None:
    drawn = Scenario.parse(DYNAMIC.replace("jobs: 400", "jobs: 4000")).draw(seed=3)
    problem = drawn.problem
    counts = np.bincount(problem.tasks.job)
    assert (counts.min(), counts.max()) == (2, 10)
    assert (problem.modes.duration.min(), problem.modes.duration.max()) == (1, 49)
    # Mean work is 6 operations of 25 ticks: at a load of 0.8, a job every 18.75 ticks.
    gap = problem.jobs.release[-1] / problem.n_jobs
    assert gap == pytest.approx(18.75, rel=0.05)
    work = np.bincount(problem.tasks.job, weights=problem.modes.duration)
    assert np.array_equal(problem.jobs.due - problem.jobs.release, 3 * work)
    for job in range(50):
        here = problem.tasks.job == job
        machines = problem.modes.demand_resource[here]
        assert len(set(machines.tolist())) == len(machines)
    assert np.array_equal(drawn.arrival, problem.jobs.release)


def test_the_same_seed_is_the_same_luck() -> None:
    scenario = Scenario.parse(EVERYTHING)
    assert same(scenario.draw(5), scenario.draw(5))
    assert not same(scenario.draw(5), scenario.draw(6))


def test_sources_of_luck_do_not_disturb_one_another() -> None:
    plain = Scenario.parse(DYNAMIC).draw(2)
    noisy = Scenario.parse(DYNAMIC + 'noise: {factor: "lognormal(1, 0.3)"}').draw(2)
    assert plain.problem == noisy.problem
    assert not np.array_equal(plain.duration, noisy.duration)
    stopped = Scenario.parse(
        DYNAMIC + "interruptions: {probability: 0.5, length: 9}\nnoise: {factor: "
        '"lognormal(1, 0.3)"}'
    ).draw(2)
    assert np.array_equal(stopped.duration, noisy.duration)


def test_everything_that_can_happen_happens() -> None:
    drawn = Scenario.parse(EVERYTHING).draw(1)
    outages = drawn.outages
    assert (np.diff(outages.ptr) > 10).tolist() == [True] * 3 + [False] * 7
    assert outages.effect[:3].tolist() == [OnOutage.RESTART, OnOutage.RESTART, OnOutage.RESUME]
    first = slice(*outages.ptr[2:4])
    assert outages.start[first][:3].tolist() == [300, 620, 940]
    assert 0.1 < (drawn.pause > 0).mean() < 0.3
    ratio = drawn.duration / drawn.problem.modes.duration
    assert ratio.mean() == pytest.approx(1, abs=0.05)
    assert drawn.revealed_when_ready
    assert 0.02 < (drawn.cancelled < hw.FOREVER).mean() < 0.09
    assert set(drawn.changes.kind.tolist()) == {ChangeKind.DUE}
    assert set(drawn.problem.jobs.weight.tolist()) == {1, 5}
    assert drawn.buffer.tolist() == [4] * 10
    assert drawn.batch.tolist() == [2] * 10
    resources = drawn.problem.resources
    assert resources.break_start[:2].tolist() == [100, 1100]
    assert resources.break_ptr[3:5].tolist() == [0, len(resources.break_start)]


@pytest.mark.parametrize("revealed", ["arrival", "operation", "completion", "never"])
def test_policies_see_no_more_than_is_revealed(revealed: str) -> None:
    text = DYNAMIC + f'noise: {{factor: "lognormal(1, 0.5)", revealed: {revealed}}}'
    drawn, plain = Scenario.parse(text).draw(4), Scenario.parse(DYNAMIC).draw(4)
    seen, planned = drawn.problem.modes.duration, plain.problem.modes.duration
    match revealed:
        case "arrival":
            assert np.array_equal(seen, drawn.duration)
        case "never":
            assert len(set(seen.tolist())) == 1
        case _:
            assert np.array_equal(seen, planned)
    assert drawn.revealed_when_ready == (revealed == "operation")


def test_known_work_comes_from_an_instance_or_a_file_beside(tmp_path: Path) -> None:
    assert Scenario.parse("{kind: shop, problem: ft06}").draw(0).problem == hw.instance("ft06")
    hw.write(hw.instance("la01"), tmp_path / "floor.json")
    (tmp_path / "scene.yaml").write_text("kind: shop\nproblem: floor.json\n")
    assert Scenario.read(tmp_path / "scene.yaml").draw(0).problem.n_tasks == 50
    given = Scenario.parse("kind: shop", problem=hw.instance("ft06"))
    assert given.draw(9).problem.n_jobs == 6


def test_jobs_can_choose_machines_and_need_setups() -> None:
    drawn = Scenario.parse(
        "{kind: shop, shop: {machines: 4}, arrivals: {jobs: 30, gap: 10, together: 3},"
        ' jobs: {alternatives: 2, families: 3, setup: "integers(2, 9)"}}'
    ).draw(1)
    problem = drawn.problem
    assert np.diff(problem.tasks.mode_ptr).tolist() == [2] * problem.n_tasks
    assert problem.setups[0].shape == (4, 3)
    assert (problem.setups[0].diagonal() == 0).all()
    assert problem.jobs.release[:7].tolist() == [10, 10, 10, 20, 20, 20, 30]


def test_what_is_read_can_be_written_and_read_again() -> None:
    scenario = Scenario.parse(EVERYTHING)
    assert Scenario.parse(scenario.to_yaml()) == scenario
    assert "batch" not in Scenario.parse(DYNAMIC).to_yaml()
    assert Scenario.parse(json.dumps(yaml.safe_load(EVERYTHING))) == scenario


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "expected a scenario"),
        ("[1, 2]", "expected a scenario"),
        ("kind: shop", "expected 'problem', or 'shop' and 'arrivals'"),
        ("{kind: boat, problem: ft06}", "kind: Invalid enum value 'boat'"),
        ("{kind: shop, problem: ft06, colour: red}", "unknown field `colour`"),
        ("{kind: shop, problem: ft06, shop: {machines: 2}}", "leave out 'shop'"),
        ("{kind: shop, problem: ft06, batch: 0}", "batch: expected at least 1"),
        ("{kind: shop, problem: ft06, buffer: -1}", "buffer"),
        ("{kind: shop, problem: ft06, warm_up: -1}", "warm_up"),
        ("{kind: shop, problem: ft06, batch: many}", "batch: Expected `int`"),
        ("{kind: shop, problem: ft06, noise: {factor: gauss(1)}}", "noise.factor: unknown law"),
        (
            "{kind: shop, problem: ft06, breakdowns: [{up: 3, down: 2, machines: [saw]}]}",
            r"breakdowns\[0\].machines: unknown machine 'saw'",
        ),
        ("{kind: shop, problem: ft06, breakdowns: [{up: 0, down: 2}]}", "positive mean"),
        (
            "{kind: shop, problem: ft06, breakdowns: [{up: 3, down: 2}, {up: 3, down: 2}]}",
            "has breakdowns already",
        ),
        (
            "{kind: shop, problem: ft06, interruptions: {probability: 2, length: 3}}",
            "interruptions.probability: expected a share",
        ),
        (
            "{kind: shop, problem: ft06, maintenance: [{first: 0, length: 5, every: 5}]}",
            "no time between",
        ),
        ("{kind: shop, problem: ft06, rush: {share: x}}", "rush.share: Expected `float`"),
        ("{kind: shop, shop: {machines: 0}, arrivals: {jobs: 1, gap: 1}}", "shop.machines"),
        ("{kind: shop, shop: {machines: 2}, arrivals: {jobs: 0, gap: 1}}", "arrivals.jobs"),
        ("{kind: shop, shop: {machines: 2}, arrivals: {jobs: 3}}", "either 'load' or 'gap'"),
        ("{kind: shop, shop: {machines: 2}, arrivals: {times: [3, 1]}}", "do not decrease"),
        (
            "{kind: shop, shop: {machines: 2}, arrivals: {jobs: 3, gap: 1}, jobs: {operations: 5}}",
            "revisits: true",
        ),
        (
            "{kind: shop, shop: {machines: 2}, arrivals: {times: [1]}, jobs: {alternatives: 3}}",
            "jobs.alternatives",
        ),
    ],
)
def test_nonsense_is_refused_by_its_key(text: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        Scenario.parse(text).draw(0)


def test_what_is_not_yaml_is_refused_with_its_line(tmp_path: Path) -> None:
    file = tmp_path / "bad.yaml"
    file.write_text("kind: shop\nshop: {machines: [\n")
    with pytest.raises(FormatError, match=r"bad.yaml:3: not YAML"):
        Scenario.read(file)
    with pytest.raises(FormatError, match="cannot read"):
        Scenario.read(tmp_path / "none.yaml")
    file.write_text("kind: shop\nproblem: ft66\n")
    with pytest.raises(UnknownNameError, match="ft66"):
        Scenario.read(file)
    file.write_text("kind: shop\nbatch: x\n")
    with pytest.raises(ConfigError, match=r"bad.yaml: batch"):
        Scenario.read(file)


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=40), st.integers(0, len(EVERYTHING)))
def test_a_damaged_scenario_is_read_or_refused(noise: str, place: int) -> None:
    small = EVERYTHING.replace("jobs: 400", "jobs: 3")
    with suppress(HeadwayError):
        Scenario.parse(small[:place] + noise + small[place + len(noise) :])
