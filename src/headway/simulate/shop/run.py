"""One call from a course of events and a policy to a trace."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from headway.model import ABSENT, FOREVER
from headway.model.tables import Ints
from headway.simulate.policy import Policy
from headway.simulate.shop.audit import audit
from headway.simulate.shop.layout import Layout
from headway.simulate.shop.occupancy import occupancy
from headway.simulate.shop.realisation import Realisation
from headway.simulate.shop.realised import realised
from headway.simulate.shop.rules import RULES
from headway.simulate.shop.world import ShopWorld
from headway.simulate.trace import Happening, Trace


def run(
    realisation: Realisation,
    policy: str | Policy,
    *,
    seed: int = 0,
    first: int = 0,
    per_machine: bool = False,
    trapped: bool = True,
) -> Trace:
    """Return what happens when a policy meets a course of events.

    Parameters
    ----------
    realisation
        What will happen, as drawn by a scenario or built by `Realisation.of`.
    policy
        Who decides: a policy, or the name of a rule.
    seed
        Of the scenario, for the record.
    first
        Jobs before this position are a warm-up, and left out of the measures.
    per_machine, trapped
        See `ShopWorld`.

    Raises
    ------
    UnsupportedError
        If the problem is no shop.
    UnknownNameError
        If there is no such rule.

    Examples
    --------
    >>> import headway as hw
    >>> from headway.simulate.shop import Realisation
    >>> run(Realisation.of(hw.instance("ft06")), "MWKR").schedule.makespan
    61
    """
    decider = RULES.find(policy)
    world = ShopWorld(realisation, per_machine=per_machine, trapped=trapped)
    world.play(decider)
    return trace_of(world, decider.name, seed=seed, first=first)


def trace_of(world: ShopWorld, policy: str, *, seed: int = 0, first: int = 0) -> Trace:
    """Return what has happened in a world so far.

    Parameters
    ----------
    world
        Played to its end, or to any instant.
    policy
        Name of whoever decided.
    seed, first
        See `run`.

    Raises
    ------
    VerificationError
        If what happened cannot have: a mistake of ours. See `headway.simulate.shop.audit`.
    """
    outcome, record = world.outcome, world.record
    audit(world.realisation, world.layout, record, outcome.completion)
    schedule = realised(world.realisation, world.layout, record, outcome.due)
    measures = outcome.measures(first)
    measures |= occupancy(
        world.realisation, world.layout, record, outcome.completion, now=world.now, first=first
    )
    measures |= {"events": float(world.n_events), "decisions": float(world.n_decisions)}
    story = _story(world.realisation, world.layout, record, outcome.completion, world.now)
    samples = {
        name: sample
        for name, sample in (
            ("mean flow", outcome.flow(first)),
            ("mean tardiness", outcome.tardiness(first)),
        )
        if len(sample)
    }
    return Trace(schedule, policy, seed, story, measures, samples)


def _story(
    realisation: Realisation, layout: Layout, record: dict[str, Ints], completion: Ints, now: int
) -> Iterator[Happening]:
    """Yield what happened until now, in order of time."""
    happenings = _happenings(realisation, layout, record, completion, now)
    yield from sorted(happenings, key=lambda happening: happening.time)


def _happenings(
    realisation: Realisation, layout: Layout, record: dict[str, Ints], completion: Ints, now: int
) -> Iterator[Happening]:
    """Yield what happened until now, kind by kind."""
    problem = realisation.problem
    machine_name = [problem.resources.name[r] for r in layout.machine.tolist()]
    job_name = problem.jobs.name
    for job, time in enumerate(realisation.arrival.tolist()):
        if time <= now and time < realisation.cancelled[job]:
            yield Happening(time, "arrives", job_name[job])
    for job, time in enumerate(realisation.cancelled.tolist()):
        if time <= now and completion[job] == ABSENT:
            yield Happening(time, "cancelled", job_name[job])
    label = [problem.task_label(task) for task in layout.task.tolist()]
    columns = [
        record[name].tolist() for name in ("op", "machine", "start", "end", "outcome", "left")
    ]
    for op, machine, start, end, outcome, left in zip(*columns, strict=True):
        if end == ABSENT:
            continue
        where = machine_name[machine]
        yield Happening(start, "starts", label[op], where)
        yield Happening(end, ("ends", "broken off", "scrapped")[outcome], label[op], where)
        if left > end:
            yield Happening(left, "leaves", label[op], where)
    changes = realisation.changes
    for time, kind, subject in zip(
        changes.time.tolist(), changes.kind.tolist(), changes.subject.tolist(), strict=True
    ):
        if time <= now:
            task = int(problem.modes.task[subject]) if kind else ABSENT
            who = job_name[subject] if not kind else problem.task_label(task)
            what = ("new due date", "new duration", "machine allowed", "machine ruled out")[kind]
            yield Happening(time, what, who)
    outages = realisation.outages
    owner = np.repeat(np.arange(len(problem.resources)), np.diff(outages.ptr))
    for resource, down, up in zip(
        owner.tolist(), outages.start.tolist(), outages.end.tolist(), strict=True
    ):
        name = problem.resources.name[resource]
        if down <= now:
            yield Happening(down, "down", name)
        if up <= min(now, FOREVER):
            yield Happening(up, "up", name)
