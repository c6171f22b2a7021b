"""Documents: plain data in and out, refused by line and key."""

from contextlib import suppress

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from headway.errors import ConfigError, FormatError
from headway.simulate.document import parse, plain, record, to_yaml


class Part(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    size: int = 1


class Whole(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    name: str
    parts: list[Part] = []
    more: Part | None = None


def test_what_is_written_is_read_again_and_defaults_are_left_out() -> None:
    whole = Whole("x", [Part(2), Part()], Part(3))
    assert record(parse(to_yaml(whole)), Whole, "a whole") == whole
    assert plain(whole) == {"name": "x", "parts": [{"size": 2}, {}], "more": {"size": 3}}
    assert plain(Whole("x")) == {"name": "x"}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (3, "expected a whole: keys and values"),
        ({}, "missing required field `name`"),
        ({"name": "x", "parts": [{"size": 1}, {"size": "big"}]}, r"^parts\[1\].size: Expected"),
        ({"name": "x", "more": {"colour": 1}}, "^more: .*unknown field `colour`"),
    ],
)
def test_what_does_not_fit_is_refused_by_its_key(content: object, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        record(content, Whole, "a whole")


@given(st.text())
def test_any_text_is_data_or_refused(text: str) -> None:
    with suppress(FormatError):
        parse(text)
