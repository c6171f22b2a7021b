"""What the benchmark scripts share: where they ran, and how they print and keep their tables."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path

from headway.bench import Session
from headway.show.table import markdown

RESULTS = Path(__file__).parent / "results"


def machine(*packages: str) -> dict[str, object]:
    """Return what a reader must know to judge the figures: machine, versions, load, date."""
    here = Session.here({name: version(name) for name in ("headway", *packages)})
    return {
        "processor": here.processor,
        "cores": here.cores,
        "memory GB": here.memory_gb,
        "load average": here.load,
        "python": here.python,
        **here.versions,
        "date": here.date.partition("T")[0],
    }


def keep(name: str, title: str, rows: Sequence[Mapping[str, object]], **facts: object) -> None:
    """Print the table, and write it beside the script as Markdown and JSON."""
    RESULTS.mkdir(exist_ok=True)
    text = markdown(rows)
    notes = "\n".join(f"- {key}: {value}" for key, value in facts.items())
    print(f"\n{text}\n\n{notes}")
    (RESULTS / f"{name}.md").write_text(f"# {title}\n\n{text}\n\n{notes}\n", encoding="utf-8")
    document = {"title": title, "facts": facts, "rows": list(rows)}
    (RESULTS / f"{name}.json").write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
