from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from headway.errors import ConfigError
from headway.model import Schedule
from headway.show import save
from headway.solve.result import Result


def test_the_suffix_decides_what_is_written(bakery: Schedule, tmp_path: Path) -> None:
    for suffix in ("svg", "html", "json"):
        save(bakery, tmp_path / f"plan.{suffix}")
    assert "<svg" in (tmp_path / "plan.svg").read_text()
    assert (tmp_path / "plan.html").read_text().startswith("<!doctype html>")
    assert json.loads((tmp_path / "plan.json").read_text())["traceEvents"]


def test_a_result_is_saved_like_its_schedule(run: Result, tmp_path: Path) -> None:
    save(run, tmp_path / "plan.json")
    save(run.schedule, tmp_path / "same.json")  # type: ignore[arg-type]
    assert (tmp_path / "plan.json").read_bytes() == (tmp_path / "same.json").read_bytes()


def test_an_unknown_suffix_is_refused(bakery: Schedule, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"\.docx.*\.png, \.svg, \.pdf, \.html, \.json"):
        save(bakery, tmp_path / "plan.docx")


def test_only_a_report_can_do_without_a_schedule(run: Result, tmp_path: Path) -> None:
    nothing = replace(run, schedule=None)
    save(nothing, tmp_path / "plan.html")
    with pytest.raises(ConfigError, match="no schedule to draw"):
        save(nothing, tmp_path / "plan.png")
