"""Engines that come and go, in the places of a fleet."""

from __future__ import annotations

import asyncio
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headway.errors import EndpointError
from headway.serving.gateway.engines.address import Address
from headway.serving.gateway.engines.discovery import Places, keep_looking
from headway.serving.gateway.engines.kinds import VLLM
from headway.serving.gateway.engines.live import LiveEngine
from headway.serving.wire import Pool
from tests.serving.gateway.watch.engine import until


def _engines(number: int) -> list[LiveEngine]:
    return [
        LiveEngine(number=place, name=f"a-{place}", kind=VLLM, pool=Pool("nowhere", 1))
        for place in range(number)
    ]


def _at(*lasts: int) -> list[Address]:
    return [Address(f"10.0.0.{last}", 8000) for last in lasts]


def _hosts(engines: list[LiveEngine]) -> list[str | None]:
    return [engine.pool.host if engine.present else None for engine in engines]


def test_who_stays_keeps_its_place_and_who_comes_takes_a_free_one() -> None:
    engines, changed = _engines(3), list[int]()
    places = Places(engines, changed.append)
    assert _hosts(engines) == [None, None, None]
    places.update(_at(7, 8))
    assert _hosts(engines) == ["10.0.0.7", "10.0.0.8", None]
    places.update(_at(9, 8))
    assert _hosts(engines) == ["10.0.0.9", "10.0.0.8", None]
    assert changed == [0, 1, 0, 0]


def test_one_that_an_answer_leaves_out_stays_for_a_while() -> None:
    engines, changed = _engines(2), list[int]()
    places = Places(engines, changed.append, misses=3)
    for found in (_at(7, 8), _at(7), _at(7), _at(7, 8), _at(7), _at(7)):
        places.update(found)
        assert _hosts(engines) == ["10.0.0.7", "10.0.0.8"]
    places.update(_at(7))
    assert _hosts(engines) == ["10.0.0.7", None]


def test_there_are_no_more_engines_than_places(caplog: pytest.LogCaptureFixture) -> None:
    engines = _engines(1)
    places = Places(engines, lambda _: None)
    for _ in range(3):
        places.update(_at(7, 8))
    assert _hosts(engines) == ["10.0.0.7"]
    assert len([one for one in caplog.records if "have a place" in one.message]) == 1
    places.update(_at(8))
    assert _hosts(engines) == ["10.0.0.8"]


@given(st.lists(st.sets(st.integers(1, 6)), max_size=12), st.integers(1, 3))
def test_places_agree_with_what_is_found(looks: list[set[int]], misses: int) -> None:
    engines = _engines(6)
    places = Places(engines, lambda _: None, misses=misses)
    for number, look in enumerate(looks):
        before = _hosts(engines)
        places.update(_at(*sorted(look)))
        after = _hosts(engines)
        here = {host for host in after if host is not None}
        assert len(here) == sum(host is not None for host in after), "nobody has two places"
        lately = set[int]().union(*looks[max(0, number + 1 - misses) : number + 1])
        assert here == {f"10.0.0.{last}" for last in lately}
        for old, new in zip(before, after, strict=True):
            assert old == new or old is None or old not in here, "who stays does not move"


def test_while_nobody_can_say_engines_are_where_they_were() -> None:
    engines = _engines(1)
    places = Places(engines, lambda _: None)
    answers: list[list[Address] | EndpointError] = [
        _at(7),
        EndpointError("gone"),
        EndpointError("gone"),
        _at(8),
    ]
    seen: list[list[str | None]] = []

    async def look() -> list[Address]:
        seen.append(_hosts(engines))
        if not answers:
            await asyncio.Event().wait()
        answer = answers.pop(0)
        if isinstance(answer, EndpointError):
            raise answer
        return answer

    async def job() -> None:
        task = asyncio.create_task(
            keep_looking(look, places, every_s=0.001, what="it", chance=random.Random(1))
        )
        await until(lambda: len(seen) == 5)
        task.cancel()

    asyncio.run(job())
    assert seen == [[None], ["10.0.0.7"], ["10.0.0.7"], ["10.0.0.7"], ["10.0.0.8"]]
