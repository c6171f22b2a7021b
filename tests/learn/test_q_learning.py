"""The table that learns where to send tasks."""

import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headway import _core
from headway.errors import ConfigError, FormatError
from headway.learn.q_learning import FEATURES, QTable, Settings, train
from headway.model.tables import ints
from headway.simulate.servers import ServersWorld, SpeedChange, Workload, outcome
from tests.twins import q_learning as twin
from tests.twins import servers

FARM = Workload((1, 1, 2, 4), "poisson(0.7)", "lognormal(1000, 1.5)", 30_000)
STRANGE = replace(FARM, declared=(1, 1, 1, 1))


@pytest.fixture(scope="module")
def table() -> QTable:
    return train(STRANGE, runs=2, seed=100)


def mean(result, skip: int = 3000) -> float:
    return float(result.response[skip:].mean())


@settings(max_examples=25)
@given(
    joint=st.booleans(),
    speeds=st.lists(st.sampled_from([0.5, 1, 2]), min_size=1, max_size=3).map(tuple),
    known=st.booleans(),
    learns=st.booleans(),
    explores=st.booleans(),
    window=st.sampled_from([0, 7, 30]),
    seed=st.integers(0, 99),
)
def test_native_and_twin_learn_the_same(
    joint, speeds, known, learns, explores, window, seed
) -> None:
    workload = Workload(
        speeds, "switching(0.6, 1.1)", "exponential(40)", 120, known,
        changes=(SpeedChange(0.5, 0, 0.7),),
    )  # fmt: skip
    kept = Settings(joint=joint, levels=(0, 0.5, 2), loads=(0.6,), exploring=60, epsilon=(0.5, 0.1))
    start = QTable.start(workload, kept)
    played = start.play(
        workload, seed=seed, learns=learns, explores=explores, window=window, margin=0.05
    )
    plain = twin.Learner(
        start, seed, epsilon=kept.epsilon if explores else (0, 0), learns=learns, window=window,
        margin=0.05,
    )  # fmt: skip
    farm = servers.Farm(workload, workload.draw(seed), seed)
    expected = farm.run(plain)
    plain.credit(farm)
    found = played.outcome
    assert np.stack([found.machine, found.start, found.end], axis=1).tolist() == expected
    assert played.table.values.tolist() == plain.values
    assert played.table.visits.tolist() == plain.visits
    assert played.distrusted == plain.distrusted


@pytest.mark.parametrize("kept", [Settings(), Settings(loads=(0.5,)), Settings.all_together()])
def test_a_table_scores_as_it_plays(kept: Settings) -> None:
    """Asked decision by decision, it sends tasks to the same place."""
    workload = replace(FARM, tasks=1500)
    table = train(workload, settings=kept, runs=1, seed=7)
    native = table.play(workload, seed=1, window=0).outcome
    asked = outcome(workload, table, seed=1)
    assert np.array_equal(native.machine, asked.machine)


def test_every_task_is_credited_once_when_it_has_ended() -> None:
    played = QTable.start(FARM).play(FARM, seed=3, learns=True)
    assert played.table.visits.sum() == FARM.tasks
    assert played.table.values.max() <= 0


def test_a_table_that_does_not_learn_stays_as_it_is(table: QTable) -> None:
    played = table.play(STRANGE, seed=3)
    assert played.table is table


def test_machines_nobody_has_measured_are_where_learning_pays(table: QTable) -> None:
    """Who is told that all machines are alike loses to the table, and so does round-robin."""
    learned = mean(table.play(STRANGE, seed=1).outcome)
    assert learned < 0.85 * mean(outcome(STRANGE, "SED", seed=1))
    assert learned < 0.2 * mean(outcome(STRANGE, "ROUND-ROBIN", seed=1))
    assert learned < 1.1 * mean(outcome(STRANGE, "SED-MEASURED", seed=1))


def test_with_known_speeds_and_sizes_there_is_little_to_gain() -> None:
    known = mean(train(FARM, runs=2, seed=100).play(FARM, seed=1).outcome)
    assert known == pytest.approx(mean(outcome(FARM, "SED", seed=1)), rel=0.05)


def test_a_machine_that_slows_down_is_learned_anew() -> None:
    """Sizes are not known; the fastest machine falls to half its speed."""
    blind = replace(FARM, arrivals="poisson(0.65)", sizes_known=False)
    slower = replace(blind, changes=(SpeedChange(0.3, 3, 2.0),))
    taught = train(blind, runs=2, seed=100)
    rigid = mean(taught.play(slower, seed=1, window=0).outcome, 15_000)
    adapting = mean(taught.play(slower, seed=1, learns=True, window=0).outcome, 15_000)
    assert adapting < 0.95 * rigid
    assert adapting < mean(outcome(slower, "SED", seed=1), 15_000)


def test_the_guard_holds_a_table_that_has_learned_nonsense(table: QTable) -> None:
    nonsense = replace(table, values=-table.values)
    alone = nonsense.play(STRANGE, seed=1, window=0)
    guarded = nonsense.play(STRANGE, seed=1, window=200)
    assert guarded.distrusted > 0.9 * STRANGE.tasks
    assert mean(guarded.outcome) < 0.1 * mean(alone.outcome)


def test_the_guard_lets_a_good_table_alone(table: QTable) -> None:
    assert table.play(STRANGE, seed=1).distrusted < 0.1 * STRANGE.tasks


