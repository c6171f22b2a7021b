"""A trace: what happened in a run, and the schedule that it amounts to."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from os import PathLike
from typing import TYPE_CHECKING

import msgspec

from headway.errors import UnknownNameError, VerificationError
from headway.model import Problem, Schedule, verify
from headway.model.tables import Ints
from headway.simulate.outcome import BATCHES, half_widths, headline, plus_minus
from headway.simulate.statistics import Summary, summary

if TYPE_CHECKING:
    from headway.show import Figure


@dataclass(frozen=True, slots=True)
class Happening:
    """One thing that happened.

    Attributes
    ----------
    time
        When, in ticks.
    what
        Such as ``"arrives"``, ``"starts"``, ``"ends"``, ``"down"``, ``"up"``, ``"cancelled"``.
    who
        The job, task or resource it happened to.
    where
        The resource it happened on, if any.
    """

    time: float
    what: str
    who: str
    where: str = ""


@dataclass(frozen=True, eq=False)
class Trace:
    """What happened when a policy met a scenario.

    Parameters
    ----------
    schedule
        Starts, ends and modes as they came about, of the *realised* problem: true durations, true
        arrivals, breakdowns as breaks.
    policy
        Who decided.
    seed
        Of the scenario.
    story
        What `happenings` are made of; gone through once, when somebody asks for them.
    measures
        Figures of the run by name.
    samples
        For measures that are means: what they are the means of, in order of time.

    Raises
    ------
    VerificationError
        If what happened is not a valid schedule of the realised problem: a mistake of ours.
    """

    schedule: Schedule
    policy: str
    seed: int = 0
    story: Iterable[Happening] = field(default=(), repr=False)
    measures: Mapping[str, float] = field(default_factory=dict)
    samples: Mapping[str, Ints] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        report = verify(self.problem, self.schedule)
        if not report.ok:
            raise VerificationError(
                f"policy {self.policy!r}, seed {self.seed}: what happened is not a valid schedule"
                f" of {self.problem.name}: {report[0].message} ({len(report)} violations); please"
                " report this"
            )

    @cached_property
    def happenings(self) -> tuple[Happening, ...]:
        """Events by time, in the order in which they took effect."""
        return tuple(self.story)

    def __getstate__(self) -> dict[str, object]:
        # The story may be in the course of being told.
        return self.__dict__ | {"happenings": self.happenings, "story": self.happenings}

    @property
    def problem(self) -> Problem:
        """The realised problem."""
        return self.schedule.problem

    def __iter__(self) -> Iterator[Happening]:
        return iter(self.happenings)

    def summary(self, measure: str, *, batches: int = BATCHES) -> Summary:
        """Return what this run alone says about a mean: its interval, by the means of batches.

        Parameters
        ----------
        measure
            A name of `samples`.
        batches
            How many; the longer each is, the less they depend on one another.

        Raises
        ------
        UnknownNameError
            If there is no such sample.
        """
        if measure not in self.samples:
            raise UnknownNameError("sample", measure, self.samples)
        return summary(self.samples[measure], batches=batches)

    @property
    def pictures(self) -> Mapping[str, Callable[[], Figure]]:
        """The Gantt chart."""
        return {"gantt": self.gantt}

    def gantt(self, **options: object) -> Figure:
        """Return a Gantt chart of what happened; see `headway.show.gantt`."""
        return self.schedule.gantt(**options)

    def text(self, name: str) -> str:
        """Return the measures, a line each, under the name of the scenario."""
        width = max(map(len, self.measures), default=0)
        sure = half_widths(self)
        lines = [headline(name, self)]
        lines += [
            f"  {key:<{width}}  {value:,.6g}{plus_minus(sure.get(key))}"
            for key, value in self.measures.items()
        ]
        if sure:
            lines.append(f"  (± 95 % confidence, by the means of {BATCHES} batches)")
        return "\n".join(lines)

    def to_json(self) -> str:
        """Return policy, seed and measures, and how sure means are, as one JSON object."""
        document = {"policy": self.policy, "seed": self.seed, **self.measures}
        sure = half_widths(self)
        return msgspec.json.encode(document | ({"half_width": sure} if sure else {})).decode()

    def save(self, path: str | PathLike[str]) -> None:
        """Write the schedule that came about (JSON); see `Schedule.save`."""
        self.schedule.save(path)

    def save_perfetto(self, path: str | PathLike[str]) -> None:
        """Write a Chrome trace for ui.perfetto.dev."""
        from headway.files import write_text
        from headway.show import trace_json

        write_text(path, trace_json(self.schedule))

    def to_jsonl(self) -> str:
        """Return the happenings as JSON, one a line."""
        lines = (
            {
                "time": h.time,
                "what": h.what,
                "who": h.who,
                **({"where": h.where} if h.where else {}),
            }
            for h in self.happenings
        )
        return "".join(json.dumps(line) + "\n" for line in lines)
