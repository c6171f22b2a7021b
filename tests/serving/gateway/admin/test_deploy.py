"""The dashboard and the rules that are shipped ask for what /metrics tells, nothing else."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from headway.serving.gateway.accounts.figures import Figures
from headway.serving.gateway.board import E2E, TPOT, TTFT, Board
from headway.serving.gateway.metrics import BoardCollector, page

DEPLOY = Path(__file__).parents[4] / "deploy"
RULES = yaml.safe_load((DEPLOY / "prometheus" / "rules.yml").read_text(encoding="utf-8"))
DASHBOARD = json.loads((DEPLOY / "grafana" / "headway.json").read_text(encoding="utf-8"))

WORDS = frozenset(
    (
        *("sum", "max", "by", "on", "and", "or", "unless", "rate", "increase"),
        *("histogram_quantile", "le", "engine", "kind", "why"),
    )
)


@pytest.fixture(scope="module")
def samples() -> dict[str, list[dict[str, str]]]:
    """Labels of all samples by their names, of a gateway with accounts."""
    board = Board(2, 2)
    for histogram in (TTFT, TPOT, E2E):
        board.row(0).observe(histogram, 0, 0.2)
    collector = BoardCollector(board, ("a-0", "b-0"), ("a", "b"), Figures)
    found: dict[str, list[dict[str, str]]] = {}
    for family in text_string_to_metric_families(page(collector).decode()):
        for sample in family.samples:
            found.setdefault(sample.name, []).append(sample.labels)
    return found


def rules() -> Iterator[tuple[str, str]]:
    for group in RULES["groups"]:
        for rule in group["rules"]:
            yield rule.get("record") or rule["alert"], rule["expr"]


def panels() -> Iterator[tuple[str, str]]:
    for panel in DASHBOARD["panels"]:
        for target in panel["targets"]:
            yield panel["title"], target["expr"]


ALL = [*rules(), *panels()]
RECORDED = {
    rule["record"] for group in RULES["groups"] for rule in group["rules"] if "record" in rule
}


@pytest.mark.parametrize("expression", [one for _, one in ALL], ids=[name for name, _ in ALL])
def test_an_expression_can_be_parsed(expression: str) -> None:
    parser = pytest.importorskip("promql_parser")
    parser.parse(expression.replace("$__rate_interval", "1m"))


@pytest.mark.parametrize("expression", [one for _, one in ALL], ids=[name for name, _ in ALL])
def test_an_expression_names_what_the_gateway_tells(
    expression: str, samples: dict[str, list[dict[str, str]]]
) -> None:
    bare = re.sub(r'"[^"]*"|\[[^\]]*\]', " ", expression)
    assert bare.count("(") == bare.count(")")
    for name, matchers in re.findall(r"([a-z][\w:]*)\s*(\{[^}]*\})?", expression):
        if not name.startswith("headway") or name in RECORDED:
            continue
        assert name in samples, f"{name} is not on the page of metrics"
        for label, operator, value in re.findall(r'(\w+)(=~|=)"([^"]*)"', matchers):
            there = {one.get(label) for one in samples[name]}
            assert None not in there, f"{name} has no label {label}"
            wanted = value.split("|") if operator == "=~" else [value]
            assert value.startswith("$") or there >= set(wanted), f"{name} with {label}={value}"
    words = set(re.findall(r"[a-z][\w:]*", re.sub(r"\{[^}]*\}", " ", bare)))
    assert {word for word in words if not word.startswith("headway")} <= WORDS


@pytest.mark.parametrize("expression", [one for _, one in ALL], ids=[name for name, _ in ALL])
def test_what_only_grows_is_asked_for_as_a_rate(
    expression: str, samples: dict[str, list[dict[str, str]]]
) -> None:
    for name in re.findall(r"headway_\w+", expression):
        if re.search(r"_(total|bucket|count|hits|queries)$", name):
            assert re.search(rf"(rate|increase)\({name}[^)]*\[", expression), name


@pytest.mark.parametrize("expression", [one for _, one in ALL], ids=[name for name, _ in ALL])
def test_labels_that_sums_are_kept_by_are_there(
    expression: str, samples: dict[str, list[dict[str, str]]]
) -> None:
    for labels, inside in re.findall(r"by \(([^)]*)\) \((?:rate\()?(headway_\w+)", expression):
        for label in labels.split(", "):
            assert all(label in one for one in samples[inside]), f"{inside} has no label {label}"


def test_recorded_rules_have_names_of_the_usual_form_and_alerts_say_what_is_wrong() -> None:
    names = [name for name, _ in rules()]
    assert len(names) == len(set(names))
    for group in RULES["groups"]:
        for rule in group["rules"]:
            if "record" in rule:
                assert re.fullmatch(r"headway:\w+:\w+", rule["record"])
            else:
                assert rule["labels"]["severity"] in ("warning", "critical")
                assert set(rule["annotations"]) == {"summary", "description"}
                asked = set(re.findall(r"headway:\w+:\w+", rule["expr"]))
                assert asked <= RECORDED


def test_panels_do_not_lie_on_each_other() -> None:
    cells = [
        (x, y)
        for panel in DASHBOARD["panels"]
        for place in [panel["gridPos"]]
        for x in range(place["x"], place["x"] + place["w"])
        for y in range(place["y"], place["y"] + place["h"])
    ]
    assert len(cells) == len(set(cells))
    assert max(x for x, _ in cells) < 24
    ids = [panel["id"] for panel in DASHBOARD["panels"]]
    assert len(ids) == len(set(ids))


def test_the_scraper_asks_where_the_gateway_tells_by_default() -> None:
    from headway.serving.gateway.document import Serve

    told = yaml.safe_load((DEPLOY / "prometheus" / "prometheus.yml").read_text(encoding="utf-8"))
    assert told["scrape_configs"][0]["static_configs"][0]["targets"] == [Serve().admin]
    for name in told["rule_files"]:
        assert (DEPLOY / "prometheus" / name).exists()


@pytest.mark.skipif(shutil.which("promtool") is None, reason="needs promtool")
def test_promtool_agrees() -> None:
    for command, name in (("rules", "rules.yml"), ("config", "prometheus.yml")):
        path = DEPLOY / "prometheus" / name
        done = subprocess.run(["promtool", "check", command, str(path)], capture_output=True)
        assert done.returncode == 0, done.stderr