def test_evaluation_does_not_explore(table: QTable) -> None:
    """Nothing is random but the workload: the seed of the policy's own luck changes nothing."""
    tasks = STRANGE.draw(5)
    first = table.play(STRANGE, seed=1, tasks=tasks, window=0).outcome
    second = table.play(STRANGE, seed=2, tasks=tasks, window=0).outcome
    assert np.array_equal(first.machine, second.machine)
    exploring = table.play(STRANGE, seed=2, tasks=tasks, explores=True, window=0).outcome
    assert not np.array_equal(first.machine, exploring.machine)


def test_steps_never_fall_below_the_least() -> None:
    steps = Settings().steps()
    assert steps[0] == 1
    assert steps[1] == pytest.approx(2**-0.7)
    assert steps.min() == steps[-1] == 0.01


def test_many_machines_share_rows_by_declared_speed() -> None:
    farm = Workload((1,) * 20 + (2,) * 20, "poisson(0.7)", "exponential(1000)", 2000)
    table = train(farm, runs=1)
    assert set(table.groups) == {0, 1}
    assert len(table.values) < 1000
    assert mean(table.play(farm, seed=9).outcome, 0) < mean(outcome(farm, "RANDOM", seed=9), 0)


def test_a_table_survives_its_file(table: QTable, tmp_path) -> None:
    table.save(tmp_path / "table.json")
    again = QTable.load(tmp_path / "table.json")
    assert again.settings == table.settings
    assert again.groups == table.groups
    assert np.array_equal(again.values, table.values)
    assert np.array_equal(again.visits, table.visits)
    tasks = STRANGE.draw(1)
    assert np.array_equal(
        table.play(STRANGE, tasks=tasks).outcome.end, again.play(STRANGE, tasks=tasks).outcome.end
    )


@pytest.mark.parametrize(
    "change",
    [
        {"features": ["backlog", "size"]},
        {"features": ["size", "backlog", "load"]},
        {"format": "headway-linear"},
        {"version": 2},
        {"values": [1.0]},
        {"groups": []},
        {"groups": [-1, 0, 0, 0]},
        {"mean_size": 0},
        {"unknown": 1},
        {"settings": {"levels": [2, 1]}},
        {"settings": {"power": 9}},
        {"settings": {"epsilon": [2, 0]}},
    ],
)
def test_files_that_do_not_fit_are_refused(change, table: QTable, tmp_path) -> None:
    path = tmp_path / "table.json"
    table.save(path)
    document = json.loads(path.read_text()) | change
    path.write_text(json.dumps(document))
    with pytest.raises(FormatError, match=r"table\.json"):
        QTable.load(path)


@given(data=st.binary(max_size=80))
@settings(max_examples=60)
def test_noise_is_no_table(data: bytes, tmp_path_factory) -> None:
    path = tmp_path_factory.mktemp("noise") / "table.json"
    path.write_bytes(data)
    with pytest.raises(FormatError):
        QTable.load(path)


def test_a_table_is_for_its_machines(table: QTable) -> None:
    fewer = Workload((1, 2), "poisson(0.5)", "exponential(100)", 10)
    with pytest.raises(ConfigError, match="for 4 machines, not 2"):
        table.play(fewer)
    with pytest.raises(ConfigError, match="for 4 machines, not 2"):
        outcome(fewer, table)
    five = Workload((1,) * 5, "poisson(0.5)", "exponential(100)", 10)
    with pytest.raises(ConfigError, match="up to 4"):
        QTable.start(five, Settings.all_together())


def native(**changes) -> _core.ServerLearner:
    table = {
        "joint": False, "group": ints([0, 1]), "levels": np.array([0.0, 1.0]),
        "sizes": np.array([]), "loads": np.array([]), "alpha": np.array([1.0]),
        "first_epsilon": 0.1, "last_epsilon": 0.0, "exploring": 5, "learns": True, "margin": 0.1,
        "window": 0, "values": np.zeros(6), "visits": ints(np.zeros(6)), "seed": 0,
    }  # fmt: skip
    return _core.ServerLearner(**(table | changes))


@pytest.mark.parametrize(
    "change",
    [
        {"group": ints([])}, {"group": ints([-1, 0])}, {"group": ints([0, 2])},
        {"levels": np.array([1.0, 0.0])}, {"levels": np.array([0.0, np.nan])},
        {"alpha": np.array([])}, {"alpha": np.array([0.0])}, {"alpha": np.array([np.nan])},
        {"first_epsilon": 2.0}, {"last_epsilon": float("nan")}, {"exploring": -1},
        {"margin": -1.0}, {"window": -1}, {"values": np.zeros(5)}, {"joint": True},
        {"values": np.full(6, np.inf)}, {"visits": ints(-np.ones(6))},
    ],
)  # fmt: skip
def test_the_native_learner_refuses_malformed_tables(change) -> None:
    assert native().distrusted == 0
    with pytest.raises(ValueError, match="learner"):
        native(**change)


def test_only_tasks_that_the_table_sent_are_credited() -> None:
    """Somebody else has sent half of the tasks, or all of them, before the table takes over."""
    workload = Workload((1, 2), "poisson(0.8)", "exponential(50)", 40)
    for sent in (20, 40):
        world = ServersWorld(workload, workload.draw(0))
        for _ in range(sent):
            world.decision()
            world.apply(0)
        learner = native()
        world.native.learn(learner, _core.StopFlag())
        assert learner.visits().sum() == 40 - sent
    wider = ServersWorld(FARM, FARM.draw(0))
    with pytest.raises(ValueError, match="number of machines"):
        wider.native.learn(native(), _core.StopFlag())


def test_features_are_columns_of_the_world() -> None:
    from headway.simulate.servers import COLUMNS

    assert set(FEATURES) <= set(COLUMNS)
