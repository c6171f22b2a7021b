"""A campaign goes on where it stopped, whatever stopped it."""

from __future__ import annotations

import pytest

from headway.bench import Campaign, Event, Plan, contestants, entries, standings
from headway.bench.campaign import RUNS, SESSIONS
from headway.errors import ConfigError, FormatError, UnknownNameError
from tests.bench.fakes import Fake


def plan(*fakes: Fake, names: tuple[str, ...] = ("ft06", "la01"), seeds: int = 1) -> Plan:
    return Plan(entries(names), fakes or (Fake(),), time_limit_s=1.0, seeds=seeds)


def fresh(folder, what: Plan) -> list[bool]:
    """Return for each run of a campaign whether it had to be made."""
    events: list[Event] = []
    Campaign(what, folder, apart=False).run(events.append)
    return [event.fresh for event in events]


def test_runs_that_are_done_are_not_made_again(tmp_path) -> None:
    assert fresh(tmp_path, plan()) == [True, True]
    assert fresh(tmp_path, plan()) == [False, False]
    assert fresh(tmp_path, plan(seeds=2)) == [False, True, False, True]
    assert fresh(tmp_path, plan(Fake(), Fake("other"))) == [False, True, False, True]


def test_runs_that_failed_can_be_made_again(tmp_path) -> None:
    what = plan(Fake(), Fake("unlucky", does="raise"))
    assert fresh(tmp_path, what) == [True] * 4
    assert fresh(tmp_path, what) == [False] * 4
    events: list[Event] = []
    Campaign(what, tmp_path, apart=False, retry=True).run(events.append)
    assert [event.fresh for event in events] == [False, True, False, True]


def test_a_line_that_was_cut_off_is_made_again(tmp_path) -> None:
    assert fresh(tmp_path, plan()) == [True, True]
    path = tmp_path / RUNS
    path.write_bytes(path.read_bytes()[:-20])
    assert fresh(tmp_path, plan()) == [False, True]
    assert fresh(tmp_path, plan()) == [False, False]


def test_a_file_of_something_else_is_refused(tmp_path) -> None:
    (tmp_path / RUNS).write_text('{"instance": 3}\n')
    with pytest.raises(FormatError, match=r"runs.jsonl:1: no record of a campaign"):
        Campaign(plan(), tmp_path)


def test_an_interrupted_campaign_keeps_what_is_done(tmp_path) -> None:
    what = plan(Fake(), Fake("slow", does="interrupt"))
    campaign = Campaign(what, tmp_path, apart=False)
    with pytest.raises(KeyboardInterrupt):
        campaign.run()
    outcome = campaign.outcome()
    assert [record.contestant for record in outcome.records] == ["fake"]
    assert not outcome.complete
    assert len((tmp_path / RUNS).read_text().splitlines()) == 1
    assert len((tmp_path / SESSIONS).read_text().splitlines()) == 1


def test_contestants_may_decline_a_problem() -> None:
    outcome = Campaign(plan(names=("ft06", "ft10")), apart=False).run()
    assert outcome.refused == {("ft10", "fake"): "it has too many tasks"}
    assert outcome.complete
    assert [s.entry.name for s in standings(outcome)] == ["ft06"]


def test_plans_that_make_no_sense_are_refused() -> None:
    for wrong in (
        {"entries": []},
        {"contestants": []},
        {"contestants": [Fake(), Fake()]},
        {"time_limit_s": 0.0},
        {"seeds": 0},
    ):
        with pytest.raises(ConfigError):
            Plan(**({"entries": entries(["ft06"]), "contestants": [Fake()]} | wrong))


def test_several_objective_levels_cannot_be_compared() -> None:
    (entry,) = entries(["ft06"], objective="makespan, then completion")
    with pytest.raises(ConfigError, match="2 levels"):
        entry.problem()


def test_entries_are_names_patterns_and_files(tmp_path) -> None:
    from headway.bench import Entry
    from headway.instances import instance

    folder = tmp_path / "mine"
    folder.mkdir()
    instance("ft06").save(folder / "six.json")
    found = entries(["la0[12]", "ft06", "la01", str(folder)])
    assert [entry.name for entry in found] == ["la01", "la02", "ft06", "six"]
    assert found[-1] == Entry("six", "mine", str(folder / "six.json"))
    assert found[-1].problem().n_tasks == 36
    assert entries([str(folder / "six.json")], group="all mine")[0].group == "all mine"
    instance("la01").save(tmp_path / "six.json")
    twice = entries([str(folder), str(tmp_path / "six.json"), str(folder)])
    assert [entry.name for entry in twice] == ["six", str(tmp_path / "six.json")]
    with pytest.raises(ConfigError, match="no instance fits"):
        entries(["zz*"])
    with pytest.raises(UnknownNameError):
        entries(["ft07"])


def test_every_method_and_peer_is_known_by_name() -> None:
    assert {"auto", "tabu", "plain-cpsat", "pyjobshop", "jobshoplib-rules"} <= set(contestants())
