"""The files of a campaign: Markdown to read, CSV and JSON to go on with, pictures to look at."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from pathlib import Path

import msgspec

from headway import files
from headway.bench.campaign import Outcome
from headway.bench.metrics import (
    Standing,
    contradictions,
    duels,
    improvements,
    standings,
    summaries,
)
from headway.bench.plot import gap_over_time
from headway.bench.published import published_rows
from headway.bench.session import Session
from headway.bench.tables import duel_rows, instance_rows, summary_rows
from headway.show.table import Row, comma_separated, markdown

_PUBLISHED = """\
The rows marked as published were not measured here: ten minutes on an Intel i7-1185G7 with four
cores, as recorded in ScheduleOpt/benchmarks in August 2026. The other rows are measured here, over
the same instances."""


class Report:
    """What there is to say about a campaign.

    Parameters
    ----------
    outcome
        The campaign, finished or not.
    title
        Headline.

    Attributes
    ----------
    standing
        Everybody on every problem.
    """

    def __init__(self, outcome: Outcome, title: str = "Side by side") -> None:
        self._outcome = outcome
        self._title = title
        self.standing = standings(outcome)
        self._names = [c.name for c in outcome.plan.contestants]

    @property
    def limits(self) -> str:
        """The limits that all runs had, in words."""
        plan = self._outcome.plan
        return (
            f"{plan.time_limit_s:g} s, {plan.workers} worker{'' if plan.workers == 1 else 's'}"
            f" per run (measured)"
        )

    def summary(self) -> str:
        """Return the table of the classes as Markdown."""
        rows = summary_rows(summaries(self.standing))
        return markdown(rows) if rows else "No run is done yet."

    def text(self, pictures: Sequence[str] = ()) -> str:
        """Return the whole report as Markdown, with pictures by their files' names."""
        parts = [f"# {self._title}: {self.limits}"]
        if not self._outcome.complete:
            done, total = len(self._outcome.records), self._outcome.plan.n_runs
            parts.append(f"**Not finished**: {done} of {total} runs are done.")
        if self.standing:
            parts += [self.summary(), *self._comparisons(), *self._notes()]
            parts += ["\n".join(f"![mean gap over time]({picture})" for picture in pictures)]
            parts += ["## Instances", markdown(instance_rows(self.standing))]
        parts += ["## Machine", *_sessions(self._outcome.sessions), self._load()]
        return "\n\n".join(filter(None, parts)) + "\n"

    def _comparisons(self) -> list[str]:
        parts = []
        rows = duel_rows(duels(self.standing, self._names[0]))
        if rows:
            parts += [f"## {self._names[0]} against the others", markdown(rows)]
        published = published_rows(self.standing)
        if published:
            parts += [
                "## Published, another machine",
                _PUBLISHED,
                markdown(published),
            ]
        return parts

    def _notes(self) -> list[str]:
        parts = []
        refused = [
            f"- {who} does not take {what}, because {why}"
            for (what, who), why in self._outcome.refused.items()
        ]
        for title, lines in (
            ("Contradictions", [f"- {line}" for line in contradictions(self.standing)]),
            ("Better than the best known", [f"- {line}" for line in improvements(self.standing)]),
            ("Not taken", refused),
        ):
            if lines:
                parts += [f"## {title}", "\n".join(lines)]
        if any(s.entry.upper is None for s in self.standing):
            parts.append("\\* best value of this comparison, as no best known one is recorded")
        return parts

    def _load(self) -> str:
        loads = [run.load for run in self._outcome.records if run.load is not None]
        if not loads:
            return ""
        return (
            f"Load average before the runs: {min(loads):g} to {max(loads):g}, "
            f"median {sorted(loads)[len(loads) // 2]:g}."
        )

    def write(self, folder: Path, name: str = "report", *, plots: bool = True) -> list[Path]:
        """Write everything into a folder, and return the files.

        Parameters
        ----------
        folder
            Where; it must be there.
        name
            Beginning of all files' names.
        plots
            Whether to draw the gaps over time, of each class and of everything.

        Raises
        ------
        FormatError
            If a file cannot be written.
        """
        pictures = self._pictures(folder, name) if plots else []
        texts = {folder / f"{name}.md": self.text([picture.name for picture in pictures])}
        rows = summary_rows(summaries(self.standing))
        if rows:
            texts[folder / f"{name}.csv"] = comma_separated(instance_rows(self.standing))
            texts[folder / f"{name}-summary.csv"] = comma_separated(rows)
            texts[folder / f"{name}.json"] = self.json()
        for path, text in texts.items():
            files.write_text(path, text)
        return [*texts, *pictures]

    def json(self) -> str:
        """Return the tables as one JSON document."""
        document = {
            "title": f"{self._title}: {self.limits}",
            "complete": self._outcome.complete,
            "summary": summary_rows(summaries(self.standing)),
            "duels": duel_rows(duels(self.standing, self._names[0])),
            "instances": instance_rows(self.standing),
            "contradictions": contradictions(self.standing),
            "sessions": self._outcome.sessions,
        }
        return msgspec.json.format(msgspec.json.encode(document), indent=1).decode() + "\n"

    def _pictures(self, folder: Path, name: str) -> list[Path]:
        groups = list(dict.fromkeys(s.entry.group for s in self.standing))
        found = []
        for group in [*groups, "all"] if len(groups) > 1 else groups:
            inside = [s for s in self.standing if group in (s.entry.group, "all")]
            path = folder / f"{name}-{_plain(group)}.png"
            title = self._title if group == "all" else f"{self._title}: {group}"
            gap_over_time(inside, title=title, facts=_facts(inside, self.limits)).save(path)
            found.append(path)
        return found


def _facts(standing: Sequence[Standing], limits: str) -> str:
    count = len({s.entry.name for s in standing})
    return f"{count} instance{'' if count == 1 else 's'}  ·  {limits}"


def _plain(group: str) -> str:
    """Return a class's name as part of a file's name, in plain letters."""
    letters = (
        unicodedata.normalize("NFKD", group.replace("×", "x"))
        .encode("ascii", "ignore")
        .decode("ascii")
    )
    return re.sub(r"[^\w.-]+", "-", letters).strip("-") or "class"


def _sessions(sessions: Sequence[Session]) -> list[str]:
    rows: list[Row] = [
        {
            "began": s.date,
            "processor": s.processor,
            "cores": s.cores,
            "memory GB": s.memory_gb,
            "system": s.system,
            "python": s.python,
            "versions": ", ".join(f"{name} {number}" for name, number in s.versions.items()),
            "load": s.load,
        }
        for s in sessions
    ]
    return [markdown(rows)] if rows else []
