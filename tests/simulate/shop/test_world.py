"""The shop in play: laws for any policy, the twin, and small shops seen through by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import headway as hw
from headway import _core
from headway.errors import UnknownNameError
from headway.model.tables import ints
from headway.simulate import Expression, Linear, Rule, greedy
from headway.simulate.shop import (
    COLUMNS,
    RULES,
    Outages,
    Realisation,
    ShopWorld,
    trace_of,
)
from headway.simulate.shop.layout import Layout
from tests.simulate.shop.shops import random_realisation
from tests.twins.shop_world import PlainShop

SEEDS = st.integers(0, 10**6)


class InPython:
    """A policy that hides its expressions, so that every decision is taken in Python."""

    def __init__(self, policy: Linear | Rule) -> None:
        self.policy, self.name = policy, policy.name
        self.waits = getattr(policy, "waits", False)

    def score(self, decision: object) -> np.ndarray:
        return self.policy.score(decision)


def any_policy(seed: int) -> Linear:
    """Return a policy that looks at every column there is."""
    weights = np.random.default_rng(seed).integers(-9, 10, len(COLUMNS)).astype(float)
    return Linear("any", tuple(map(Expression, COLUMNS)), weights, waits=bool(seed % 2))


def rows(world: ShopWorld) -> list[tuple[int, ...]]:
    return list(zip(*(column.tolist() for column in world.record.values()), strict=True))


def played(world: ShopWorld, policy: object) -> list[tuple[int, ...]]:
    world.reset()
    world.play(policy)
    return rows(world)


def test_the_core_has_the_columns_that_are_described() -> None:
    assert _core.shop_columns() == list(COLUMNS)


@given(seed=SEEDS, blocking=st.booleans(), per_machine=st.booleans(), trapped=st.booleans())
@settings(max_examples=80, deadline=None)
def test_the_core_does_what_its_twin_does(
    seed: int, blocking: bool, per_machine: bool, trapped: bool
) -> None:
    realisation = random_realisation(seed, blocking=blocking)
    policy = any_policy(seed)
    world = ShopWorld(realisation, per_machine=per_machine, trapped=trapped)
    found = played(world, policy)
    twin = PlainShop(
        Layout.of(realisation).columns,
        revealed_when_ready=realisation.revealed_when_ready,
        trapped=trapped,
        per_machine=per_machine,
    )
    weights = dict(zip(COLUMNS, policy.weights.tolist(), strict=True))
    twin.play(
        lambda columns: sum((w * columns[name] for name, w in weights.items()), 0.0),
        waits=policy.waits,
    )
    assert found == [tuple(row[name] for name in world.record) for row in twin.rows]
    assert world.outcome.completion.tolist() == twin.completion
    assert world.outcome.due.tolist() == twin.due
    assert (world.now, world.n_events, world.n_decisions) == (
        twin.now, twin.n_events, twin.n_decisions
    )  # fmt: skip


@given(seed=SEEDS, blocking=st.booleans(), per_machine=st.booleans())
@settings(max_examples=40, deadline=None)
def test_native_and_python_policies_decide_alike_and_runs_repeat(
    seed: int, blocking: bool, per_machine: bool
) -> None:
    policy = any_policy(seed)
    world = ShopWorld(random_realisation(seed, blocking=blocking), per_machine=per_machine)
    first = played(world, policy)
    assert played(world, policy) == first
    assert played(world, InPython(policy)) == first
    world.reset()
    assert rows(greedy(world, policy)) == first


@given(seed=SEEDS, blocking=st.booleans())
@settings(max_examples=60, deadline=None)
def test_what_happens_is_a_valid_schedule_and_nobody_is_left_behind(
    seed: int, blocking: bool
) -> None:
    realisation = random_realisation(seed, blocking=blocking)
    world = ShopWorld(realisation)
    world.play(any_policy(seed))
    trace = trace_of(world, "any")  # raises if the schedule is not valid
    kept = realisation.cancelled == hw.FOREVER
    assert (world.outcome.completion[kept] >= 0).all()
    assert trace.schedule.makespan <= world.now
    assert [h.time for h in trace] == sorted(h.time for h in trace)


@given(seed=SEEDS)
@settings(max_examples=40, deadline=None)
def test_work_is_neither_lost_nor_made(seed: int) -> None:
    realisation = random_realisation(seed, quiet=True)
    world = ShopWorld(realisation)
    world.play(any_policy(seed))
    record, layout = world.record, world.layout
    completed = record["outcome"] == 0
    need = realisation.duration[layout.mode[record["mode"]]]
    need = need + realisation.pause[layout.task[record["op"]]]
    longest = np.zeros(len(need), dtype=np.int64)
    np.maximum.at(longest, record["batch"], need)
    assert (record["work"] == longest[record["batch"]])[completed].all()
    last = {op: k for k, op in enumerate(record["op"].tolist())}
    assert len(last) == realisation.problem.n_tasks
    assert completed[list(last.values())].all()


@given(seed=SEEDS, moment=st.integers(0, 60))
@settings(max_examples=40, deadline=None)
def test_nothing_of_the_future_can_be_seen(seed: int, moment: int) -> None:
    """Two futures that differ only after a moment give the same views until then."""

    def views(realisation: Realisation) -> tuple[list[object], ShopWorld]:
        seen: list[object] = []
        world, policy = ShopWorld(realisation), any_policy(seed)
        while (decision := world.decision(until=moment)) is not None:
            columns = {name: decision.columns[name].tolist() for name in COLUMNS}
            seen.append((decision.time, decision.may_wait, columns))
            world.apply(int(np.argmax(policy.score(decision))))
        return seen, world

    one = random_realisation(seed, quiet=True)
    seen, world = views(one)
    done = np.zeros(one.problem.n_tasks, dtype=np.bool_)
    done[world.layout.task[world.record["op"][world.record["outcome"] >= 0]]] = True
    started = np.zeros(one.problem.n_tasks, dtype=np.bool_)
    started[world.layout.task[world.record["op"][world.record["start"] >= 0]]] = True
    if one.revealed_when_ready:
        # Seen already, though not begun: the operations that follow those that are done.
        first = np.diff(one.problem.tasks.job, prepend=-1) != 0
        done |= started | first | np.concatenate(([False], done[:-1]))
    later = one.outages.start > moment
    ptr = np.concatenate(([0], np.cumsum(~later)))[one.outages.ptr]
    other = replace(
        one,
        duration=ints(one.duration + np.where(done[one.problem.modes.task], 0, 7)),
        pause=ints(one.pause + np.where(done | started, 0, 5)),
        cancelled=ints(np.full(one.problem.n_jobs, moment + 1)),
        outages=Outages(
            ints(ptr), one.outages.start[~later], one.outages.end[~later], one.outages.effect
        ),
    )
    assert views(other)[0] == seen


def test_a_decision_shows_columns_and_nothing_else() -> None:
    decision = ShopWorld(random_realisation(1)).decision()
    assert decision is not None
    shown = {name for name in dir(decision) if not name.startswith("_")}
    assert shown == {"columns", "may_wait", "time"}
    assert set(decision.columns) == set(COLUMNS)
    with pytest.raises(ValueError, match="read-only"):
        decision.columns["p"][0] = 1
    with pytest.raises(UnknownNameError, match="truth"):
        decision.columns["truth"]


@given(seed=SEEDS, rule=st.sampled_from(["SPT", "EDD", "MWKR", "FIFO", "TAIL", "MOD"]))
@settings(max_examples=40, deadline=None)
def test_machine_by_machine_is_the_same_where_machines_do_not_meet(seed: int, rule: str) -> None:
    realisation = random_realisation(seed, separate=True)
    pairs, single = ShopWorld(realisation), ShopWorld(realisation, per_machine=True)
    found = [
        sorted((row[0], row[2], row[6], row[7]) for row in played(world, RULES.find(rule)))
        for world in (pairs, single)
    ]
    assert found[0] == found[1]


@given(
    seed=SEEDS,
    rule=st.sampled_from(["SPT", "EDD", "MWKR", "FIFO", "TAIL", "FDD/MWKR"]),
    per_machine=st.booleans(),
)
@settings(max_examples=40, deadline=None)
def test_queues_kept_in_order_choose_what_looking_at_all_would(
    seed: int, rule: str, per_machine: bool
) -> None:
    """Rules of columns that stay as they are run on heaps where nothing else keeps jobs waiting."""
    world = ShopWorld(random_realisation(seed, plain=True), per_machine=per_machine)
    policy = RULES.find(rule)
    native = played(world, policy)
    assert played(world, InPython(policy)) == native
    world.reset()
    world.play(policy, until=world.now // 2)
    world.play(policy, until=15)
    world.play(InPython(policy))
    assert rows(world) == native


def test_a_copy_goes_on_by_itself() -> None:
    world = ShopWorld(random_realisation(5, blocking=True))
    policy = any_policy(5)
    for _ in range(3):
        decision = world.decision()
        assert decision is not None
        world.apply(int(np.argmax(policy.score(decision))))
    copy, before = world.clone(), rows(world)
    copy.play(policy)
    assert rows(world) == before
    world.play(policy)
    assert rows(world) == rows(copy)


def test_value_is_the_objective_of_the_schedule() -> None:
    problem = replace(
        hw.job_shop([[0, 1], [1, 0], [0, 1]], [[3, 2], [4, 5], [1, 6]], due=[4, 6, 9]),
        objective=2 * hw.total_tardiness() + hw.makespan(),
    )
    world = ShopWorld(Realisation.of(problem))
    world.play(RULES.find("EDD"))
    assert world.value == trace_of(world, "EDD").schedule.objective


@given(seed=SEEDS, data=st.data())
@settings(max_examples=100, deadline=None)
def test_malformed_columns_are_refused_or_harmless(seed: int, data: st.DataObject) -> None:
    columns = {k: v.copy() for k, v in Layout.of(random_realisation(seed)).columns.items()}
    n_families = int(columns.pop("n_families")[0])
    for _ in range(data.draw(st.integers(1, 3))):
        name = data.draw(st.sampled_from(sorted(columns)))
        column = columns[name]
        value = data.draw(st.sampled_from([-(2**62), -2, -1, 0, 1, 2, 5, 2**40, 2**60, 2**62]))
        if len(column) and data.draw(st.booleans()):
            column[data.draw(st.integers(0, len(column) - 1))] = value
        else:
            columns[name] = np.append(column, value)
    try:
        shop = _core.ShopCourse(
            **columns, n_families=n_families, revealed_when_ready=True, trapped=True
        )
    except (ValueError, IndexError):
        return
    world = _core.ShopWorld(shop, per_machine=False)
    while world.advance(hw.FOREVER):
        world.choose(0)


def test_malformed_scores_are_refused() -> None:
    one, none = np.ones(1), np.zeros(0)

    def score(code: list[int], argument: list[int], first: list[int]) -> None:
        _core.Score(ints(code), ints(argument), none, ints(first), one, 3)

    score([0], [2], [0, 1])
    for code, argument, first in (
        ([0], [3], [0, 1]), ([1], [0], [0, 1]), ([2], [0], [0, 1]), ([0, 0], [0, 0], [0, 2]),
        ([14], [0], [0, 1]), ([0], [0], [0, 2]), ([0], [], [0, 1]), ([], [], [0, 0]),
    ):  # fmt: skip
        with pytest.raises(ValueError, match="score"):
            score(code, argument, first)


def test_a_rule_that_asks_for_what_is_not_there_is_refused() -> None:
    with pytest.raises(UnknownNameError, match="truth"):
        ShopWorld(random_realisation(0)).play(Rule("peek", Expression("truth")))
