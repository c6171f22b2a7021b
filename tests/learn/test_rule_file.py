"""Files of trained rules: there and back, and refusals of what does not fit."""

from __future__ import annotations

import contextlib
import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from headway.errors import ConfigError, FormatError
from headway.learn.rule_file import LinearRule, load, parse
from headway.simulate.features import FeatureSet

FEATURES = FeatureSet("toy", 2, ("p", "slack"))
RULE = LinearRule(
    "toy-rule",
    FEATURES,
    np.array([0.1, -2.0]),
    {"temperature": 0.5},
    {"seed": 3, "stages": [{"steps": 9}]},
    ({"set": "Ω", "gap": 1.5},),
)


def changed(**changes):
    document = json.loads(RULE.to_json())
    document.update(changes)
    return json.dumps(document)


def test_a_rule_comes_back_from_its_file(tmp_path):
    RULE.save(tmp_path / "rule.json")
    back = load(tmp_path / "rule.json", FEATURES)
    assert back.weights.tolist() == [0.1, -2.0]
    assert (back.name, back.features, back.settings) == ("toy-rule", FEATURES, RULE.settings)
    assert (back.recipe, back.measured) == (RULE.recipe, RULE.measured)
    assert back.to_json() == RULE.to_json()


def test_weights_are_matched_by_name():
    assert parse(changed(weights={"slack": -2, "p": 0.1}), FEATURES).weights.tolist() == [0.1, -2.0]


def test_a_rule_is_a_policy():
    columns = {"p": np.array([1.0, 2.0]), "slack": np.array([3.0, 0.0])}

    class Choice:
        def __len__(self):
            return 2

    choice = Choice()
    choice.columns = columns
    assert RULE.policy.score(choice).tolist() == pytest.approx([-5.9, 0.2])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (changed(features_version=1), "version 1 .* this is version 2; train it again"),
        (changed(world="shop"), "is for 'shop', wanted is one for 'toy'"),
        (changed(weights={"p": 1}), "no weight for 'slack'"),
        (
            changed(weights={"p": 1, "slak": 2}),
            "no weight for 'slack' and a weight for unknown 'slak'",
        ),
        (changed(weights={"p": 1, "slack": "x"}), r"weights\[...\]: Expected `float`"),
        (changed(kind="recipe"), "kind: expected 'headway linear rule', got 'recipe'"),
        (changed(name=""), "name: Expected"),
        (changed(extra=1), "unknown field `extra`"),
        (changed(settings={"delta": None}), "settings"),
        (RULE.to_json().replace("-2.0", "-2e999"), "slack|out of range"),
        ("{}", "missing required field `kind`"),
        ("[]", "Expected `object`"),
        ("{", "not JSON"),
        (b"\xff\xfe", "not JSON"),
    ],
)
def test_files_that_do_not_fit_are_refused(tmp_path, text, message):
    path = tmp_path / "rule.json"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(FormatError, match=message) as refused:
        load(path, FEATURES)
    assert str(refused.value).startswith(str(path))


def test_a_missing_file_is_refused(tmp_path):
    with pytest.raises(FormatError, match="cannot read"):
        load(tmp_path / "none.json", FEATURES)


@given(st.binary(max_size=60) | st.text(max_size=60))
def test_no_text_does_worse_than_being_refused(text):
    with pytest.raises(FormatError):
        parse(text, FEATURES)


@given(st.data())
def test_no_changed_file_does_worse_than_being_refused(data):
    text = RULE.to_json()
    at = data.draw(st.integers(0, len(text) - 1))
    broken = text[:at] + data.draw(st.text(max_size=3)) + text[at + data.draw(st.integers(0, 3)) :]
    with contextlib.suppress(FormatError):
        assert parse(broken, FEATURES).weights.shape == (2,)


def test_weights_must_be_one_finite_number_per_feature():
    with pytest.raises(ConfigError, match="expected 2"):
        LinearRule("short", FEATURES, np.ones(1))
    with pytest.raises(ConfigError, match=r"weights\.slack: expected a finite number"):
        LinearRule("odd", FEATURES, np.array([1.0, np.nan]))
