"""Who holds which adapter: room, eviction, use; and a plain twin that keeps the same books."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headway.errors import ConfigError, UnknownNameError
from headway.serving.fleet.adapters import Adapter, Catalogue, Shelves
from tests.serving.fleet.adapters.shelf import NAMES, catalogue, member


def shelves(*limits: int | None) -> Shelves:
    members = [member(str(k), max_adapters=limit) for k, limit in enumerate(limits)]
    return Shelves(catalogue(), members)


def loaded(shelf: Shelves, engine: int, adapter: str, now_s: float) -> float:
    loading = shelf.load(engine, adapter, now_s)
    assert loading is not None
    assert shelf.loaded(engine, adapter, loading.end_s)
    return loading.end_s


def test_an_engine_loads_one_after_the_other() -> None:
    shelf = shelves(3, 3)
    ends = [shelf.load(0, name, 10.0) for name in NAMES[:2]] + [shelf.load(1, "law", 10.0)]
    assert [end and end.end_s for end in ends] == [12.0, 14.0, 12.0]
    assert shelf.view.resident.tolist() == [2, 1]
    assert not shelf.has(0, "law")
    assert not shelf.loaded(0, "law", 11.0)
    assert shelf.loaded(0, "law", 12.0)
    assert shelf.has(0, "law")


def test_a_full_engine_gives_up_the_idle_one_that_was_used_longest_ago() -> None:
    shelf = shelves(2)
    loaded(shelf, 0, "law", 0.0)
    loaded(shelf, 0, "math", 0.0)
    shelf.use(7, 0, "law", 5.0)
    loading = shelf.load(0, "poet", 6.0)
    assert loading is not None
    assert loading.evicted == "math"
    assert shelf.load(0, "chef", 6.0) is None  # law is in use, poet is on its way
    shelf.release(7, 0, "law", 9.0)
    assert shelf.unload(0, "law")
    assert not shelf.unload(0, "law")


def test_who_is_there_on_its_way_or_in_use_is_left_alone() -> None:
    shelf = shelves(None)
    loaded(shelf, 0, "law", 0.0)
    assert shelf.load(0, "law", 3.0) is None
    assert shelf.load(0, "math", 3.0) is not None
    assert shelf.load(0, "math", 3.0) is None
    shelf.use(1, 0, "law", 4.0)
    shelf.use(1, 0, "law", 5.0)
    shelf.release(1, 0, "law", 6.0)
    assert shelf.unload(0, "law")
    assert shelf.load(0, "poet", 7.0) is not None
    with pytest.raises(UnknownNameError, match="unknown adapter 'x'"):
        shelf.load(0, "x", 8.0)


def test_an_engine_that_is_gone_comes_up_with_its_own_ones() -> None:
    shelf = Shelves(catalogue(), [member("0", adapters=frozenset({"poet"}), max_adapters=2)])
    assert shelf.come_up(0) == ["poet"]
    loading = shelf.load(0, "law", 0.0)
    assert loading is not None
    shelf.use(1, 0, "poet", 1.0)
    shelf.clear(0)
    assert not shelf.loaded(0, "law", loading.end_s)
    assert shelf.view.in_use.sum() == shelf.view.resident.sum() == 0
    shelf.release(1, 0, "poet", 2.0)
    assert shelf.view.in_use.sum() == 0


def test_views_are_only_to_read_and_models_must_fit() -> None:
    shelf = shelves(1)
    with pytest.raises(ValueError, match="read-only"):
        shelf.view.held[0, 0] = True
    other = Catalogue((Adapter(name="x", size_bytes=1, model="llama"),))
    assert Shelves(other, [member("0")]).load(0, "x", 0.0) is None
    assert Shelves(other, [member("0", model="llama")]).load(0, "x", 0.0) is not None
    with pytest.raises(ConfigError, match="is of llama"):
        Shelves(other, [member("0", adapters=frozenset({"x"}))])
    with pytest.raises(ConfigError, match="at most 0"):
        Shelves(catalogue(), [member("0", adapters=frozenset({"law"}), max_adapters=0)])


class Twin:
    """The same books for one engine, kept with a list in the order of the last use."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.order: list[str] = []
        self.users: set[tuple[int, str]] = set()

    def touch(self, adapter: str) -> None:
        self.order.remove(adapter)
        self.order.append(adapter)

    def load(self, adapter: str) -> str | bool | None:
        if adapter in self.order:
            return False
        evicted = None
        if len(self.order) >= self.most:
            idle = [a for a in self.order if not any(a == used for _, used in self.users)]
            if not idle:
                return False
            evicted = idle[0]
            self.order.remove(evicted)
        self.order.append(adapter)
        return evicted


Step = tuple[str, int, str]


@given(
    st.integers(0, 3),
    st.lists(
        st.tuples(
            st.sampled_from(["load", "use", "release", "unload"]),
            st.integers(0, 3),
            st.sampled_from(NAMES),
        ),
        max_size=60,
    ),
)
@settings(max_examples=200, deadline=None)
def test_books_agree_with_a_plain_twin(most: int, steps: list[Step]) -> None:
    shelf, twin = shelves(most), Twin(most)

    def load(_: int, adapter: str, now_s: float) -> None:
        expected = twin.load(adapter)
        loading = shelf.load(0, adapter, now_s)
        if loading is not None:
            assert loading.evicted == expected
            shelf.loaded(0, adapter, loading.end_s)
        else:
            assert expected is False

    def use(request: int, adapter: str, now_s: float) -> None:
        if adapter in twin.order:
            twin.users.add((request, adapter))
            twin.touch(adapter)
            shelf.use(request, 0, adapter, now_s)

    def release(request: int, adapter: str, now_s: float) -> None:
        if (request, adapter) in twin.users:
            twin.users.remove((request, adapter))
            twin.touch(adapter)
        shelf.release(request, 0, adapter, now_s)

    def unload(_: int, adapter: str, now_s: float) -> None:
        used = any(adapter == one for _, one in twin.users)
        assert shelf.unload(0, adapter) == (adapter in twin.order and not used)
        if adapter in twin.order and not used:
            twin.order.remove(adapter)

    do: dict[str, Callable[[int, str, float], None]] = {
        "load": load,
        "use": use,
        "release": release,
        "unload": unload,
    }
    for number, (what, request, adapter) in enumerate(steps):
        do[what](request, adapter, 10.0 * number)
        assert {name for name in NAMES if shelf.has(0, name)} == set(twin.order)
        assert len(twin.order) <= most
        assert shelf.view.in_use.sum() == len(twin.users)
        assert np.array_equal(shelf.view.room, [most - len(twin.order)])
