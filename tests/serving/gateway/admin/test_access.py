"""Who may look after a gateway."""

from __future__ import annotations

from pathlib import Path

import pytest

from headway.errors import ConfigError, FormatError
from headway.serving.gateway.admin.access import SESSION_S, Access, Operator

ANNA = Operator("anna", "a-secret-of-anna-1")
BERT = Operator("bert", "a-secret-of-bert-2")


def test_a_token_says_whose_it_is() -> None:
    access = Access([ANNA, BERT])
    assert access.by_token(BERT.token) == BERT
    assert access.by_token(ANNA.token[:-1]) is None
    assert access.by_token("") is None
    assert access.by_token("ünïcode-is-no-token") is None


def test_a_session_lasts_for_its_time_and_no_longer() -> None:
    access = Access([ANNA])
    session = access.session(ANNA, 1000.5)
    assert access.by_session(session, 1001) == ANNA
    assert access.by_session(session, 1000 + SESSION_S - 1) == ANNA
    assert access.by_session(session, 1000 + SESSION_S) is None


def test_a_session_cannot_be_made_without_the_token() -> None:
    access = Access([ANNA, BERT])
    name, end, seal = access.session(ANNA, 0).split(".")
    later = str(int(end) + 1)
    for forged in (
        f"bert.{end}.{seal}",
        f"{name}.{later}.{seal}",
        f"{name}.{end}.{seal[:-1]}",
        f"{name}.{end}.",
        f"{name}.-1.{seal}",
        f"{name}.{'9' * 5000}.{seal}",
        "anna",
        "",
        "..",
    ):
        assert access.by_session(forged, 1) is None


def test_another_token_ends_the_sessions_of_the_one_before() -> None:
    session = Access([ANNA]).session(ANNA, 0)
    assert Access([Operator("anna", "another-secret-0001")]).by_session(session, 1) is None


def test_a_file_names_operators(tmp_path: Path) -> None:
    file = tmp_path / "tokens"
    file.write_text(f"# ours\n\nanna {ANNA.token}\nbert\t{BERT.token}\n")
    access = Access.of(None, file)
    assert access.made is None
    assert access.by_token(BERT.token) == BERT


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("anna\n", "line 1: expected a name and a token"),
        ("# x\nanna b c\n", "line 2: expected a name and a token"),
        ("an.na 0123456789abcdef\n", "line 1: expected a name and a token"),
        ("anna 0123456789abcdef\nanna 0123456789abcdef\n", "line 2: anna has a token already"),
    ],
)
def test_a_file_that_is_none_is_refused_with_its_line(tmp_path: Path, text: str, told: str) -> None:
    file = tmp_path / "tokens"
    file.write_text(text)
    with pytest.raises(FormatError) as refused:
        Access.of(None, file)
    assert told in str(refused.value).replace(f"{file}:", "line ").replace("line line", "line")


def test_tokens_that_can_be_guessed_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOKEN", "short")
    with pytest.raises(ConfigError, match="16 characters"):
        Access.of("TOKEN", None)
    monkeypatch.setenv("TOKEN", "  ")
    with pytest.raises(ConfigError, match="TOKEN is not set"):
        Access.of("TOKEN", None)


def test_without_any_a_token_is_made_up_that_nobody_has_had() -> None:
    first, second = Access.of(None, None), Access.of(None, None)
    assert first.made != second.made
    assert first.made is not None
    assert first.by_token(first.made) is not None
    assert second.by_token(first.made) is None
