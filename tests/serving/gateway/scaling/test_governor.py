"""What is carried out of that which controllers decide, and what is only told."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from typing import Any

import msgspec
import numpy as np
import pytest

from headway.errors import EndpointError, UnsupportedError
from headway.serving.fleet.decisions import (
    Drain,
    LoadAdapter,
    Migrate,
    Operation,
    Start,
    Warm,
)
from headway.serving.gateway.board import Board
from headway.serving.gateway.scaling import Governor, Record, Scaling
from headway.serving.gateway.scaling.metrics import of_kinds, of_operations
from headway.serving.gateway.steering import Advice, Recorder
from headway.serving.gateway.view import Sight
from tests.serving.gateway.fakes import site


class Pretending:
    """Hands that only write down what they would do."""

    def __init__(self, board: Board, numbers: Sequence[int]) -> None:
        self.numbers = frozenset(numbers)
        self.error: Exception | None = None
        self._board = board

    def start(self, number: int) -> str:
        if self.error is not None:
            raise self.error
        self._board.engine("ordered")[number] = 1
        return "starting"

    def stop(self, number: int) -> str:
        self._board.engine("ordered")[number] = 0
        return "emptying"

    def state(self, number: int) -> str:
        return "on" if self._board.engine("ordered")[number] else "off"

    async def run(self) -> None:
        pass

    async def close(self) -> None:
        pass


class Bench:
    """A governor of four engines of one kind, and what stands around it."""

    def __init__(self, *, by: Sequence[int] = (0, 1, 2, 3), there: int = 1, **rules: Any) -> None:
        self.site = site([f"http://10.0.0.{k}" for k in range(4)])
        self.board = Board(1, 4)
        self.board.engine("ordered")[:there] = 1
        self.sight = Sight(self.site.engines, self.board, lambda: ())
        self.hands = Pretending(self.board, by)
        self.operating = Recorder()
        self.record = Record(self.site.engines, self.board)
        self.now_s = 100.0
        self.governor = Governor(
            msgspec.convert({"act": "processes", **rules}, Scaling),
            self.sight,
            [self.hands],
            frozenset(),
            self.operating,
            self.record,
            lambda: self.now_s,
        )

    def do(self, operation: Operation) -> str:
        """Return the outcome."""
        asyncio.run(self.governor.carry_out(Advice(self.now_s, "kpa", operation)))
        return self.record.lines[-1].outcome

    @property
    def there(self) -> list[int]:
        return np.flatnonzero(self.board.engine("ordered")).tolist()


def test_starts_and_stops_are_carried_out() -> None:
    bench = Bench()
    assert bench.do(Start(2)) == "begun"
    assert bench.there == [0, 2]
    assert bench.do(Drain(0)) == "begun"
    assert bench.there == [2]
    assert bench.governor.state(2) == "on"


def test_there_are_never_more_or_fewer_than_the_file_says() -> None:
    bench = Bench(engines={"a": {"least": 1, "most": 2}})
    assert [bench.do(Start(k)) for k in (1, 2)] == ["begun", "limited"]
    assert [bench.do(Drain(k)) for k in (1, 0)] == ["begun", "limited"]
    assert bench.there == [0]
    assert "at least 1 engines of kind a" in bench.record.lines[-1].why


def test_an_engine_that_empties_is_not_there_any_more() -> None:
    bench = Bench(there=2, engines={"a": {"least": 1}})
    bench.board.engine("draining")[1] = 1
    assert bench.do(Drain(0)) == "limited"


def test_changes_are_not_more_than_so_many_in_a_minute() -> None:
    bench = Bench(changes_per_min=2)
    assert [bench.do(Start(k)) for k in (1, 2, 3)] == ["begun", "begun", "limited"]
    bench.now_s += 59.9
    assert bench.do(Start(3)) == "limited"
    bench.now_s += 0.1
    assert bench.do(Start(3)) == "begun"


def test_in_a_dry_run_nothing_happens() -> None:
    bench = Bench(dry_run=True, engines={"a": {"most": 1}})
    assert bench.do(Start(1)) == "limited"
    assert bench.do(Drain(0)) == "dry run"
    assert bench.do(LoadAdapter(0, "sql")) == "dry run"
    assert bench.there == [0]
    assert not bench.operating.advice


def test_what_nobody_can_do_is_refused_with_a_reason() -> None:
    bench = Bench(by=(0, 1))
    assert bench.do(Start(3)) == "refused"
    assert bench.record.lines[-1].why.endswith("does not say how engines of kind a are started")
    assert bench.do(Migrate(0, 7, 1)) == "refused"
    assert bench.record.lines[-1].what == "request 7 to a-1"
    assert bench.do(Warm(0, ())) == "refused"
    bench.hands.error = UnsupportedError("a-1 is just about to end")
    assert bench.do(Start(1)) == "refused"
    bench.hands.error = EndpointError("the cluster is away")
    assert bench.do(Start(1)) == "failed"


def test_without_anybody_who_acts_there_are_recommendations() -> None:
    bench = Bench(by=(), act="none")
    assert bench.do(Start(1)) == "recommended"
    assert bench.there == [0]


def test_operations_on_engines_that_run_are_handed_on() -> None:
    bench = Bench()
    assert bench.do(LoadAdapter(0, "sql")) == "begun"
    assert [one.operation for one in bench.operating.advice] == [LoadAdapter(0, "sql")]


def test_what_repeats_is_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    bench = Bench(by=(), act="none")
    with caplog.at_level(logging.INFO):
        for _ in range(5):
            bench.do(Start(1))
    assert len(caplog.records) == 1
    assert bench.record.counts["kpa", "start", "recommended"] == 5


def test_what_scalers_want_is_told_whether_anybody_acts_or_not() -> None:
    bench = Bench(there=2)
    view = bench.sight.view(0.0)

    def values(name: str) -> dict[str, float]:
        return {
            sample.name: sample.value
            for family in (*of_kinds(bench.board, ["a"] * 4), *of_operations(bench.record))
            for sample in family.samples
            if sample.name == name
        }

    assert values("headway_scaling_desired") == {"headway_scaling_desired": 2}
    bench.record.looked("kpa", view, (Start(2), Start(3)))
    assert values("headway_scaling_desired") == {"headway_scaling_desired": 4}
    bench.record.looked("hpa", view, (Start(2),))
    bench.record.looked("llumnix", view, (Migrate(0, 1, 1),))
    assert values("headway_scaling_desired") == {"headway_scaling_desired": 4}, (
        "who wants most counts"
    )
    bench.record.looked("kpa", view, (Drain(0),))
    bench.record.looked("hpa", view, ())
    assert values("headway_scaling_desired") == {"headway_scaling_desired": 2}
    bench.do(Start(2))
    assert values("headway_scaling_ordered") == {"headway_scaling_ordered": 3}
    assert values("headway_scaling_operations_total") == {"headway_scaling_operations_total": 1}
