"""Reports: sequences of violations that print well and answer simple questions."""

from __future__ import annotations

import pickle

import pytest

from headway.model.families import single_machine
from headway.model.violation import Report, Violation, ViolationKind, listing
from tests.found import report


def three_overlaps():
    return report(single_machine([5, 5, 5, 5]), [0, 1, 2, 99])


def test_a_report_is_a_sequence_of_violations():
    found = three_overlaps()
    assert len(found) == 2
    assert not found.ok
    assert isinstance(found[0], Violation)
    assert found[-1] == list(found)[1]
    assert found[0:2] == tuple(found)
    assert found[1] in found
    with pytest.raises(IndexError):
        found[2]


def test_kinds_counts_violations():
    assert three_overlaps().kinds == {ViolationKind.OVERLAP: 2}
    assert "overlap" in three_overlaps().kinds


def test_a_report_has_no_truth_value():
    with pytest.raises(TypeError, match=r"report\.ok"):
        bool(three_overlaps())


def test_reports_print_a_headline_and_the_violations():
    found = three_overlaps()
    assert repr(found) == "<Report 2 violations: 2 overlap>"
    assert str(found).splitlines()[0] == "2 violations: 2 overlap"
    assert "occupies it until 5" in str(found).splitlines()[1]
    assert str(Report()) == "valid: no violations"
    assert repr(Report()) == "<Report valid>"


def test_long_reports_print_their_beginning():
    found = report(single_machine([9] * 50), list(range(50)))
    lines = str(found).splitlines()
    assert len(lines) == 22
    assert lines[-1] == "  … and 29 more"


def test_reports_are_compared_by_content_and_travel_between_processes():
    found = three_overlaps()
    assert pickle.loads(pickle.dumps(found)) == found
    assert Report.of(found) == found
    assert Report.of(found[:1]) != found
    assert Report.of([]).ok


def test_long_lists_of_names_are_cut():
    assert listing("a") == "'a'"
    assert listing("ab") == "'a' and 'b'"
    assert listing("abcde") == "'a', 'b', 'c', 'd' and 'e'"
    assert listing("abcdef") == "'a', 'b', 'c', 'd' and 2 more"
    assert listing("") == ""
