"""Realisations: by default all goes as planned; what does not fit is refused."""

import numpy as np
import pytest

import headway as hw
from headway.errors import ProblemError
from headway.model.tables import ints
from headway.simulate.shop import ChangeKind, Changes, Outages, Realisation

PROBLEM = hw.job_shop([[0, 1], [1, 0]], [[3, 2], [2, 4]], release=[0, 5])


def _outages(ptr: list[int], start: list[int], end: list[int]) -> Outages:
    return Outages(ints(ptr), ints(start), ints(end), ints([0, 0]))


def _change(time: int, kind: ChangeKind, subject: int, value: int) -> Changes:
    return Changes(ints([time]), ints([kind]), ints([subject]), ints([value]))


def test_by_default_all_goes_as_planned() -> None:
    plain = Realisation.of(PROBLEM)
    assert plain.duration.tolist() == [3, 2, 2, 4]
    assert plain.cancelled.tolist() == [hw.FOREVER] * 2
    assert plain.buffer.tolist() == [hw.FOREVER] * 2
    assert plain.batch.tolist() == [1, 1]
    assert plain.is_open.all()
    assert not plain.pause.any()


def test_one_value_serves_all_resources() -> None:
    assert Realisation.of(PROBLEM, buffer=0).buffer.tolist() == [0, 0]
    assert Realisation.of(PROBLEM, buffer=[0, 3]).buffer.tolist() == [0, 3]


def test_outages_that_touch_and_those_of_different_machines_are_fine() -> None:
    for ptr, start, end in (
        ([0, 2, 3], [1, 4, 0], [4, 6, 9]),
        ([0, 0, 2], [1, 4], [4, 6]),
        ([0, 2, 2], [1, 4], [4, 6]),
    ):
        drawn = Realisation.of(PROBLEM, outages=_outages(ptr, start, end))
        assert drawn.outages.start.tolist() == start


@pytest.mark.parametrize(
    ("what", "message"),
    [
        ({"arrival": [6, 6]}, "job 'job 0' is released before it arrives"),
        ({"arrival": [0, 0, 0]}, "arrival: expected 2 values"),
        ({"duration": [1, 2, 3]}, "duration: expected 4 values"),
        ({"duration": -1}, "duration: expected values of at least 0"),
        ({"pause": [0.5] * 4}, "whole numbers"),
        ({"batch": 0}, "batch: expected values of at least 1"),
        ({"is_open": [True]}, "is_open: expected 4 values"),
        ({"outages": _outages([0, 1], [1], [2])}, "pointer"),
        ({"outages": _outages([0, 1, 1], [2], [2])}, "positive length"),
        ({"outages": _outages([0, 2, 2], [1, 3], [4, 6])}, "disjoint"),
        ({"outages": _outages([0, 0, 2], [1, 3], [4, 6])}, "disjoint"),
        ({"changes": _change(1, ChangeKind.DUE, 2, 9)}, "not there"),
        ({"changes": _change(1, ChangeKind.OPEN, 4, 0)}, "not there"),
        ({"changes": _change(1, ChangeKind.DURATION, 0, -1)}, "negative duration"),
    ],
)
def test_what_does_not_fit_is_refused(what: dict[str, object], message: str) -> None:
    with pytest.raises(ProblemError, match=message):
        Realisation.of(PROBLEM, **what)  # type: ignore[arg-type]


def test_changes_come_in_order_of_time() -> None:
    late_first = Changes(ints([5, 1]), ints([0, 0]), ints([0, 0]), ints([9, 9]))
    with pytest.raises(ProblemError, match="do not decrease"):
        Realisation.of(PROBLEM, changes=late_first)
    assert np.array_equal(Realisation.of(PROBLEM).changes.time, [])
