"""Events in both of their shapes, and payloads that are none."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headway.errors import FormatError
from headway.serving.gateway.watch.kv import Cleared, Removed, Stored, events
from headway.serving.gateway.watch.kv.events import number

_pack = msgspec.msgpack.encode


def _stored(**other: Any) -> dict[str, Any]:
    return {
        "type": "BlockStored",
        "block_hashes": [11, b"\x01\x02"],
        "parent_block_hash": 7,
        "token_ids": [1, 2, 3, 4],
        "block_size": 2,
        "lora_id": None,
        "medium": "GPU",
        "lora_name": None,
        **other,
    }


@pytest.mark.parametrize("whole", [dict, list], ids=["batch as a map", "batch as an array"])
@pytest.mark.parametrize("event", [dict, list], ids=["events as maps", "events as arrays"])
def test_all_shapes_say_the_same(whole: type, event: type) -> None:
    removed = {"type": "BlockRemoved", "block_hashes": [11], "medium": "GPU"}
    told: list[Any] = [_stored(), removed, {"type": "AllBlocksCleared"}]
    if event is list:
        told = [list(one.values()) for one in told]
    batch: Any = {"ts": 1.5, "events": told, "data_parallel_rank": 0}
    found = events(_pack(batch if whole is dict else list(batch.values())))
    stored = found[0]
    assert isinstance(stored, Stored)
    assert (stored.hashes, stored.parent, stored.block_tokens) == ((11, b"\x01\x02"), 7, 2)
    assert stored.tokens.tolist() == [1, 2, 3, 4]
    assert (stored.adapter, stored.group, stored.whole) == (None, 0, (True, True))
    assert found[1:] == [Removed((11,)), Cleared()]


def test_events_of_early_versions_have_fewer_fields() -> None:
    payload = _pack([1.0, [["BlockStored", [5], None, [1, 2], 2, None], ["BlockRemoved", [5]]]])
    stored, removed = events(payload)
    assert isinstance(stored, Stored)
    assert stored.parent is None
    assert removed == Removed((5,))


def test_what_lies_elsewhere_or_only_in_part_is_left_out() -> None:
    told = [
        _stored(medium="CPU"),
        {"type": "BlockRemoved", "block_hashes": [11], "medium": "STORAGE"},
        _stored(kv_cache_spec_kind="sliding_window"),
        {"type": "SomethingNew", "block_hashes": "?"},
        _stored(kv_cache_spec_kind="full_attention", group_idx=1, medium="gpu"),
    ]
    (only,) = events(_pack({"ts": 0.0, "events": told}))
    assert isinstance(only, Stored)
    assert only.group == 1


def test_pictures_and_salts_are_beyond_the_tokens() -> None:
    def whole(**more: Any) -> tuple[bool, ...]:
        (stored,) = events(_pack([0.0, [_stored(**more)]]))
        assert isinstance(stored, Stored)
        return stored.whole

    assert whole(extra_keys=[None, None]) == (True, True)
    assert whole(extra_keys=[["sql"], ["sql", "salt"]], lora_name="sql") == (True, False)
    assert whole(extra_keys=[[["picture", 3]], None]) == (False, True)


def test_adapters_of_early_versions_have_numbers() -> None:
    (stored,) = events(_pack([0.0, [_stored(lora_id=3)]]))
    assert isinstance(stored, Stored)
    assert stored.adapter == "#3"


@pytest.mark.parametrize(
    "event",
    [
        _stored(token_ids=[1, 2, 3]),
        _stored(token_ids=[1, 2, 3, -4]),
        _stored(token_ids=[1, 2, 3, 2**63]),
        _stored(token_ids=[1, 2, 3, 2**64 - 1]),
        _stored(token_ids="abcd"),
        _stored(block_size=0),
        _stored(block_hashes=[1.5, 2]),
        _stored(extra_keys=[None]),
        {"type": "BlockRemoved"},
        ["BlockStored", [5], None],
        [],
        {},
        3,
    ],
)
def test_events_that_contradict_themselves_are_refused(event: Any) -> None:
    with pytest.raises(FormatError, match="no events of a cache"):
        events(_pack([0.0, [event]]))


_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats()
    | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4)
    ),
    max_leaves=12,
)


@settings(max_examples=60)
@given(st.data())
def test_nothing_but_a_format_error_comes_of_any_payload(data: st.DataObject) -> None:
    """Noise, noise within a proper batch, and proper events with one field replaced."""
    noise, value = data.draw(st.binary(max_size=60)), data.draw(_VALUES)
    key = data.draw(st.sampled_from(sorted(_stored(extra_keys=None, group_idx=None))))
    event = _stored(**{key: value})
    shape = data.draw(st.sampled_from([dict, list]))
    told: Any = event if shape is dict else list(event.values())
    good = _pack([0.0, [told]])
    at = data.draw(st.integers(0, len(good)))
    for payload in (
        noise,
        _pack(value),
        _pack([0.0, value]),
        _pack([0.0, [value]]),
        good,
        good[:at],
    ):
        try:
            found = events(payload)
        except FormatError:
            continue
        for one in found:
            if isinstance(one, Stored):
                assert len(one.tokens) == one.block_tokens * len(one.hashes)
                assert len(one.whole) == len(one.hashes)


def test_numbers_have_eight_bytes() -> None:
    assert number((258).to_bytes(8, "big")) == 258
    with pytest.raises(FormatError, match="8 bytes"):
        number(b"\x01")


def test_nests_without_end_are_refused() -> None:
    deep = b"\x91" * 100_000
    for payload in (deep, b"\x82\xa2ts\x00\xa1x" + deep, b"\x92\x00\x91\x81\xa1x" + deep):
        with pytest.raises(FormatError):
            events(payload)
