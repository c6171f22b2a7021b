"""What a campaign leaves behind to read."""

from __future__ import annotations

import csv
import json

import pytest

from headway.bench import Campaign, Plan, Report, contestant, entries, suite, suites
from headway.bench.suites import spread
from headway.errors import UnknownNameError
from tests.bench.fakes import Fake


def test_all_files_are_written_and_agree(tmp_path) -> None:
    plan = Plan(entries(["ft06", "la01"]), [contestant("rules"), Fake(), Fake("bad", "cheat")], 2.0)
    report = Report(Campaign(plan, apart=False).run(), "Two shops")
    paths = report.write(tmp_path, "two")
    assert {path.name for path in paths} == {
        "two.md", "two.csv", "two-summary.csv", "two.json", "two-ft.png", "two-la.png",
        "two-all.png",
    }  # fmt: skip
    text = (tmp_path / "two.md").read_text("utf-8")
    assert text.startswith("# Two shops: 2 s, 1 worker per run (measured)\n")
    assert "## rules against the others" in text
    assert "invalid schedule" in text
    assert "](two-all.png)" in text
    assert "another machine" in text
    assert "Load average before the runs" in text
    rows = list(csv.DictReader((tmp_path / "two.csv").read_text("utf-8").splitlines()))
    document = json.loads((tmp_path / "two.json").read_text("utf-8"))
    assert len(rows) == len(document["instances"]) == 6
    assert document["complete"]
    assert document["sessions"][0]["versions"]["fake"] == "1.0"
    assert (tmp_path / "two-all.png").read_bytes().startswith(b"\x89PNG")


def test_an_unfinished_campaign_says_so(tmp_path) -> None:
    campaign = Campaign(Plan(entries(["ft06"]), [Fake("slow", "interrupt")], 1.0), apart=False)
    with pytest.raises(KeyboardInterrupt):
        campaign.run()
    report = Report(campaign.outcome())
    assert "**Not finished**: 0 of 1 runs are done." in report.text()
    assert report.write(tmp_path) == [tmp_path / "report.md"]


@pytest.mark.parametrize("name", suites())
def test_suites_name_instances_that_are_there(name: str) -> None:
    found, seeds = suite(name).entries()
    assert {entry.group for entry in found} == set(suite(name).classes)
    assert len({entry.name for entry in found}) == len(found)
    assert all(entry.upper is not None for entry in found)
    assert set(seeds) <= {entry.name for entry in found}


def test_parts_of_a_suite_can_be_chosen() -> None:
    found, seeds = suite("taillard").entries(only=["ta01", "ta41"], limit=2)
    assert [entry.name for entry in found] == ["ta03", "ta08", "ta43", "ta48"]
    assert seeds == dict.fromkeys([entry.name for entry in found], 3)
    with pytest.raises(UnknownNameError):
        suite("taillard").entries(only=["la"])
    with pytest.raises(UnknownNameError):
        suite("zz")


def test_samples_are_spread_evenly() -> None:
    things = entries(["la"])
    assert len(spread(things, 100)) == 40
    assert [entry.name for entry in spread(things, 2)] == ["la11", "la31"]
