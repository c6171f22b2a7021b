"""Where strategies put an adapter that is missing, and when another engine gets it, too."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from headway.errors import ConfigError
from headway.serving.fleet import ClusterView, LoadAdapter, UnloadAdapter
from headway.serving.fleet.adapters import (
    Placement,
    Shelves,
    bin_pack,
    least_adapters,
    least_latency,
    random,
)
from headway.serving.fleet.routing import candidates, router
from tests.serving.fleet.adapters.shelf import NAMES, catalogue, member
from tests.serving.fleet.views import request, view


def fleet(
    held: Sequence[str], most: int = 2, running: Sequence[int] | None = None
) -> tuple[ClusterView, Shelves]:
    """Return engines that hold adapters by their initials, as in ``"lm"``, used in this order."""
    members = [member(str(k), max_adapters=most) for k in range(len(held))]
    shelf = Shelves(catalogue(), members)
    for engine, initials in enumerate(held):
        for place, initial in enumerate(initials):
            name = next(name for name in NAMES if name[0] == initial)
            loading = shelf.load(engine, name, 0.0)
            assert loading is not None
            shelf.loaded(engine, name, loading.end_s)
            shelf.use(99, engine, name, 100.0 * engine + place)
            shelf.release(99, engine, name, 100.0 * engine + place)
    load = [0] * len(held) if running is None else running
    return replace(view(load, now_s=1000.0), adapters=shelf.view), shelf


def chosen(strategy: object, cluster: ClusterView, adapter: str = "chef") -> int:
    placement = Placement("test", strategy, seed=1)  # type: ignore[arg-type]
    (operation,) = placement.needed(cluster, request(adapter=adapter))
    assert operation == LoadAdapter(operation.engine, adapter)
    return operation.engine


def test_strategies_differ_as_their_names_say() -> None:
    cluster, _ = fleet(["l", "lm", "", "p"], most=3, running=[1, 3, 5, 0])
    assert chosen(least_adapters, cluster) == 2
    assert chosen(bin_pack, cluster) == 1
    assert chosen(least_latency, cluster) == 3
    placement = Placement("test", random, seed=3)
    engines = {placement.needed(cluster, request(adapter="chef"))[0].engine for _ in range(60)}
    assert engines == {0, 1, 2, 3}


def test_bin_pack_leaves_a_full_engine_alone_while_another_has_room() -> None:
    cluster, _ = fleet(["lm", "l", ""])
    assert chosen(bin_pack, cluster) == 1


def test_in_a_full_fleet_the_adapter_goes_that_was_used_longest_ago() -> None:
    cluster, shelf = fleet(["lm", "lm", "lm"])
    for strategy in (least_adapters, bin_pack):
        assert chosen(strategy, cluster) == 0
    for name in ("law", "math"):
        shelf.use(1, 0, name, 999.0)
    assert chosen(bin_pack, cluster) == 1


def test_nobody_is_asked_who_cannot() -> None:
    cluster, shelf = fleet(["lm", "", ""])
    for name in ("law", "math"):
        shelf.use(1, 0, name, 999.0)
    ready = np.array([True, False, True])
    assert chosen(least_adapters, replace(cluster, ready=ready)) == 2
    only_first = replace(cluster, ready=np.array([True, False, False]))
    placement = Placement("test", random)
    assert placement.needed(only_first, request(adapter="chef")) == ()
    assert placement.needed(cluster, request()) == ()
    assert placement.act(view([0])) == ()


def test_a_popular_adapter_gets_another_engine_and_an_unused_one_none() -> None:
    cluster, shelf = fleet(["lm", "m", ""])
    placement = Placement("test", least_adapters, spread=2, idle_s=950.0)
    for number in range(3):
        shelf.use(number, 0, "law", 999.0)
    # Only what engine 0 held was last used before 50 s; law is in use there.
    assert placement.act(cluster) == (UnloadAdapter(0, "math"), LoadAdapter(2, "law"))
    shelf.load(2, "law", 1000.0)
    assert placement.act(cluster) == (UnloadAdapter(0, "math"),)


def test_routers_send_only_to_engines_that_hold_the_adapter() -> None:
    cluster, shelf = fleet(["l", "m", ""])
    assert candidates(cluster, request(adapter="law")).tolist() == [True, False, False]
    assert not candidates(cluster, request(adapter="chef")).any()
    assert not candidates(cluster, request(adapter="nobody")).any()
    assert candidates(cluster, request()).all()
    shelf.load(2, "law", 0.0)
    assert candidates(cluster, request(adapter="law")).tolist() == [True, False, False]
    scored = router("lora", seed=1).route(cluster, request(adapter="math"))
    assert scored.engine == 1  # type: ignore[union-attr]


@pytest.mark.parametrize("wrong", [{"spread": 0}, {"idle_s": 0.0}, {"period_s": 0.0}])
def test_settings_that_cannot_be_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ConfigError, match=next(iter(wrong))):
        Placement("test", random, **wrong)  # type: ignore[arg-type]
