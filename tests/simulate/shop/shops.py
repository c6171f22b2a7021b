"""Random shops with every feature there is, for the tests of this directory."""

from __future__ import annotations

import random

import headway as hw
from headway.model.tables import ints
from headway.simulate.shop import ChangeKind, Changes, Outages, Realisation


def random_realisation(
    seed: int,
    *,
    blocking: bool = False,
    separate: bool = False,
    plain: bool = False,
    quiet: bool = False,
) -> Realisation:
    """Return a small shop and what will happen to it; some features are left out each time.

    Parameters
    ----------
    seed
        Of everything.
    blocking
        Whether no machine has a buffer.
    separate
        Whether machines have nothing to do with one another, but for the jobs that they share.
    plain
        Whether nothing but the machines and the work before keeps jobs waiting.
    quiet
        Whether nothing is cancelled or changed.
    """
    rng = random.Random(seed)

    def has(probability: float) -> bool:
        return rng.random() < probability

    n_machines, n_jobs = rng.randint(2, 4), rng.randint(2, 6)
    flexible, setups, transfers = has(0.4) and not separate, has(0.4), has(0.3)
    batches, breaks = has(0.3) and not plain, has(0.3)
    crews = has(0.3) and not (separate or plain)
    m = hw.Model(f"shop {seed}")
    machines = [
        m.machine(f"m{k}", breaks=_stops(rng, 2, 12) if breaks else ()) for k in range(n_machines)
    ]
    crew = m.renewable("crew", capacity=2) if crews else None
    late = has(0.4)
    for j in range(n_jobs):
        release = rng.randint(0, 20) if late else 0
        job = m.job(f"j{j}", release=release, due=release + rng.randint(5, 60),
                    weight=rng.randint(1, 5))  # fmt: skip
        before = None
        for k in range(rng.randint(1, 5)):
            task = m.task(job, f"{k}", family=rng.choice("ab"))
            chosen = rng.sample(machines, rng.randint(1, n_machines) if flexible else 1)
            for machine in chosen:
                needs = {machine: 1}
                if crew is not None and has(0.5):
                    needs[crew] = rng.randint(1, 2)
                task.mode(needs, duration=rng.randint(0 if has(0.1) else 1, 9))
            if before is not None:
                m.end_before_start(before, task, transfer=transfers)
            before = task
    if transfers:
        for a in machines:
            for b in machines:
                if a is not b:
                    m.transfer_time(a, b, rng.randint(0, 4))
    if setups:
        for machine in machines:
            times = {(a, b): rng.randint(0, 3) for a in (None, "a", "b") for b in "ab"}
            m.setup_times(machine, times)
    problem = m.problem()
    buffers = [0] if blocking else [0, 0, 1, 2, hw.FOREVER]
    limited = blocking or (has(0.5) and not separate and not plain)
    return Realisation.of(
        problem,
        arrival=[max(0, r - rng.randint(0, 3)) for r in problem.jobs.release.tolist()],
        duration=[max(0, d + rng.randint(-2, 3)) for d in problem.modes.duration.tolist()]
        if has(0.5)
        else None,
        revealed_when_ready=has(0.5),
        pause=[rng.randint(1, 6) if has(0.2) else 0 for _ in range(problem.n_tasks)],
        outages=_outages(rng, problem) if has(0.5) else None,
        cancelled=[rng.randint(0, 40) if has(0.15) else hw.FOREVER for _ in range(n_jobs)]
        if has(0.4) and not quiet
        else None,
        changes=_changes(rng, problem) if has(0.4) and not quiet else None,
        buffer=[rng.choice(buffers) for _ in problem.resources.kind] if limited else hw.FOREVER,
        batch=[rng.choice([1, 2, 3]) for _ in problem.resources.kind] if batches else 1,
        is_open=_open(rng, problem) if has(0.5) else None,
    )


def _open(rng: random.Random, problem: hw.Problem) -> list[bool]:
    """Return which modes are open, one of each task at least."""
    is_open = [rng.random() < 0.6 for _ in range(problem.n_modes)]
    for first in problem.tasks.mode_ptr[:-1].tolist():
        is_open[first] = True
    return is_open


def _stops(rng: random.Random, most: int, gap: int) -> list[tuple[int, int]]:
    stops, now = [], 0
    for _ in range(rng.randint(0, most)):
        start = now + rng.randint(1, gap)
        now = start + rng.randint(1, 6)
        stops.append((start, now))
    return stops


def _outages(rng: random.Random, problem: hw.Problem) -> Outages:
    rows = [_stops(rng, 4, 15) if kind == 0 else [] for kind in problem.resources.kind.tolist()]
    ptr = [0]
    for row in rows:
        ptr.append(ptr[-1] + len(row))
    effect = [rng.randint(0, 2) for _ in rows]
    return Outages(
        ints(ptr),
        ints([a for row in rows for a, _ in row]),
        ints([b for row in rows for _, b in row]),
        ints(effect),
    )


def _changes(rng: random.Random, problem: hw.Problem) -> Changes:
    rows = []
    for _ in range(rng.randint(1, 6)):
        kind = rng.choice(list(ChangeKind))
        if kind == ChangeKind.DUE:
            rows.append(
                (rng.randint(0, 30), kind, rng.randrange(problem.n_jobs), rng.randint(0, 60))
            )
        else:
            mode = rng.randrange(problem.n_modes)
            rows.append((rng.randint(0, 30), kind, mode, rng.randint(1, 9)))
            if kind == ChangeKind.CLOSE:
                # A machine that is ruled out for ever could leave a job unfinished.
                rows.append((rows[-1][0] + rng.randint(0, 20), ChangeKind.OPEN, mode, 0))
    rows.sort(key=lambda row: row[0])
    return Changes(*(ints(column) for column in zip(*rows, strict=True)))
