"""One run is timed, checked, and cannot hurt the campaign."""

from __future__ import annotations

import headway as hw
from headway.bench import Limits, Record, contestant, measure, measure_apart, runs
from tests.bench.fakes import Fake

SHOP = hw.job_shop([[0, 1], [1, 0]], [[3, 2], [2, 4]], name="tiny")
LIMITS = Limits(1.0, 1, 0)


def run(does: str = "", bound: int | None = None) -> Record:
    return measure(Fake(does=does, bound=bound), SHOP, LIMITS, "tiny")


def test_a_record_tells_what_was_reached_and_when() -> None:
    record = run(bound=11)
    assert (record.value, record.bound, record.valid, record.proven) == (11, 11, True, True)
    assert record.found_s == 1.0
    assert record.version == "1.0"
    assert record.peak_mb is None or record.peak_mb > 1


def test_an_invalid_schedule_brings_no_value() -> None:
    record = run("cheat")
    assert (record.value, record.valid) == (None, False)
    assert record.note.startswith("invalid schedule: ")


def test_a_claim_that_the_schedule_does_not_hold_is_noted() -> None:
    record = run("boast")
    assert record.value == 11
    assert record.note == "claims 10, but 11 is reached"


def test_an_exception_ends_in_the_note() -> None:
    record = run("raise")
    assert record.value is None
    assert record.note == "RuntimeError: out of luck"


def test_a_process_of_its_own_gives_the_same_answer() -> None:
    here = measure(contestant("rules"), SHOP, LIMITS, "tiny")
    there = measure_apart(contestant("rules"), SHOP, LIMITS, "tiny")
    assert (there.value, there.valid, there.key) == (here.value, here.valid, here.key)


def test_a_crash_costs_its_own_record_only(monkeypatch) -> None:
    monkeypatch.setenv("PYTHONPATH", ".")
    record = measure_apart(Fake(does="crash"), SHOP, LIMITS, "tiny")
    assert record.value is None
    assert "the process ended with status" in record.note


def test_what_does_not_stop_is_ended(monkeypatch) -> None:
    monkeypatch.setenv("PYTHONPATH", ".")
    monkeypatch.setattr(runs, "_GRACE_S", 2.0)
    record = measure_apart(Fake(does="overrun"), SHOP, Limits(0.01, 1), "tiny")
    assert record.note.startswith("did not stop; ended after")
