from __future__ import annotations

import base64
import hashlib
import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from typing import Any

import pytest

from headway.model import Model, Schedule, job_shop
from headway.show import report
from headway.solve.result import Result, Status
from tests.show.conftest import shop


class Page(HTMLParser):
    """Collects elements, texts, and the content of scripts."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.raw: dict[str, list[str]] = {"script": [], "style": []}
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        if self.cdata_elem in self.raw:
            self.raw[self.cdata_elem].append(data)
        else:
            self.texts.append(data)

    @property
    def data(self) -> dict[str, Any]:
        return json.loads(self.raw["script"][0])

    @property
    def facts(self) -> str:
        return " ".join(" ".join(self.texts).split())


@pytest.fixture(scope="module")
def page(run: Result) -> str:
    return report(run)


EVIL = "</script><script>alert(1)</script><img src=x onerror=alert(2)>\"'&\u2028{{7*7}}"


def evil_schedule() -> Schedule:
    m = Model(EVIL)
    oven = m.machine(EVIL)
    m.task(m.job(EVIL), EVIL).mode({oven: 1}, duration=4)
    return m.problem().schedule([0])


def test_a_result_is_told_in_full(page: str, run: Result) -> None:
    facts = Page(page).facts
    for text in (
        "bakery", "Status feasible", "tardiness 5 min priority 1", "makespan 5 h 15 min priority 2",
        "Lower bound 5 / 300", "Gap 4.76%", "Verified yes", "rules+cpsat small, with breaks",
        "Time 3.00 s", "seed 0", run.problem.fingerprint[:16],
    ):  # fmt: skip
        assert text in facts, text


def test_chart_and_table_get_every_task(page: str, run: Result) -> None:
    data = Page(page).data
    assert data["tasks"]["name"] == list(run.problem.tasks.name)
    assert data["tasks"]["start"] == run.schedule.start.tolist()  # type: ignore[union-attr]
    assert [view["label"] for view in data["views"]] == ["Machines", "Jobs"]
    assert len(data["views"][0]["bars"]["task"]) == 22
    assert len(data["views"][0]["pauses"]["task"]) == 4
    assert data["clock"]["unit"] == "h"


def test_dates_are_told_if_there_are_any(dated: Schedule, page: str) -> None:
    told = Page(report(dated))
    assert told.data["clock"]["origin"] == "2026-03-02T22:00:00"
    assert "End Tue 3 Mar 03:15 start Mon 2 Mar 22:00" in told.facts
    assert Page(page).data["clock"]["origin"] is None
    assert "start Mon" not in Page(page).facts


def test_a_bare_schedule_will_do(bakery: Schedule) -> None:
    facts = Page(report(bakery)).facts
    assert "Verified yes" in facts
    assert "Status" not in facts


def test_a_wrong_schedule_is_called_wrong() -> None:
    schedule = job_shop([[0], [0]], [[5], [5]]).schedule([0, 3])
    facts = Page(report(schedule)).facts
    assert "Verified no 1 violation" in facts
    assert "This schedule breaks constraints" in facts
    assert "'job 1/0' starts on 'machine 0' at 3" in facts


def test_an_infeasible_problem_is_explained(run: Result) -> None:
    conflict = ("oven is closed", "<b>bread</b> is due")
    result = replace(run, schedule=None, status=Status.INFEASIBLE, conflict=conflict, trajectory=())
    page = Page(report(result))
    assert "These constraints cannot hold together oven is closed <b>bread</b> is due" in page.facts
    assert not page.raw["script"]


def test_names_cannot_become_markup() -> None:
    """The page of a schedule with evil names has the same elements as that of an innocent one."""
    m = Model("a")
    m.task(m.job("b"), "c").mode({m.machine("d"): 1}, duration=4)
    innocent = Page(report(m.problem().schedule([0])))
    page = Page(report(evil_schedule()))
    assert [tag for tag, _ in page.tags] == [tag for tag, _ in innocent.tags]
    assert [set(attrs) for _, attrs in page.tags] == [set(attrs) for _, attrs in innocent.tags]
    assert page.data["tasks"]["name"] == [EVIL.replace("\u2028", " ")]
    assert "49" not in page.texts[0]


def test_data_cannot_close_its_element() -> None:
    page = report(evil_schedule())
    block = re.search(r'<script type="application/json" id="data">(.*?)</script>', page, re.DOTALL)
    assert block is not None
    assert not set("<>&\u2028") & set(block[1])


@pytest.mark.parametrize("subject", ["run", "evil"])
def test_nothing_is_fetched_and_only_our_script_may_run(subject: str, page: str) -> None:
    parsed = Page(page if subject == "run" else report(evil_schedule()))
    for tag, attrs in parsed.tags:
        for name in ("src", "href", "srcset", "data", "action"):
            value = attrs.get(name)
            assert value is None or value.startswith("data:image/"), (tag, name)
        assert not [name for name in attrs if name.startswith("on") or name == "style"]
    policy = next(
        attrs["content"]
        for _, attrs in parsed.tags
        if attrs.get("http-equiv") == "Content-Security-Policy"
    )
    assert policy is not None
    assert policy.startswith("default-src 'none'; img-src data:;")
    for text in (parsed.raw["script"][1], parsed.raw["style"][0]):
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert f"'sha256-{digest}'" in policy
        assert not re.search(r"https?://|@import|\burl\(|innerHTML|\beval\b", text)


def test_inlined_pictures_fetch_nothing_either(page: str) -> None:
    """Addresses in SVG are names of namespaces, or the type of the metadata."""
    pictures = re.findall(r"data:image/svg\+xml;base64,([A-Za-z0-9+/=]+)", page)
    assert len(pictures) == 4  # profile and progress, light and dark
    for picture in pictures:
        svg = base64.b64decode(picture).decode()
        for attribute, _ in re.findall(r'([\w:]+)="(https?://[^"]*)"', svg):
            assert attribute.startswith("xmlns") or attribute == "rdf:resource", attribute


def test_the_same_result_gives_the_same_page(page: str, run: Result) -> None:
    assert report(run) == page


def test_nothing_to_show_is_still_a_page() -> None:
    assert "nothing" in Page(report(Model("nothing").problem().schedule([]))).facts


def test_two_thousand_operations_stay_below_two_megabytes() -> None:
    assert len(report(shop(100, 20))) < 2_000_000
