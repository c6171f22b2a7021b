"""From laws to one course of events: everything that chance decides, drawn source by source."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from headway.errors import ConfigError, UnknownNameError
from headway.model import FOREVER, Problem, ResourceKind
from headway.model.tables import LARGEST_TIME, Ints, ints
from headway.simulate.laws import Floats, Law
from headway.simulate.scenario.course import Course, merged
from headway.simulate.scenario.settings import Number, Settings
from headway.simulate.shop.realisation import (
    ChangeKind,
    Changes,
    OnOutage,
    Outages,
    Realisation,
)
from headway.simulate.streams import Streams

_SLACK = 2
"""Outages are drawn for this many times the work there is, which outlasts any run."""

_MOST_STOPS = 2_000_000
"""Stops of one machine beyond which times must be a mistake, not to run out of memory."""

_EFFECTS = {"resume": OnOutage.RESUME, "restart": OnOutage.RESTART, "scrap": OnOutage.SCRAP}


def law(value: Number, key: str) -> Law:
    """Return the law that a setting names.

    Raises
    ------
    ConfigError
        If it names none; the message begins with the setting's key.
    """
    try:
        return Law.parse(value)
    except ConfigError as error:
        raise ConfigError(f"{key}: {error}") from None


def whole(ticks: Floats, key: str) -> Ints:
    """Return rounded ticks as whole numbers.

    Raises
    ------
    ConfigError
        If they are larger than any time can be; the message begins with the setting's key.
    """
    if not (np.abs(ticks) <= LARGEST_TIME).all():
        raise ConfigError(f"{key}: {np.abs(ticks).max():.3g} ticks; choose a coarser tick")
    return ints(ticks)


@dataclass(frozen=True, slots=True)
class Draws:
    """Draws what can happen to one problem.

    Parameters
    ----------
    settings
        The laws.
    problem
        All work, arrivals included.
    streams
        Where randomness comes from.
    until
        Outages go on until then, in any case.
    """

    settings: Settings
    problem: Problem
    streams: Streams
    until: int = 0

    def realisation(self) -> Realisation:
        """Return the course of events."""
        settings, problem = self.settings, self.problem
        duration = self.durations()
        pause = self.pauses()
        seen = self.seen(duration)
        outages = self.outages(int(duration.sum() + pause.sum()))
        course = Realisation.of(
            seen,
            arrival=problem.jobs.release,
            duration=duration,
            revealed_when_ready=(
                settings.noise is not None and settings.noise.revealed == "operation"
            ),
            pause=pause,
            outages=outages,
            cancelled=self.cancellations(),
            changes=self.due_changes(),
            buffer=FOREVER if settings.buffer is None else settings.buffer,
            batch=settings.batch,
        )
        return self.changed(course)

    def durations(self) -> Ints:
        """Return what each mode really takes."""
        planned = self.problem.modes.duration
        if self.settings.noise is None:
            return planned
        factor = law(self.settings.noise.factor, "noise.factor")
        # One factor per operation: on whichever machine, it is the work that is harder.
        drawn = factor.draw(self.streams.of("durations"), self.problem.n_tasks)
        longer = np.rint(planned * drawn[self.problem.modes.task])
        return whole(np.where(planned > 0, np.maximum(longer, 1), 0), "noise.factor")

    def seen(self, duration: Ints) -> Problem:
        """Return the problem with the durations that policies see."""
        noise = self.settings.noise
        if noise is None or noise.revealed in ("operation", "completion"):
            return self.problem
        if noise.revealed == "arrival":
            visible = duration
        else:
            mean = self.problem.modes.duration.mean() if self.problem.n_modes else 0
            visible = ints(np.full(self.problem.n_modes, max(1, round(float(mean)))))
        return replace(self.problem, modes=replace(self.problem.modes, duration=visible))

    def pauses(self) -> Ints:
        """Return the ticks for which each operation is interrupted."""
        stops, n = self.settings.interruptions, self.problem.n_tasks
        if stops is None:
            return ints(np.zeros(n))
        _require_share(stops.probability, "interruptions.probability")
        rng = self.streams.of("interruptions")
        hit = rng.random(n) < stops.probability
        # At least a tick, fractions dropped: an interruption that is not one would hide the rate.
        length = np.floor(law(stops.length, "interruptions.length").draw(rng, n))
        length = np.maximum(whole(length, "interruptions.length"), 1)
        return ints(np.where(hit, length, 0))

    def outages(self, work: int) -> Outages:
        """Return when machines are down, drawn far beyond any end of the run."""
        resources = self.problem.resources
        rows: list[tuple[Ints, Ints]] = [(ints([]), ints([]))] * len(resources)
        effect = np.zeros(len(resources), dtype=np.int64)
        last = max(int(self.problem.jobs.release.max(initial=0)), self.until)
        for k, rule in enumerate(self.settings.breakdowns):
            key = f"breakdowns[{k}]"
            up, down = law(rule.up, f"{key}.up"), law(rule.down, f"{key}.down")
            if not up.mean > 0:
                raise ConfigError(f"{key}.up: expected a law with a positive mean, got {up}")
            horizon = (last + _SLACK * work) * (1 + down.mean / up.mean) + 1
            for r in machines_named(self.problem, rule.machines, f"{key}.machines"):
                if len(rows[r][0]):
                    name = resources.name[r]
                    raise ConfigError(f"{key}.machines: {name!r} has breakdowns already")
                rng = self.streams.of("breakdowns", r)
                if horizon / max(up.mean + down.mean, 1) > _MOST_STOPS:
                    raise ConfigError(f"{key}: too many breakdowns in {horizon:,.0f} ticks")
                rows[r] = _renewals(rng, up, down, horizon)
                effect[r] = _EFFECTS[rule.effect]
        return Outages(
            ints(np.cumsum([0, *(len(start) for start, _ in rows)])),
            ints(np.concatenate([start for start, _ in rows] or [ints([])])),
            ints(np.concatenate([end for _, end in rows] or [ints([])])),
            ints(effect),
        )

    def cancellations(self) -> Ints:
        """Return when each job is called off."""
        rule, jobs = self.settings.cancellations, self.problem.jobs
        if rule is None:
            return ints(np.full(len(jobs), FOREVER))
        _require_share(rule.share, "cancellations.share")
        rng = self.streams.of("cancellations")
        hit = rng.random(len(jobs)) < rule.share
        after = law(rule.after, "cancellations.after").ticks(rng, len(jobs))
        return ints(np.where(hit, jobs.release + after, FOREVER))

    def due_changes(self) -> Changes:
        """Return due dates that are moved."""
        rule, jobs = self.settings.due_changes, self.problem.jobs
        if rule is None:
            return Changes()
        _require_share(rule.share, "due_changes.share")
        rng = self.streams.of("due changes")
        n = len(jobs)
        hit = (rng.random(n) < rule.share) & (jobs.due < FOREVER)
        time = jobs.release + law(rule.after, "due_changes.after").ticks(rng, n)
        factor = law(rule.factor, "due_changes.factor").draw(rng, n)
        due = np.where(hit, jobs.release + np.rint((jobs.due - jobs.release) * factor), 0)
        due = whole(due, "due_changes.factor")
        moved = np.flatnonzero(hit)
        moved = moved[np.argsort(time[moved], kind="stable")]
        kind = np.full(len(moved), int(ChangeKind.DUE))
        return Changes(ints(time[moved]), ints(kind), ints(moved), ints(due[moved]))

    def changed(self, course: Realisation) -> Realisation:
        """Return a course with durations and machines that change."""
        if self.settings.duration_changes is None and self.settings.machine_changes is None:
            return course
        draft = Course(course)
        self._change_durations(draft, self._change_machines(draft))
        return draft.realisation()

    def _change_machines(self, draft: Course) -> dict[int, int]:
        """Change machines; return the mode that each added one is like."""
        copied: dict[int, int] = {}
        rule, problem = self.settings.machine_changes, self.problem
        if rule is None:
            return copied
        rng = self.streams.of("machine changes")
        tasks, time = self._hit(rule.share, rule.after, "machine_changes", rng)
        which = rng.random((problem.n_tasks, 2))
        machines = machines_named(problem, None, "machine_changes")
        if len(machines) < 2:
            raise ConfigError("machine_changes: there is no other machine to go to")
        for task in tasks.tolist():
            modes = draft.modes(task)
            out = modes[int(which[task, 0] * len(modes))]
            way = draft.way(out)
            if len(modes) == 1:
                old = next(r for r in way.demands if r in machines)
                others = [r for r in machines if r != old]
                new = others[int(which[task, 1] * len(others))]
                needs = {new if r == old else r: units for r, units in way.demands.items()}
                added = draft.add_mode(task, replace(way, demands=needs, is_open=False))
                copied[added] = out
                draft.change(int(time[task]), ChangeKind.OPEN, added)
            draft.change(int(time[task]), ChangeKind.CLOSE, out)
        return copied

    def _change_durations(self, draft: Course, copied: Mapping[int, int]) -> None:
        rule, problem = self.settings.duration_changes, self.problem
        if rule is None:
            return
        rng = self.streams.of("duration changes")
        tasks, time = self._hit(rule.share, rule.after, "duration_changes", rng)
        factor = law(rule.factor, "duration_changes.factor").draw(rng, problem.n_tasks)
        for task in tasks.tolist():
            for mode in draft.modes(task):
                planned = int(problem.modes.duration[copied.get(mode, mode)])
                changed = np.rint(planned * factor[task : task + 1])
                longer = max(int(whole(changed, "duration_changes.factor")[0]), min(planned, 1))
                draft.change(int(time[task]), ChangeKind.DURATION, mode, longer)

    def _hit(
        self, share: float, after: Number, key: str, rng: np.random.Generator
    ) -> tuple[Ints, Ints]:
        """Return which operations are hit, and when each one would be."""
        _require_share(share, f"{key}.share")
        tasks = self.problem.tasks
        hit = rng.random(len(tasks)) < share
        ticks = law(after, f"{key}.after").ticks(rng, len(tasks))
        return ints(np.flatnonzero(hit)), ints(self.problem.jobs.release[tasks.job] + ticks)


def with_maintenance(problem: Problem, settings: Settings, horizon: int) -> Problem:
    """Return the problem with the stops that are known beforehand, as breaks."""
    if not settings.maintenance:
        return problem
    resources = problem.resources
    stops: list[list[tuple[int, int]]] = [
        list(
            zip(resources.break_start[a:b].tolist(), resources.break_end[a:b].tolist(), strict=True)
        )
        for a, b in zip(resources.break_ptr[:-1], resources.break_ptr[1:], strict=True)
    ]
    for k, rule in enumerate(settings.maintenance):
        key = f"maintenance[{k}]"
        if rule.length < 1 or rule.first < 0 or (rule.every is not None and rule.every <= 0):
            raise ConfigError(f"{key}: expected a positive length and distance, first from 0 on")
        if max(rule.length, rule.first, rule.every or 0) > LARGEST_TIME:
            raise ConfigError(f"{key}: expected times of at most {LARGEST_TIME} ticks")
        if rule.every is not None and rule.every <= rule.length:
            raise ConfigError(f"{key}.every: stops of {rule.length} ticks leave no time between")
        begins = range(rule.first, horizon, rule.every) if rule.every else [rule.first]
        if len(begins) > _MOST_STOPS:
            raise ConfigError(f"{key}.every: {len(begins):,} stops are too many; see the times")
        for r in machines_named(problem, rule.machines, f"{key}.machines"):
            stops[r] += [(begin, begin + rule.length) for begin in begins]
    union = [merged(row) for row in stops]
    return replace(
        problem,
        resources=replace(
            resources,
            break_ptr=ints(np.cumsum([0, *map(len, union)])),
            break_start=ints([a for row in union for a, _ in row]),
            break_end=ints([b for row in union for _, b in row]),
        ),
    )


def machines_named(problem: Problem, names: Sequence[str] | None, key: str) -> list[int]:
    """Return the positions of machines by name; those of all machines for None."""
    resources = problem.resources
    if names is None:
        return [r for r, kind in enumerate(resources.kind) if kind == ResourceKind.MACHINE]
    place = {name: r for r, name in enumerate(resources.name)}
    if not names:
        raise ConfigError(f"{key}: expected at least one")
    for name in names:
        if name not in place:
            raise ConfigError(f"{key}: {UnknownNameError('machine', name, place)}")
    return [place[name] for name in names]


def _renewals(rng: np.random.Generator, up: Law, down: Law, horizon: float) -> tuple[Ints, Ints]:
    """Return starts and ends of outages up to a horizon."""
    starts: list[Ints] = []
    ends: list[Ints] = []
    now = 0
    size = 16
    while now < horizon:
        between, lengths = up.ticks(rng, size), down.ticks(rng, size)
        end = now + np.cumsum(between + lengths)
        starts.append(ints(end - lengths))
        ends.append(ints(end))
        now, size = int(end[-1]), 2 * size
    start, end = np.concatenate(starts), np.concatenate(ends)
    kept = start < horizon
    return ints(start[kept]), ints(end[kept])


def _require_share(share: float, key: str) -> None:
    if not 0 <= share <= 1:
        raise ConfigError(f"{key}: expected a share between 0 and 1, got {share:g}")
