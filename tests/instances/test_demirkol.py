"""The published instances are compared in test_taillard.py, together with Taillard's."""

from __future__ import annotations

from headway.instances import demirkol


def test_jobs_of_a_shop_in_two_sets_finish_the_first_machines_before_the_others() -> None:
    machines, durations = demirkol.job_shop(20, 15, 963246540, two_sets=True)
    assert all(sorted(row[:7]) == list(range(7)) for row in machines)
    assert all(sorted(row[7:]) == list(range(7, 15)) for row in machines)
    assert all(1 <= duration <= 200 for row in durations for duration in row)


def test_jobs_of_an_ordinary_shop_visit_the_machines_in_any_order() -> None:
    machines, _ = demirkol.job_shop(20, 15, 155125852)
    assert all(sorted(row) == list(range(15)) for row in machines)
    assert any(max(row[:7]) > 7 for row in machines)
