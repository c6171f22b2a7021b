"""The priority rules by name.

A rule is a function from `Facts` to a `Priority`: either one key per task, or one of a few
formulas that look at the time of the decision. Smaller keys go first, ties by position. A rule of
your own has the same standing: pass the function to `headway.solve.rules.generate`.

References
----------
Haupt (1989), "A survey of priority rule-based scheduling", for the rules of job shops.
Kolisch (1996), "Efficient priority rules for the resource-constrained project scheduling
problem", for LFT, LST, MSLK, MTS and GRPW.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import IntEnum

import numpy as np

from headway.errors import UnknownNameError
from headway.solve.rules.facts import Facts, Floats


class Formula(IntEnum):
    """How the key of a task follows from its columns; evaluated when the choice is made."""

    STATIC = 0
    """The key given."""
    READY = 1
    """When its predecessors let the task start."""
    MODIFIED_DUE = 2
    """``max(due, now + left)``."""
    CRITICAL_RATIO = 3
    """``(due - now) / left``."""
    APPARENT_TARDINESS = 4
    """``-(weight / work) exp(-max(0, due - now - left) / scale)``."""
    COVERT = 5
    """``-(weight / work) max(0, 1 - max(0, due - now - left) / (scale left))``."""


def _nothing() -> Floats:
    return np.zeros(0)


@dataclass(frozen=True)
class Priority:
    """How urgent tasks are; smaller keys go first.

    Parameters
    ----------
    formula
        How the key of a task is computed.
    key
        One per task, for `Formula.STATIC`.
    due, left, work, weight
        Columns of the other formulas, one value per task: due date, work up to the end of the
        job, own work, weight of the job.
    scale
        Look-ahead of the last two formulas.
    """

    formula: Formula
    key: Floats = field(default_factory=_nothing)
    due: Floats = field(default_factory=_nothing)
    left: Floats = field(default_factory=_nothing)
    work: Floats = field(default_factory=_nothing)
    weight: Floats = field(default_factory=_nothing)
    scale: float = 1.0


Rule = Callable[[Facts], Priority]


def _static(key: Floats) -> Priority:
    return Priority(Formula.STATIC, np.ascontiguousarray(key, dtype=np.float64))


def _dated(formula: Formula, facts: Facts, scale: float = 1.0) -> Priority:
    return Priority(
        formula,
        due=facts.due,
        left=facts.work_left,
        work=facts.work,
        weight=facts.weight,
        scale=scale,
    )


def spt(facts: Facts) -> Priority:
    """Shortest processing time."""
    return _static(facts.work)


def lpt(facts: Facts) -> Priority:
    """Longest processing time."""
    return _static(-facts.work)


def wspt(facts: Facts) -> Priority:
    """Weighted shortest processing time: least work per unit of weight (Smith 1956)."""
    counts = facts.weight > 0
    return _static(np.where(counts, facts.work / np.where(counts, facts.weight, 1.0), np.inf))


def mwkr(facts: Facts) -> Priority:
    """Most work remaining in the job."""
    return _static(-facts.work_left)


def lwkr(facts: Facts) -> Priority:
    """Least work remaining in the job."""
    return _static(facts.work_left)


def mopnr(facts: Facts) -> Priority:
    """Most operations remaining in the job."""
    return _static(-facts.tasks_left)


def fopnr(facts: Facts) -> Priority:
    """Fewest operations remaining in the job."""
    return _static(facts.tasks_left)


def lrpt(facts: Facts) -> Priority:
    """Longest remaining path: most time from here to the end of all that follows."""
    return _static(-facts.tail)


def spt_mwkr(facts: Facts) -> Priority:
    """Smallest share of the job's remaining work (SPT/TWKR)."""
    return _static(facts.work / np.maximum(facts.work_left, 1.0))


def fifo(_facts: Facts) -> Priority:
    """First in, first out: longest ready."""
    return Priority(Formula.READY)


