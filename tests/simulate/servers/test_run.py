"""Where tasks go: by hand, against the twin, and malformed input to the native farm."""

import gc
from types import FunctionType, ModuleType

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headway import _core
from headway.errors import ConfigError, UnknownNameError
from headway.model.tables import ints
from headway.simulate.servers import (
    COLUMNS,
    RULES,
    ServersWorld,
    SpeedChange,
    Workload,
    outcome,
    run,
)
from tests.twins import servers as twin

workloads = st.builds(
    Workload,
    speeds=st.lists(st.sampled_from([0.5, 1, 1.7, 2, 4]), min_size=1, max_size=4).map(tuple),
    arrivals=st.sampled_from(["poisson(0.8)", "switching(0.5, 1.2)", "modulated(0.3, 1.5, 10)"]),
    sizes=st.sampled_from(["exponential(20)", "constant(7)", "uniform(1, 50)"]),
    tasks=st.integers(1, 60),
    sizes_known=st.booleans(),
    changes=st.lists(
        st.builds(SpeedChange, st.floats(0, 1), st.just(0), st.sampled_from([0.3, 1, 3])),
        max_size=3,
    ).map(tuple),
)


@settings(max_examples=30)
@given(workload=workloads, told=st.booleans(), seed=st.integers(0, 99))
def test_native_and_twin_send_every_task_to_the_same_place(workload, told, seed) -> None:
    if not told:
        workload = Workload(
            workload.speeds, workload.arrivals, workload.sizes, workload.tasks,
            workload.sizes_known, (1,) * workload.n_machines, workload.changes,
        )  # fmt: skip
    tasks = workload.draw(seed)
    for name, key in twin.KEYS.items():
        if name == "SITA" and not workload.sizes_known:
            continue
        native = outcome(workload, name, seed=seed)
        plain = twin.Farm(workload, tasks, seed).run(twin.smallest(key))
        assert np.stack([native.machine, native.start, native.end], axis=1).tolist() == plain, name


@settings(max_examples=20)
@given(workload=workloads, seed=st.integers(0, 99))
def test_decisions_show_what_the_twin_sees(workload, seed) -> None:
    tasks = workload.draw(seed)
    world = ServersWorld(workload, tasks, seed=seed)

    def choose(farm, task, rows) -> int:
        decision = world.decision()
        assert decision.time == farm.now
        for name in COLUMNS:
            assert decision.columns[name].tolist() == [row[name] for row in rows], name
        choice = task % len(rows)
        world.apply(choice)
        return choice

    plain = twin.Farm(workload, tasks, seed).run(choose)
    assert world.decision() is None
    assert np.stack(world.native.outcomes(), axis=1).tolist() == plain


@settings(max_examples=15)
@given(workload=workloads, seed=st.integers(0, 99))
def test_traces_hold_and_all_work_is_done(workload, seed) -> None:
    for name in RULES.rules:
        if name == "SITA" and not workload.sizes_known:
            continue
        result = outcome(workload, name, seed=seed)
        assert result.trace().schedule.objective == result.response.sum()
        if not workload.changes:
            sizes = workload.draw(seed).size.tolist()
            rows = zip(result.start.tolist(), sizes, result.machine.tolist(), strict=True)
            ends = [twin.exact_end(start, p, workload.speeds[k]) for start, p, k in rows]
            assert result.end.tolist() == ends


def test_a_task_in_service_goes_on_at_the_new_speed() -> None:
    """Half of 100 ticks of work is done when the speed falls from 1 to a quarter."""
    farm = Workload((1,), "poisson(1)", "constant(100)", 2, changes=(SpeedChange(0.5, 0, 0.25),))
    tasks = farm.given([0, 50], [100, 10])
    result = outcome(farm, "JSQ", tasks=tasks)
    assert result.end.tolist() == [50 + 200, 250 + 40]


def test_rules_send_tasks_where_they_say() -> None:
    farm = Workload((1, 2), "poisson(1)", "constant(100)", 4)
    tasks = farm.given([0, 0, 0, 0], [100, 100, 100, 100])
    sent = {name: outcome(farm, name, tasks=tasks).machine.tolist() for name in RULES.rules}
    assert sent["ROUND-ROBIN"] == [0, 1, 0, 1]
    assert sent["JSQ"] == [0, 1, 0, 1]
    assert sent["SED"] == [1, 0, 1, 1]
    assert sent["PRIORITY"] == [1, 1, 1, 1]


def test_a_run_repeats_itself() -> None:
    farm = Workload((1, 2, 4), "poisson(0.8)", "exponential(500)", 500)
    for name in RULES.rules:
        first, again = outcome(farm, name, seed=4), outcome(farm, name, seed=4)
        assert np.array_equal(first.end, again.end)
        assert not np.array_equal(first.end, outcome(farm, name, seed=5).end)


