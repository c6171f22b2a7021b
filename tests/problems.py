"""Tiny random problems that mix everything the model can express.

Most of them are feasible: a valid schedule of the bare tasks and resources is drawn first, and
windows, relations and choices are then drawn tightly around it. Some are spoilt afterwards.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Collection
from itertools import count

from headway.model.objective import (
    NEEDS_DUE_DATES,
    OVER_RESOURCES,
    SUMS_OVER_JOBS,
    Measure,
    Objective,
    Term,
)
from headway.model.problem import Problem
from headway.model.tables import (
    ABSENT,
    FOREVER,
    PairKind,
    RelationKind,
    ResourceKind,
    SelectionKind,
)
from tests.draft import Draft
from tests.features import FEATURES
from tests.twins.brute import Answer, Brute
from tests.twins.plain import Plain

LIMIT = 12
"""A tick by which some valid schedule of a feasible random problem has ended."""

MOST_SCHEDULES = 40_000
"""Random problems are narrowed until no more combinations of choices are left than this."""

NEEDS: dict[str, tuple[str, ...]] = {
    "blocking": ("machine",),
    "capacity step": ("renewable",),
    "machine break": ("machine",),
    "renewable break": ("renewable",),
    "non-renewable break": ("non-renewable",),
    "reservoir break": ("reservoir taken", "reservoir filled"),
    "maximum lag": ("start-start",),
    "minimum lag": ("end-end",),
    "negative lag": ("start-end",),
    "transfer": ("machine", "end-start", "minimum lag"),
    "resource cost": ("machine", "cost"),
    "mode cost": ("cost",),
    "identical": ("machine", "several modes"),
    "different": ("machine", "several modes"),
    "consecutive": ("machine",),
    "same sequence": ("machine",),
    "exactly-one": ("optional",),
    "at-least-one": ("optional",),
    "all-or-none": ("optional",),
    "condition": ("optional", "exactly-one"),
    "mode dependency": ("several modes",),
    "setup time": ("machine",),
    "setup": ("setup time",),
    "initial setup time": ("machine", "setup time"),
    "weighted by jobs": ("job weight", "tardiness"),
    "of some resources": ("machine", "resource cost", "cost"),
    "levelling": ("renewable",),
    "peak": ("renewable",),
}


def random_problem(
    seed: int, *, features: Collection[str] | None = None, n_tasks: int | None = None
) -> Problem:
    """Return a tiny random problem.

    Parameters
    ----------
    seed
        The same seed and arguments give the same problem on every platform.
    features
        Members of `FEATURES` to draw from, together with what they need; by default a random
        handful.
    n_tasks
        Number of tasks; by default 2 to 6.
    """
    rng = random.Random(seed)
    if features is None:
        wanted = set(rng.sample(FEATURES, rng.randint(3, 14)))
        wanted |= {f for f in ("machine", "several modes", "horizon") if rng.random() < 0.6}
    else:
        wanted = set(features)
        unknown = wanted.difference(FEATURES)
        if unknown:
            raise ValueError(f"unknown features {sorted(unknown)}")
    for _ in range(3):
        wanted |= {need for f in wanted for need in NEEDS.get(f, ())}
    return _Drawing(rng, wanted, n_tasks).problem(f"random {seed}")


class _Drawing:
    """One random problem being drawn."""

    def __init__(self, rng: random.Random, wanted: set[str], n_tasks: int | None) -> None:
        self.rng, self.wanted = rng, wanted
        self.n = n_tasks or rng.choice((2, 3, 3, 4, 4, 4, 5, 5, 6))
        self.last = LIMIT - max(0, self.n - 4) - ("several modes" in wanted)
        for _ in range(4):
            self.draft = Draft()
            self.draw_resources()
            self.draw_tasks()
            self.witness = self.find_witness()
            if self.witness is not None:
                break

    def wants(self, *features: str) -> bool:
        return not self.wanted.isdisjoint(features)

    def problem(self, name: str) -> Problem:
        self.draw_dates()
        self.draw_windows()
        if self.wants("horizon"):
            end = max(self.witness.end, default=0) if self.witness else self.last
            self.draft.horizon = min(LIMIT, max(0, end) + self.rng.randint(0, 2))
        self.draft.objective = self.draw_objective()
        self.draw_relations()
        self.draw_pairs()
        self.draw_sequences()
        self.draw_choices()
        self.draw_holds()
        if self.rng.random() < 0.2:
            self.spoil()
        self.narrow()
        return self.draft.problem(name)

    # -- what there is before the witness ----------------------------------------------------

    def draw_resources(self) -> None:
        rng, draft = self.rng, self.draft
        kinds: list[ResourceKind] = []
        if self.wants("machine"):
            fewest = 2 if self.wants("identical", "different") else 1
            kinds += [ResourceKind.MACHINE] * rng.randint(fewest, 3)
        if self.wants("renewable"):
            kinds += [ResourceKind.RENEWABLE] * rng.randint(1, 2)
        if self.wants("non-renewable"):
            kinds.append(ResourceKind.NONRENEWABLE)
        if self.wants("reservoir taken", "reservoir filled"):
            kinds.append(ResourceKind.RESERVOIR)
        rng.shuffle(kinds)
        n_setups = 0
        for kind in kinds:
            low, level, high = sorted(rng.randint(-1, 4) for _ in range(3))
            limits = [level, low, high] if kind == ResourceKind.RESERVOIR else [0, 0, 0]
            capacity = 1 if kind == ResourceKind.MACHINE else rng.randint(1, 4)
            if kind == ResourceKind.NONRENEWABLE:
                capacity = rng.randint(2, 2 + 2 * self.n)
            priced = self.wants("resource cost") and kind != ResourceKind.RESERVOIR
            setup = ABSENT
            if kind == ResourceKind.MACHINE and self.wants("setup time") and rng.random() < 0.8:
                setup = rng.randint(0, n_setups)
                n_setups = max(n_setups, setup + 1)
            draft.resources.append(
                [kind, capacity, rng.randint(0, 3) if priced else 0, *limits, setup]
            )
            calendar = kind.name.lower().replace("nonr", "non-r") + " break"
            draft.breaks.append(
                self.draw_breaks() if self.wants(calendar) and rng.random() < 0.8 else []
            )
            stepped = kind == ResourceKind.RENEWABLE and self.wants("capacity step")
            times = sorted(rng.sample(range(self.last), rng.randint(1, 3))) if stepped else []
            draft.steps.append([(t, rng.randint(0, 4)) for t in times])
        self.families = rng.randint(1, 3)
        for _ in range(n_setups):
            matrix = [
                [rng.randint(0, 3) for _ in range(self.families)] for _ in range(self.families + 1)
            ]
            if not self.wants("initial setup time"):
                matrix[-1] = [0] * self.families
            draft.setups.append(matrix)
        if self.wants("transfer"):
            n = len(kinds)
            draft.transfers = [[rng.randint(0, 3) for _ in range(n)] for _ in range(n)]

    def draw_breaks(self) -> list[tuple[int, int]]:
        points = sorted(self.rng.sample(range(self.last), self.rng.choice((2, 2, 4))))
        breaks = list(zip(points[::2], points[1::2], strict=True))
        if len(breaks) == 2 and self.rng.random() < 0.2:
            breaks[1] = (breaks[0][1], breaks[1][1])  # two breaks that touch
        return breaks

    def draw_tasks(self) -> None:
        rng, draft = self.rng, self.draft
        for i in range(self.n):
            family = rng.randrange(self.families) if rng.random() < 0.85 else ABSENT
            draft.tasks.append(
                [
                    ABSENT,
                    *(0, FOREVER, 0, FOREVER),
                    self.wants("optional") and rng.random() < 0.5,
                    self.wants("interruptible") and rng.random() < 0.6,
                    ABSENT,
                    family if draft.setups else ABSENT,
                ]
            )
            n_modes = rng.randint(1, 3) if self.wants("several modes") else 1
            draft.modes += [self.draw_mode(i) for _ in range(n_modes)]

    def draw_mode(self, task: int) -> tuple[int, int, int, dict[int, int]]:
        rng = self.rng
        demand: dict[int, int] = {}
        crowded = self.wants("consecutive", "same sequence", "blocking")
        for r, (kind, capacity, *_) in enumerate(self.draft.resources):
            if rng.random() < (0.1 if crowded else 0.35):
                continue
            if kind == ResourceKind.MACHINE:
                demand[r] = 1
            elif kind == ResourceKind.RESERVOIR:
                signs = [1] * self.wants("reservoir taken") + [-1] * self.wants("reservoir filled")
                demand[r] = rng.choice(signs) * rng.randint(1, 2)
            else:
                demand[r] = rng.randint(1, min(3, capacity))
        machines = [r for r in demand if self.draft.resources[r][0] == ResourceKind.MACHINE]
        if len(machines) > 1 and rng.random() < 0.7:
            for r in rng.sample(machines, len(machines) - 1):
                del demand[r]
        shortest = 0 if self.wants("zero duration") and rng.random() < 0.4 else 1
        duration = 0 if not shortest and rng.random() < 0.7 else rng.randint(1, 4)
        return task, duration, rng.randint(0, 5) if self.wants("mode cost") else 0, demand

    # -- what is drawn around the witness ------------------------------------------------------

    def find_witness(self) -> Answer | None:
        """Return a random valid schedule of what is drawn so far, if one is soon found."""
        search = Brute(self.draft.problem("bare"), self.last, self.rng)
        steps = count()
        return next(search.schedules(lambda *_: next(steps) > 300), None)

    def still_holds(self) -> bool:
        """Return whether the witness is valid for what is drawn so far."""
        if self.witness is None:
            return True
        return Plain(self.draft.problem("drawn")).holds(*self.witness[1:])

    def add(self, put: Callable[[], Callable[[], object] | None], size: int) -> None:
        """Add up to `size` things that the witness satisfies.

        Parameters
        ----------
        put
            Draws a thing, adds it, and returns what takes it back; or returns None.
        size
            How many.
        """
        for _ in range(12 * size):
            take_back = put() if size else None
            if take_back is None:
                continue
            if self.still_holds():
                size -= 1
            else:
                take_back()

    def put(self, rows: list, row: object | None) -> Callable[[], object] | None:
        """Add a row; return what takes it back."""
        if row is None:
            return None
        rows.append(row)
        return rows.pop

    def users(self, resource: int) -> list[int]:
        """Return the tasks that may use a resource."""
        return sorted({task for task, _, _, demand in self.draft.modes if resource in demand})

    @property
    def machines(self) -> list[int]:
        """The machines that several tasks may use."""
        kinds = [row[0] for row in self.draft.resources]
        return [
            r
            for r, kind in enumerate(kinds)
            if kind == ResourceKind.MACHINE and len(self.users(r)) > 1
        ]

    def span(self, task: int) -> tuple[int, int]:
        """Return the start and end of a task in the witness, or random ones if it has none."""
        if self.witness is None or self.witness.mode[task] == ABSENT:
            start = self.rng.randint(0, self.last - 1)
            return start, self.rng.randint(start, self.last)
        return self.witness.start[task], self.witness.end[task]

    def draw_dates(self) -> None:
        rng, draft = self.rng, self.draft
        dated = ("job release", "job due date", "job deadline", "job weight")
        if not self.wants(*dated, *SUMS_OVER_JOBS, *NEEDS_DUE_DATES):
            return
        n_jobs = rng.randint(1, 3)
        for task in draft.tasks:
            task[0] = rng.randrange(n_jobs) if rng.random() < 0.9 else ABSENT
        for j in range(n_jobs):
            spans = [self.span(i) for i in range(self.n) if draft.tasks[i][0] == j] or [(0, 0)]
            first, last = min(s for s, _ in spans), max(e for _, e in spans)
            row = [0, FOREVER, FOREVER, 1]
            if self.wants("job release"):
                row[0] = rng.randint(0, first)
            if self.wants("job due date", *NEEDS_DUE_DATES) and (j == 0 or rng.random() < 0.8):
                row[1] = max(0, last + rng.randint(-4, 3))
            if self.wants("job deadline") and rng.random() < 0.7:
                row[2] = last + rng.randint(0, 3)
            if self.wants("job weight"):
                row[3] = rng.randint(0, 4)
            draft.jobs.append(row)

    def draw_windows(self) -> None:
        rng = self.rng
        for i, task in enumerate(self.draft.tasks):
            start, end = self.span(i)
            if self.wants("earliest start") and rng.random() < 0.5:
                task[1] = rng.randint(0, start)
            if self.wants("latest start") and rng.random() < 0.5:
                task[2] = start + rng.randint(0, 3)
            if self.wants("earliest end") and rng.random() < 0.5:
                task[3] = rng.randint(0, end)
            if self.wants("latest end") and rng.random() < 0.5:
                task[4] = end + rng.randint(0, 3)

    def draw_relation(self) -> tuple[int, int, int, int, int, bool] | None:
        rng = self.rng
        kinds = [k for k in RelationKind if self.wants(k.name.lower().replace("_", "-"))]
        before, after = rng.randrange(self.n), rng.randrange(self.n)
        if before == after and rng.random() < 0.8:
            return None
        kind = rng.choice(kinds or list(RelationKind))
        from_end = kind in (RelationKind.END_START, RelationKind.END_END)
        to_end = kind in (RelationKind.START_END, RelationKind.END_END)
        lag = self.span(after)[to_end] - self.span(before)[from_end]
        transfer = self.wants("transfer") and kind == RelationKind.END_START and rng.random() < 0.7
        low = lag - rng.randint(0, 4) if self.wants("minimum lag") or transfer else 0
        high = lag + rng.randint(0, 4) if self.wants("maximum lag") else FOREVER
        if not transfer and high < FOREVER and rng.random() < 0.3:
            low = -FOREVER
        if self.wants("negative lag") and rng.random() < 0.5:
            low = min(low, -rng.randint(1, 4))
        return (kind, before, after, low, high, transfer) if low <= high else None

    def draw_relations(self) -> None:
        kinds = (kind.name.lower().replace("_", "-") for kind in RelationKind)
        if self.wants("minimum lag", "maximum lag", "negative lag", "transfer", *kinds):
            rows = self.draft.relations
            self.add(lambda: self.put(rows, self.draw_relation()), self.rng.randint(1, 4))

    def draw_pairs(self) -> None:
        rng, rows = self.rng, self.draft.pairs
        if self.n < 2:
            return
        for kind in PairKind:
            if self.wants(kind.name.lower()):

                def pair(kind: PairKind = kind) -> Callable[[], object] | None:
                    machines = self.machines if kind == PairKind.CONSECUTIVE else []
                    group = self.users(rng.choice(machines)) if machines else range(self.n)
                    return self.put(rows, (kind, *rng.sample(group, 2)))

                self.add(pair, rng.randint(1, 2))

    def draw_sequences(self) -> None:
        rng = self.rng

        def matched() -> Callable[[], object] | None:
            first, second = rng.choice(self.machines), rng.choice(self.machines)
            one, two = self.users(first), self.users(second)
            size = rng.randint(2, min(3, len(one), len(two)))
            row = first, second, rng.sample(one, size), rng.sample(two, size)
            return self.put(self.draft.sequences, row)

        if self.wants("same sequence") and self.machines:
            self.add(matched, 1)

    def draw_choices(self) -> None:
        rng, draft = self.rng, self.draft
        for kind in SelectionKind:
            if self.wants(kind.name.lower().replace("_", "-")):

                def group(kind: SelectionKind = kind) -> Callable[[], object] | None:
                    size = rng.randint(1, min(3, self.n))
                    condition = rng.randrange(self.n) if self.wants("condition") else ABSENT
                    row = kind, condition, rng.sample(range(self.n), size)
                    return self.put(draft.selections, row)

                self.add(group, 1)
        if self.wants("mode dependency"):

            def dependency() -> Callable[[], object] | None:
                mode, task = rng.randrange(len(draft.modes)), rng.randrange(self.n)
                modes = draft.modes_of(task)
                if mode in modes:
                    return None
                size = rng.randint(min(1, len(modes) - 1), max(1, len(modes) - 1))
                return self.put(draft.dependencies, (mode, task, sorted(rng.sample(modes, size))))

            self.add(dependency, rng.randint(1, 2))

    def draw_holds(self) -> None:
        rng = self.rng

        def hold() -> Callable[[], object] | None:
            i, k = rng.sample(range(self.n), 2)
            if self.draft.tasks[i][7] != ABSENT:
                return None
            self.draft.tasks[i][7] = k
            return lambda: self.draft.tasks[i].__setitem__(7, ABSENT)

        if self.wants("blocking") and self.n > 1:
            self.add(hold, rng.randint(1, self.n - 1))

    def draw_objective(self) -> Objective:
        rng, resources = self.rng, self.draft.resources
        if self.wants("no objective") and not self.wants("lexicographic", "sum of measures"):
            return Objective()
        drawn = [m for m in Measure if self.wants(m)] or [rng.choice(list(Measure))]
        if self.wants("sum of measures", "lexicographic"):
            drawn += rng.sample(list(Measure), 2)
        rng.shuffle(drawn)
        terms = []
        for measure in drawn:
            if measure in SUMS_OVER_JOBS | NEEDS_DUE_DATES and not self.draft.jobs:
                continue
            if measure in NEEDS_DUE_DATES and all(row[1] == FOREVER for row in self.draft.jobs):
                continue
            some: tuple[int, ...] = ()
            if self.wants("of some resources") and measure in OVER_RESOURCES:
                kinds = {
                    Measure.SETUP: (ResourceKind.MACHINE,),
                    Measure.LEVELLING: (ResourceKind.RENEWABLE,),
                    Measure.PEAK: (ResourceKind.RENEWABLE,),
                }.get(measure, tuple(ResourceKind)[:3])
                fitting = [r for r, row in enumerate(resources) if row[0] in kinds]
                some = tuple(rng.sample(fitting, min(len(fitting), rng.randint(1, 2))))
            weighted = self.wants("weighted by jobs") and measure in SUMS_OVER_JOBS
            terms.append(Term(measure, rng.choice((1, 1, 2, 3)), weighted, some))
        if not terms:
            terms = [Term(Measure.MAKESPAN)]
        if len(terms) == 1 or not self.wants("lexicographic"):
            return Objective((tuple(terms),))
        cut = rng.randint(1, len(terms) - 1)
        return Objective((tuple(terms[:cut]), tuple(terms[cut:])))

    def narrow(self) -> None:
        """Narrow start windows around the witness until every schedule can be looked at."""
        while True:
            counts = [len(c) for c in Brute(self.draft.problem("drawn"), LIMIT).choices]
            if math.prod(counts) <= MOST_SCHEDULES:
                return
            i = counts.index(max(counts))
            start, task = self.span(i)[0], self.draft.tasks[i]
            task[1] = max(task[1], start - self.rng.randint(0, 2))
            task[2] = max(task[1], min(task[2], start + self.rng.randint(0, 2)))
            if task[4] < start:
                task[4] = FOREVER

    def spoil(self) -> None:
        """Tighten one thing blindly, so that perhaps no schedule is left."""
        rng, draft = self.rng, self.draft
        i = rng.randrange(self.n)
        match rng.choice(("window", "relation", "horizon", "present", "budget")):
            case "window":
                draft.tasks[i][4] = max(draft.tasks[i][3], rng.randint(0, self.last))
            case "relation":
                lag = rng.randint(0, self.last // 2)
                draft.relations.append(
                    (rng.choice(list(RelationKind)), i, rng.randrange(self.n), lag, FOREVER, False)
                )
            case "horizon":
                draft.horizon = rng.randint(self.last // 3, self.last)
            case "present":
                draft.tasks[i][5] = False
            case "budget":
                for row in draft.resources:
                    if row[0] == ResourceKind.NONRENEWABLE:
                        row[1] = rng.randint(0, row[1])
