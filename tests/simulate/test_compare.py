"""Experiments opened by kind, policies side by side, and the same on several processes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

import headway as hw
from headway.errors import ConfigError, FormatError, UnknownNameError
from headway.simulate import Run, Trace, compare, experiment, kinds, open_experiment, simulate

RULES = ("SPT", "LPT", "MWKR")


@dataclass(frozen=True)
class Floor:
    """Random job shops: the seed is the luck."""

    name: str = "floor"
    measure: str = "makespan"

    def policies(self) -> tuple[str, ...]:
        return RULES

    def run(self, policy: str, seed: int) -> Trace:
        from headway.solve.rules import generate

        problem = hw.generate("jobshop", jobs=4, machines=3, seed=seed)
        schedule = generate(problem, policy, "parallel")
        measures = {"makespan": float(schedule.makespan), "seeded": float(seed)}
        return Trace(schedule, policy, seed, measures=measures)


def test_policies_meet_the_same_luck() -> None:
    seen: list[tuple[str, int, int, int]] = []

    def note(run: Run, number: int, total: int) -> None:
        seen.append((run.policy, run.seed, number, total))

    runs = compare(Floor(), seeds=3, on_run=note)
    assert runs.policies == RULES
    assert seen[:4] == [("SPT", 0, 1, 9), ("SPT", 1, 2, 9), ("SPT", 2, 3, 9), ("LPT", 0, 4, 9)]
    assert runs.values("LPT", "seeded") == [0, 1, 2]
    assert runs.baseline == "SPT"
    assert runs.against("SPT").difference == 0
    expected = [simulate(Floor(), "LPT", seed=seed).schedule.makespan for seed in range(3)]
    assert runs.values("LPT", "makespan") == expected
    assert runs.against("LPT").n == 3


def test_the_table_has_the_best_first_and_the_distance_to_the_baseline() -> None:
    runs = compare(Floor(), ["LPT", "SPT", "LPT"], seeds=[3, 5], baseline="MWKR")
    rows = runs.rows()
    assert runs.policies == ("MWKR", "LPT", "SPT")
    means = [runs.summary(str(row["policy"])).mean for row in rows]
    assert means == sorted(means)
    (own,) = (row for row in rows if row["policy"] == "MWKR")
    assert own["makespan against MWKR"] is None
    assert all(row["runs"] == 2 for row in rows)
    assert "| LPT |" in runs.to_markdown()
    assert runs.to_csv().splitlines()[0] == "policy,seed,makespan,seeded,time_s"
    assert len(runs.to_csv().splitlines()) == 7
    assert str(runs).startswith("floor: 6 runs\n")


def test_processes_change_nothing() -> None:
    alone = compare(Floor(), ["SPT", "LPT"], seeds=2)
    together = compare(Floor(), ["SPT", "LPT"], seeds=2, workers=2)
    assert [(r.policy, r.seed, r.measures) for r in together.runs] == [
        (r.policy, r.seed, r.measures) for r in alone.runs
    ]


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"seeds": []}, "seeds: expected at least one"),
        ({"seeds": [-1]}, "seed: expected a number from 0 on"),
        ({"workers": 0}, "workers: expected at least 1"),
    ],
)
def test_nonsense_is_refused(more: dict[str, object], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        compare(Floor(), **more)  # type: ignore[arg-type]


def test_an_unknown_policy_is_refused() -> None:
    with pytest.raises(UnknownNameError, match="STP"):
        compare(Floor(), ["STP"])


class Entry:
    """An entry point whose experiment is always the floor."""

    def load(self) -> object:
        return lambda path: Floor(Path(path).stem)


def test_a_file_says_what_kind_of_scenario_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(experiment, "_entry_points", lambda: {"floor": Entry(), ".swf": Entry()})
    assert kinds() == (".swf", "floor")
    (tmp_path / "a.yaml").write_text("kind: floor\n")
    (tmp_path / "b.swf").write_text("; a trace\n")
    assert open_experiment(tmp_path / "a.yaml").name == "a"
    assert open_experiment(tmp_path / "b.swf").name == "b"
    assert simulate(tmp_path / "a.yaml", "SPT", seed=3).policy == "SPT"
    (tmp_path / "c.yaml").write_text("kind: hall\n")
    with pytest.raises(ConfigError, match=r"c.yaml: unknown kind of scenario 'hall'; known: .swf"):
        open_experiment(tmp_path / "c.yaml")
    (tmp_path / "d.yaml").write_text("machines: 3\n")
    with pytest.raises(ConfigError, match="begins with 'kind: ' and one of floor"):
        open_experiment(tmp_path / "d.yaml")
    (tmp_path / "e.yaml").write_text("[")
    with pytest.raises(FormatError, match=r"e.yaml:1: not YAML"):
        open_experiment(tmp_path / "e.yaml")
    with pytest.raises(FormatError, match=r"expected a file of one of .yaml, .yml, .json, .swf"):
        open_experiment(tmp_path / "f.txt")
    with pytest.raises(FormatError, match="cannot read"):
        open_experiment(tmp_path / "none.yaml")