def test_a_copy_of_the_world_goes_on_by_itself() -> None:
    farm = Workload((1, 2), "poisson(0.8)", "exponential(500)", 50)
    world = ServersWorld(farm, farm.draw(0))
    for _ in range(20):
        world.decision()
        world.apply(0)
    copy = world.clone()
    copy.run(RULES.find("SED"))
    assert world.decision().time == farm.draw(0).arrival[20]
    assert copy.value > world.value


class Peek:
    """Looks for the sizes of tasks, which nobody has told it."""

    name = "peek"

    def __init__(self, hidden: set[float]) -> None:
        self.hidden, self.looked = hidden, 0

    def score(self, decision) -> np.ndarray:
        for values in decision.columns.values():
            assert not self.hidden & set(values.tolist())
        seen: set[int] = set()
        stack: list[object] = [decision]
        while stack:
            thing = stack.pop()
            if id(thing) in seen or isinstance(thing, type | ModuleType | FunctionType):
                continue
            seen.add(id(thing))
            self.looked += 1
            if isinstance(thing, np.ndarray):
                assert not self.hidden & set(thing.ravel().tolist())
            assert not (isinstance(thing, int | float) and thing in self.hidden)
            stack.extend(gc.get_referents(thing))
        return np.zeros(len(decision))


def test_sizes_that_are_not_known_cannot_be_reached() -> None:
    farm = Workload((1, 2), "poisson(0.8)", "constant(500)", 20, sizes_known=False)
    sizes = 700_001 + 7 * np.arange(20)
    tasks = farm.given(100 * np.arange(20), sizes)
    peek = Peek(set(sizes.tolist()) | {float(size) for size in sizes})
    outcome(farm, peek, tasks=tasks)
    assert peek.looked > 20
    open_farm = Workload((1, 2), "poisson(0.8)", "constant(500)", 20)
    with pytest.raises(AssertionError):
        outcome(open_farm, peek, tasks=open_farm.given(100 * np.arange(20), sizes))


def test_intervals_of_sizes_need_sizes() -> None:
    farm = Workload((1, 2), "poisson(0.8)", "exponential(500)", 20, sizes_known=False)
    with pytest.raises(ConfigError, match="SITA"):
        run(farm, "SITA")


def test_unknown_rules_are_refused_with_a_hint() -> None:
    farm = Workload((1, 2), "poisson(0.8)", "exponential(500)", 20)
    with pytest.raises(UnknownNameError, match="SED"):
        run(farm, "SEDD")


def native(**changes):
    given = {
        "arrival": [0, 1], "size": [5, 5], "believed": [5, 5], "home": [0, 0], "speed": [1000],
        "declared": [1000], "change_time": [], "change_machine": [], "change_speed": [],
    }  # fmt: skip
    arrays = {name: ints(values) for name, values in (given | changes).items()}
    mean = changes.pop("mean", 5.0)
    arrays.pop("mean", None)
    return _core.ServerFarm(**arrays, mean=mean, seed=0)


@pytest.mark.parametrize(
    "changes",
    [
        {"arrival": [1, 0]}, {"arrival": [-1, 0]}, {"arrival": [0]}, {"size": [0, 1]},
        {"size": [2**50, 1]}, {"believed": [1]}, {"home": [0, 1]}, {"home": [-1, 0]},
        {"speed": []}, {"speed": [0]}, {"declared": [1000, 1000]}, {"declared": [0]},
        {"change_time": [0]},
        {"change_time": [0], "change_machine": [1], "change_speed": [5]},
        {"change_time": [0], "change_machine": [0], "change_speed": [0]},
        {"arrival": [0, 2**44], "size": [2**40, 2**40]},
    ],
)  # fmt: skip
def test_the_native_farm_refuses_malformed_tables(changes) -> None:
    with pytest.raises(ValueError, match="servers"):
        native(**changes)


def test_the_native_farm_keeps_its_order() -> None:
    farm = native()
    with pytest.raises(ValueError, match="no task"):
        farm.assign(0)
    with pytest.raises(ValueError, match="no task"):
        farm.columns()
    assert farm.arrive()
    with pytest.raises(ValueError, match="no machine"):
        farm.assign(1)
    with pytest.raises(ValueError, match="still to be assigned"):
        farm.arrive()
    foreign = _core.Score(ints([0]), ints([40]), np.array([]), ints([0, 1]), np.ones(1), 50)
    with pytest.raises(ValueError, match="another world"):
        farm.run(foreign, _core.StopFlag())
