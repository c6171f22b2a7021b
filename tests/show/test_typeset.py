from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from headway.show.typeset import clean, fitted, number_of, width


def test_names_lose_what_would_break_a_line() -> None:
    assert clean("a\nb\tc") == "a b c"
    assert clean("left\u202egnorw") == "left gnorw"
    assert clean("\ud800") == "\N{EN DASH}"
    assert clean("Ofen 3 – süß 機械") == "Ofen 3 – süß 機械"


def test_numbers_are_cut_out_of_names() -> None:
    assert number_of("machine 12") == "12"
    assert number_of("M7") == "7"
    assert number_of("oven") == "oven"
    assert number_of("42") == "42"


@given(st.text(max_size=60))
def test_any_name_can_be_set(name: str) -> None:
    text = clean(name)
    text.encode("utf-8")
    assert text
    assert width(text, 8) >= 0


@given(st.text(st.characters(codec="latin-1", categories=["L", "N"]), min_size=1, max_size=80))
def test_a_fitted_text_is_no_wider_than_its_room(name: str) -> None:
    text = fitted(name, 9, 0.8)
    assert width(text, 9) <= 0.8 + 1e-9
    assert text == name or text.endswith("…")


def test_wide_scripts_count_as_wide() -> None:
    assert width("機械", 10) > width("ab", 10)
