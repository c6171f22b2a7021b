"""Records that are wrong are found out: by the audit, or by `verify` of the realised problem."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import headway as hw
from headway.errors import VerificationError
from headway.model.tables import ints
from headway.simulate.shop import RULES, OnOutage, Outages, Realisation, ShopWorld
from headway.simulate.shop.audit import audit
from headway.simulate.shop.layout import Layout
from headway.simulate.shop.realised import realised
from tests.simulate.shop.shops import random_realisation
from tests.simulate.shop.test_world import any_policy

Record = dict[str, np.ndarray]


def sound(realisation: Realisation, record: Record, completion: np.ndarray) -> bool:
    layout = Layout.of(realisation)
    try:
        audit(realisation, layout, record, completion)
    except VerificationError:
        return False
    schedule = realised(realisation, layout, record, realisation.problem.jobs.due)
    return hw.verify(schedule.problem, schedule).ok


def workshop() -> Realisation:
    """Return a shop in which every feature makes a difference.

    Three jobs are sawn, drilled and baked: the drill has no buffer; the oven bakes two at once from
    40 on, is set up for families, and needs the crew.
    """
    m = hw.Model("workshop")
    saw, drill, oven = m.machine("saw"), m.machine("drill"), m.machine("oven", breaks=[(0, 40)])
    crew = m.renewable("crew", capacity=2)
    for name, family in (("a", "x"), ("b", "x"), ("c", "y")):
        job = m.job(name)
        tasks = [
            m.task(job, "saw", family=family).mode({saw: 1}, duration=2),
            m.task(job, "drill", family=family).mode({drill: 1}, duration=5),
            m.task(job, "bake", family=family).mode({oven: 1, crew: 1}, duration=4),
        ]
        for before, after in pairwise(tasks):
            m.end_before_start(before, after, transfer=True)
    m.transfer_time(saw, drill, 1)
    m.transfer_time(drill, oven, 2)
    m.setup_times(oven, {(a, b): 3 * (a != b) for a in (None, "x", "y") for b in "xy"})
    return Realisation.of(
        m.problem(),
        pause=[0, 2, 0, 0, 0, 0, 0, 0, 0],
        outages=Outages(
            ints([0, 0, 1, 1, 1]), ints([13]), ints([15]), ints([0, OnOutage.RESTART, 0, 0])
        ),
        buffer=[hw.FOREVER, 0, hw.FOREVER, hw.FOREVER],
        batch=[1, 1, 2, 1],
    )


def played(realisation: Realisation) -> tuple[Record, np.ndarray]:
    world = ShopWorld(realisation)
    world.play(RULES.find("FIFO"))
    return world.record, world.outcome.completion


def _problem(**changes: object) -> Callable[[Realisation], Realisation]:
    return lambda r: replace(r, problem=replace(r.problem, **changes))


def _with(**changes: object) -> Callable[[Realisation], Realisation]:
    return lambda r: replace(r, **{k: ints(v) for k, v in changes.items()})


@pytest.mark.parametrize(
    "otherwise",
    [
        _with(duration=[2, 5, 4, 2, 5, 4, 2, 6, 4]),
        _with(pause=[0] * 9),
        _with(cancelled=[4, hw.FOREVER, hw.FOREVER]),
        _with(is_open=[1, 1, 1, 1, 0, 1, 1, 1, 1]),
        _with(batch=[1, 1, 1, 1]),
        _with(buffer=[hw.FOREVER, 0, 0, 0]),
        lambda r: replace(r, outages=Outages.none(4)),
        lambda r: replace(r, outages=replace(r.outages, ptr=ints([0, 1, 1, 1, 1]))),
        lambda r: replace(r, outages=replace(r.outages, effect=ints([0, OnOutage.SCRAP, 0, 0]))),
        lambda r: _problem(transfers=2 * r.problem.transfers)(r),
        lambda r: _problem(setups=tuple(10 * s for s in r.problem.setups))(r),
        lambda r: _problem(jobs=replace(r.problem.jobs, release=ints([9, 0, 0])))(r),
        lambda r: _problem(resources=replace(r.problem.resources, capacity=ints([1, 1, 1, 1])))(r),
    ],
    ids=[
        "duration",
        "pause",
        "cancelled",
        "closed",
        "batch",
        "buffer",
        "outages",
        "elsewhere",
        "effect",
        "transfers",
        "setups",
        "release",
        "crew",
    ],
)
def test_a_record_does_not_fit_another_course_of_events(
    otherwise: Callable[[Realisation], Realisation],
) -> None:
    realisation = workshop()
    record, completion = played(realisation)
    assert sound(realisation, record, completion)
    assert not sound(otherwise(realisation), record, completion)


def spoilt(record: Record, how: str, rng: np.random.Generator) -> Record | None:
    """Return the record with one attempt changed; None if it has none that could be."""
    made = {name: column.copy() for name, column in record.items()}
    start, end, left, work = (made[name] for name in ("start", "end", "left", "work"))
    able = {
        "gone": (end >= 0) & (made["outcome"] == 0),
        "early": end >= 0,
        "long": end >= 0,
        "quick": (made["outcome"] == 0) & (work > 0),
        "vanished": left > end,
        "mode": (end >= 0) & (made["mode"] > 0),
        "machine": (end >= 0) & (made["machine"] > 0),
    }[how]
    if not able.any():
        return None
    k = int(rng.choice(np.flatnonzero(able)))
    match how:
        case "gone":
            end[k] = -1
        case "early":
            start[k] -= 1
        case "long":
            end[k] += 1
        case "quick":
            end[k] -= 1
            work[k] -= 1
        case "vanished":
            left[k] = end[k]
        case _:
            made[how][k] -= 1
    return made


@given(
    seed=st.integers(0, 10**6),
    how=st.sampled_from(["gone", "early", "long", "quick", "mode", "machine", "vanished"]),
)
@settings(max_examples=80, deadline=None)
def test_spoilt_records_are_found_out(seed: int, how: str) -> None:
    realisation = random_realisation(seed, quiet=True, blocking=how == "vanished")
    world = ShopWorld(realisation)
    world.play(any_policy(seed))
    record, completion = world.record, world.outcome.completion
    assert sound(realisation, record, completion)
    wrong = spoilt(record, how, np.random.default_rng(seed))
    assert wrong is None or not sound(realisation, wrong, completion)
