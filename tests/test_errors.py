"""Errors survive the way from one process to another, and say the same there."""

import pickle

import pytest

import headway as hw


@pytest.mark.parametrize(
    "error",
    [
        hw.UnknownNameError("method", "cpsatt", ["cpsat", "rules"]),
        hw.FormatError("expected a number", path="shop.txt", line=3),
        hw.InfeasibleError("no schedule", ["oven is broken"]),
        hw.ConfigError("gap: expected a number"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_errors_can_be_pickled(error: hw.HeadwayError) -> None:
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is type(error)
    assert str(again) == str(error)
    assert vars(again) == vars(error)
