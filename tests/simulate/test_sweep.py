"""Policies at several loads."""

from __future__ import annotations

import csv
import json
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from headway.errors import ConfigError, UnknownNameError
from headway.simulate import Run, Trace, sweep
from tests.simulate.test_compare import Floor


@dataclass(frozen=True)
class BusyFloor:
    """The floor of `test_compare`, whose makespans grow with the load."""

    name: str = "floor"
    measure: str = "makespan"
    loads: tuple[float, ...] = (1.0, 2.0)
    load: float = 1.0

    def policies(self) -> tuple[str, ...]:
        return Floor().policies()

    def at_load(self, load: float) -> BusyFloor:
        return replace(self, load=load)

    def run(self, policy: str, seed: int) -> Trace:
        trace = Floor().run(policy, seed)
        measures = {**trace.measures, "makespan": self.load * trace.measures["makespan"]}
        return replace(trace, measures=measures)


def test_every_load_has_its_comparison() -> None:
    seen: list[tuple[float | None, int, int]] = []

    def note(run: Run, number: int, total: int) -> None:
        seen.append((run.load, number, total))

    found = sweep(BusyFloor(), ["SPT", "LPT"], seeds=2, on_run=note)
    assert list(found.at) == [1.0, 2.0]
    assert [load for load, _, _ in seen] == [1.0] * 4 + [2.0] * 4
    assert seen[-1][1:] == (8, 8)
    once, twice = (found.at[load].values("SPT", "makespan") for load in (1.0, 2.0))
    assert twice == [2 * value for value in once]
    best = found.rows(["makespan"])[0]
    assert (best["load"], best["policy"]) == (1.0, found.at[1.0].rows()[0]["policy"])
    assert found.measures == ("makespan", "seeded")


def test_loads_can_be_chosen_and_come_in_order() -> None:
    found = sweep(BusyFloor(), ["SPT"], loads=[3, 0.5, 3], seeds=1)
    assert list(found.at) == [0.5, 3]
    with pytest.raises(ConfigError, match="cannot be scaled"):
        sweep(Floor(), loads=[1], seeds=1)


def test_a_sweep_is_written_and_drawn(tmp_path: Path) -> None:
    found = sweep(BusyFloor(), ["SPT", "LPT"], seeds=2)
    told = json.loads(found.to_json())
    assert [part["load"] for part in told["loads"]] == [1, 2]
    assert {row["policy"] for row in told["loads"][0]["policies"]} == {"SPT", "LPT"}
    table = list(csv.DictReader(found.to_csv().splitlines()))
    assert [row["load"] for row in table] == ["1.0"] * 4 + ["2.0"] * 4
    assert found.to_markdown().startswith("| load | policy |")
    axes = found.plot().canvas.axes[0]
    x, y = axes.lines[0].get_data()
    assert x.tolist() == [1, 2]
    assert y[1] == pytest.approx(2 * y[0])
    with pytest.raises(UnknownNameError, match="makespan"):
        found.plot("makspan")
