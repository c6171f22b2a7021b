"""An answer in milliseconds: the plan pushed right, repaired, or made anew by a rule."""

from __future__ import annotations

import numpy as np

from headway.model import Schedule, verify
from headway.model.tables import Ints, bools, ints
from headway.simulate.reschedule.basis import Basis, Effort
from headway.simulate.reschedule.calm import calmed
from headway.simulate.reschedule.generation import other_plans, redispatch
from headway.simulate.reschedule.insertion import shop_plans
from headway.simulate.reschedule.measure import Stability
from headway.simulate.reschedule.moves import search
from headway.simulate.reschedule.residual import Residual


def fast_answers(
    rest: Residual, stability: Stability | None = None, effort: Effort | None = None
) -> dict[str, Schedule]:
    """Return plans of the revised problem by the ways in which they were found, the best first.

    Parameters
    ----------
    rest
        What is left to be done.
    stability
        What calm is worth. If it has a price, tasks of the best plan that have slack are moved
        towards their planned starts.
    effort
        How much is done.

    Returns
    -------
    dict
        ``"right-shift"``: all tasks keep their machines and the order on them, new ones come last.
        ``"insertion"``: the same, but new tasks are put where they delay the end least, first all
        together, then one after another. ``"repair"``: then every task that starts later than
        planned is lifted and put back at its best place. ``"redispatch"``: without delay, longest
        tail first. ``"search"``: a few hundred moves from the best of these. The first one has
        passed `verify`; the others are for comparison. Ways that lead nowhere are left out; all are
        if there is no room before some latest time.

    Notes
    -----
    Insertion and repair evaluate places by heads and tails (Mastrolilli and Gambardella 2000) and
    apply to shops, for any objective that the solver ``shop`` takes; breaks to come are not seen
    until the order is turned into times. For other problems, plans are generated from the old order
    and by rules. Repair takes time linear in tasks for each task that is lifted.

    References
    ----------
    Abumaizar, Svestka (1997), "Rescheduling job shops under random disruptions", for the repair of
    affected operations.
    """
    stability, effort = stability or Stability(), effort or Effort()
    if not rest.problem.n_tasks:
        done = Schedule(rest.problem, *(ints([]) for _ in range(3)))
        return {"right-shift": rest.lift(done)}
    basis = Basis(rest, effort)
    found = shop_plans(basis) or other_plans(basis)
    found["redispatch"] = redispatch(basis)
    plans = {name: rest.lift(plan) for name, plan in found.items() if plan is not None}
    costs = {name: stability.cost(rest, plan) for name, plan in plans.items()}
    ranked = _first_valid(sorted(plans, key=costs.__getitem__), plans)
    if ranked and effort.moves:
        better = search(basis, rest.lower(plans[ranked[0]]))
        if better is not None:
            plans["search"] = rest.lift(better)
            costs["search"] = stability.cost(rest, plans["search"])
            if costs["search"] < costs[ranked[0]]:
                ranked = _first_valid(["search", *ranked], plans)
            else:
                ranked = sorted([*ranked, "search"], key=costs.__getitem__)
    if ranked and stability.counts:
        calm = rest.lift(calmed(rest, rest.lower(plans[ranked[0]])))
        cheaper = stability.cost(rest, calm) < costs[ranked[0]]
        if cheaper and verify(calm.problem, calm).ok:
            plans[ranked[0]] = calm
    return {name: plans[name] for name in ranked}


def _first_valid(names: list[str], plans: dict[str, Schedule]) -> list[str]:
    """Leave out names from the front until a plan has passed `verify`."""
    for k, name in enumerate(names):
        if verify(plans[name].problem, plans[name]).ok:
            return names[k:]
    return []


def in_order_of(rest: Residual, start: Ints, mode: Ints) -> Schedule | None:
    """Return the plan that does what is left in the order and the modes of another one.

    Parameters
    ----------
    rest
        What is left to be done.
    start, mode
        Of the other plan, by tasks and modes of the revised problem; tasks that have started stay
        as they are.

    Returns
    -------
    Schedule or None
        Of the revised problem, verified; None if the order leads nowhere.
    """
    whole = rest.revision
    wanted = Schedule(
        whole.problem,
        np.where(whole.started, whole.start, start),
        np.where(whole.started, whole.end, start),
        np.where(whole.started, whole.mode, mode),
    )
    low = rest.lower(wanted)
    basis = Basis(rest, Effort())
    basis.new, basis.start, basis.mode = bools(basis.new & False), low.start, low.mode
    found = shop_plans(basis, repair=False) or other_plans(basis)
    plan = found["right-shift"]
    lifted = None if plan is None else rest.lift(plan)
    return lifted if lifted is not None and verify(lifted.problem, lifted).ok else None