def erd(facts: Facts) -> Priority:
    """Earliest release date."""
    return _static(facts.release)


def edd(facts: Facts) -> Priority:
    """Earliest due date of the job (Jackson 1955)."""
    return _static(facts.due)


def mdd(facts: Facts) -> Priority:
    """Earliest modified due date: the due date, or the earliest completion if that is later.

    References
    ----------
    Baker and Bertrand (1982), "A dynamic priority rule for scheduling against due-dates".
    """
    return _dated(Formula.MODIFIED_DUE, facts)


def slack(facts: Facts) -> Priority:
    """Least slack: time to the due date beyond the job's remaining work."""
    return _static(facts.due - facts.work_left)


def slack_per_operation(facts: Facts) -> Priority:
    """Least slack per remaining operation (S/OPN), with the slack at the task's earliest start."""
    return _static((facts.due - facts.head - facts.work_left) / facts.tasks_left)


def cr(facts: Facts) -> Priority:
    """Critical ratio: least time to the due date per unit of remaining work."""
    return _dated(Formula.CRITICAL_RATIO, facts)


def atc(facts: Facts) -> Priority:
    """Apparent tardiness cost: WSPT, discounted by slack in units of twice the mean duration.

    References
    ----------
    Vepsalainen and Morton (1987), "Priority rules for job shops with weighted tardiness costs".
    """
    return _dated(Formula.APPARENT_TARDINESS, facts, scale=2.0 * facts.mean_work)


def covert(facts: Facts) -> Priority:
    """Cost over time: expected tardiness cost per unit of work, waiting assumed twice the work.

    References
    ----------
    Vepsalainen and Morton (1987), "Priority rules for job shops with weighted tardiness costs".
    """
    return _dated(Formula.COVERT, facts, scale=2.0)


def lft(facts: Facts) -> Priority:
    """Latest finish time on the way to the critical path's end; deadlines count."""
    return _static(facts.latest_start + facts.work)


def lst(facts: Facts) -> Priority:
    """Latest start time on the way to the critical path's end; deadlines count."""
    return _static(facts.latest_start)


def mslk(facts: Facts) -> Priority:
    """Minimum slack between latest and earliest start."""
    return _static(facts.latest_start - facts.head)


def mts(facts: Facts) -> Priority:
    """Most total successors."""
    return _static(-facts.successors)


def grpw(facts: Facts) -> Priority:
    """Greatest rank positional weight: most work in the task and its direct successors."""
    return _static(-facts.positional_weight)


def random(facts: Facts) -> Priority:
    """Any order, drawn from the seed."""
    return _static(np.random.default_rng(facts.seed).random(facts.problem.n_tasks))


RULES: dict[str, Rule] = {
    "SPT": spt,
    "LPT": lpt,
    "WSPT": wspt,
    "MWKR": mwkr,
    "LWKR": lwkr,
    "MOPNR": mopnr,
    "FOPNR": fopnr,
    "LRPT": lrpt,
    "SPT/TWKR": spt_mwkr,
    "FIFO": fifo,
    "ERD": erd,
    "EDD": edd,
    "MDD": mdd,
    "SLACK": slack,
    "S/OPN": slack_per_operation,
    "CR": cr,
    "ATC": atc,
    "COVERT": covert,
    "LFT": lft,
    "LST": lst,
    "MSLK": mslk,
    "MTS": mts,
    "GRPW": grpw,
    "RANDOM": random,
}
"""The rules by the names the field uses."""

DATED = frozenset({"EDD", "MDD", "SLACK", "S/OPN", "CR", "ATC", "COVERT"})
"""Rules that say nothing without due dates."""


def find(name: str) -> Rule:
    """Return the rule called `name`, in any case.

    Raises
    ------
    UnknownNameError
        If there is none.
    """
    try:
        return RULES[name.upper()]
    except KeyError:
        raise UnknownNameError("priority rule", name, RULES) from None
