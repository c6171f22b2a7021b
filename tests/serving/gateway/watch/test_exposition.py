"""Pages in Prometheus' text format: the same as its own parser finds, and no crash on any bytes."""

from __future__ import annotations

import math

from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry, Gauge, generate_latest
from prometheus_client.parser import text_string_to_metric_families

from headway.serving.gateway.watch.exposition import read
from tests.serving.gateway.watch import pages

_TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\r"), max_size=12)
_VALUES = st.floats() | st.integers(-(10**15), 10**15).map(float)


@given(st.lists(st.tuples(_TEXTS, _TEXTS, _VALUES), max_size=8))
def test_it_finds_what_the_parser_of_prometheus_finds(
    rows: list[tuple[str, str, float]],
) -> None:
    registry = CollectorRegistry()
    wanted = Gauge("room:wanted", "help \\ with\nlines", ["a", "b"], registry=registry)
    longer = Gauge("room:wanted_not", "", ["a", "b"], registry=registry)
    for a, b, value in rows:
        wanted.labels(a, b).set(value)
        longer.labels(a, b).set(1)
    page = generate_latest(registry)
    expected = [
        (dict(sample.labels), sample.value)
        for family in text_string_to_metric_families(page.decode())
        for sample in family.samples
        if sample.name == "room:wanted"
    ]
    found = read(page, [b"room:wanted"]).get(b"room:wanted", [])
    assert len(found) == len(expected)
    for series, (labels, value) in zip(found, expected, strict=True):
        assert dict(series.labels) == labels
        assert series.value == value or (math.isnan(series.value) and math.isnan(value))


def test_pages_of_engines_are_read_as_by_the_parser_of_prometheus() -> None:
    for page in (pages.VLLM, pages.VLLM_OLD, pages.SGLANG, pages.LLAMACPP):
        expected: dict[bytes, list[tuple[dict[str, str], float]]] = {}
        for family in text_string_to_metric_families(page.decode()):
            for sample in family.samples:
                expected.setdefault(sample.name.encode(), []).append((sample.labels, sample.value))
        found = read(page, expected)
        assert {name: [tuple(one) for one in series] for name, series in found.items()} == expected


def test_lines_that_make_no_sense_are_left_out() -> None:
    page = (
        b'up{a="1"} 1\nup{a="2"\nup{a="3} 2\nup {a="4"} x\nup{a=5} 1\nup 1_0\nup\nup 2 17 # {} 1\n'
    )
    assert [(dict(one.labels), one.value) for one in read(page, [b"up"])[b"up"]] == [
        ({"a": "1"}, 1.0),
        ({}, 2.0),
    ]


def test_a_line_without_an_end_takes_no_longer_than_its_length() -> None:
    """Patterns that try all ways to split such a line would never come back."""
    page = b"up{" + b'a="b",' * 50_000 + b"\nup{" + b'"' * 100_001 + b"\nup" + b" " * 100_000
    assert read(page, [b"up"]) == {}


@given(st.binary(max_size=200), st.binary(max_size=60))
def test_no_bytes_make_it_fail(page: bytes, more: bytes) -> None:
    read(page, [b"up"])
    read(b"up{" + page + b"} " + more, [b"up"])
    read(b"up" + page + b"\nup" + more, [b"up", b"upper"])
