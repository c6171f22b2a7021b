"""Profiles: real files, and files that are none."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from headway.errors import ConfigError, FormatError
from headway.serving.fleet.scaling import Profile
from tests.serving.fleet.scaling.profiles import A40, A100, DATA, profile


def test_published_profiles_are_read() -> None:
    assert A100.kind == "simulator-llama2-7b-a100"
    assert (A100.cost, Profile.read(A40).cost, Profile.read(A40, cost=0.7).cost) == (1.0, 0.3, 0.7)
    assert A100.output_tokens.tolist() == [4, 8, 16, 32, 64, 128, 256, 512]
    assert A100.prompt_tokens.tolist() == [128, 256, 512, 1024, 2048]
    assert A100.rate_per_s[2, 3] == 8.319937915785582
    assert (A100.rate_per_s[7] == 0).all()


def test_lengths_find_the_nearest_cell() -> None:
    assert A100.cell(prompt_tokens=1024, output_tokens=128) == (5, 3)
    assert A100.cell(prompt_tokens=180, output_tokens=5) == (0, 0)
    assert A100.cell(prompt_tokens=182, output_tokens=6) == (1, 1)
    assert A100.cell(prompt_tokens=9e9, output_tokens=0) == (0, 4)


def changed(**changes: Any) -> bytes:
    document = json.loads((DATA / "llama2-7b-a100.json").read_text(encoding="utf-8"))
    return json.dumps({**document, **changes}).encode()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "no profile"),
        (b"[1, 2]", "no profile: Expected `object`"),
        (b'{"gpu": "a"}', "missing required field `cost`"),
        (b'{"gpu": "\xff"}', "no profile"),
        (changed(cost=0), "cost: must be positive"),
        (changed(tputs=[]), "expected rows of one length"),
        (changed(tputs=[[1.0], [1.0, 2.0]]), "expected rows of one length"),
        (changed(tputs=[[1.0]]), r"expected shape \(8, 5\), got \(1, 1\)"),
        (changed(tputs=[[-1.0] * 5] * 8), "not negative"),
        (changed(tputs=[["1"] * 5] * 8), r"Expected `float`, got `str`"),
        (changed(indexes=[[1, 2]]), "expected two lists, got 1"),
        (changed(indexes=[[1, 1], [2]]), "output_tokens: must be >= 1 and ascend"),
        (changed(indexes=[[1], []]), "prompt_tokens: expected a list"),
    ],
)
def test_files_that_hold_no_profile_are_refused(
    content: bytes, message: str, tmp_path: Path
) -> None:
    path = tmp_path / "a.json"
    path.write_bytes(content)
    with pytest.raises(FormatError, match=message) as refused:
        Profile.read(path)
    assert str(refused.value).startswith(str(path))


@given(st.binary(max_size=200) | st.builds(lambda cut: changed()[:cut], st.integers(0, 1700)))
def test_nothing_else_is_raised_whatever_the_file(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    path = tmp_path_factory.getbasetemp() / "profile.json"
    path.write_bytes(content)
    with contextlib.suppress(FormatError):
        assert Profile.read(path).kind


def test_profiles_made_by_hand_are_checked() -> None:
    with pytest.raises(ConfigError, match="finite"):
        profile("a", 1.0, [[np.inf]])
