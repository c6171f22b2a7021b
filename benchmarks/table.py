"""What the benchmark scripts share: where they ran, and how they print and keep their tables."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

RESULTS = Path(__file__).parent / "results"


def machine(*packages: str) -> dict[str, object]:
    """Return what a reader must know to judge the figures: processor, cores, versions, date."""
    names = [
        line.partition(":")[2].strip()
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        if line.startswith("model name")
    ]
    return {
        "processor": names[0] if names else platform.processor(),
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        **{name: version(name) for name in ("headway", "ortools", *packages)},
        "date": datetime.now(UTC).date().isoformat(),
    }


def markdown(rows: Sequence[Mapping[str, object]]) -> str:
    """Return rows with the same keys as a Markdown table."""
    head = list(rows[0])
    lines = [" | ".join(head), " | ".join("---" for _ in head)]
    lines += [" | ".join(_cell(row[key]) for key in head) for row in rows]
    return "\n".join(f"| {line} |" for line in lines)


def keep(name: str, title: str, rows: Sequence[Mapping[str, object]], **facts: object) -> None:
    """Print the table, and write it beside the script as Markdown and JSON."""
    RESULTS.mkdir(exist_ok=True)
    text = markdown(rows)
    notes = "\n".join(f"- {key}: {_cell(value)}" for key, value in facts.items())
    print(f"\n{text}\n\n{notes}")
    (RESULTS / f"{name}.md").write_text(f"# {title}\n\n{text}\n\n{notes}\n", encoding="utf-8")
    document = {"title": title, "facts": facts, "rows": list(rows)}
    (RESULTS / f"{name}.json").write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")


def _cell(value: object) -> str:
    if value is None:
        return "–"
    if isinstance(value, float):
        return f"{value:.3g}" if abs(value) < 1 else f"{value:.2f}"
    return str(value)
