"""The classic dispatching rules of shops, by their usual names.

Each is a function of the columns in `headway.simulate.shop.COLUMNS`. Work remaining counts this
operation (`MWKR`) or does not (`TAIL`); the two differ, and so do papers that call both by the same
name.

References
----------
Blackstone, Phillips, Hogg (1982), "A state-of-the-art survey of dispatching rules"; Holthaus,
Rajendran (1997), "Efficient dispatching rules for scheduling in a job shop"; Vepsalainen, Morton
(1987), "Priority rules for job shops with weighted tardiness costs"; Baker, Kanet (1983), "Job shop
scheduling with modified due dates".
"""

from __future__ import annotations

from difflib import get_close_matches
from typing import Any

import numpy as np

from headway.errors import UnknownNameError
from headway.simulate.expression import parse
from headway.simulate.policy import Policy, Rule, RuleBook
from headway.simulate.shop.columns import COLUMNS

Columns = Any
"""Numbers when a rule is evaluated, symbols when it is traced."""

ATC_LOOK_AHEAD = 3.0
"""How many mean operations ahead ATC looks for a job to become urgent."""

ATC_WAIT = 2.0
"""Waiting that ATC expects of later operations, as a multiple of their durations."""

COVERT_LOOK_AHEAD = 1.0
"""Share of the expected wait within which COVERT sees a job become urgent."""

COVERT_WAIT = 2.0
"""Waiting that COVERT expects, as a multiple of the work remaining."""


def fifo(c: Columns) -> Any:
    """First in the queue."""
    return c.joined


def lifo(c: Columns) -> Any:
    """Last in the queue."""
    return -c.joined


def first_released(c: Columns) -> Any:
    """First released to the shop."""
    return c.a


def spt(c: Columns) -> Any:
    """Shortest processing time."""
    return c.p


def lpt(c: Columns) -> Any:
    """Longest processing time."""
    return -c.p


def lwkr(c: Columns) -> Any:
    """Least work remaining, this operation included."""
    return c.R


def mwkr(c: Columns) -> Any:
    """Most work remaining, this operation included."""
    return -c.R


def tail(c: Columns) -> Any:
    """Most work remaining after this operation."""
    return -c.tail


def fewest_operations(c: Columns) -> Any:
    """Fewest operations remaining."""
    return c.k


def most_operations(c: Columns) -> Any:
    """Most operations remaining."""
    return -c.k


def wspt(c: Columns) -> Any:
    """Shortest processing time per weight."""
    return c.p / c.w


def edd(c: Columns) -> Any:
    """Earliest due date."""
    return c.d


def mdd(c: Columns) -> Any:
    """Earliest modified due date: the due date, or the earliest end if that is later."""
    return np.maximum(c.d, c.t + c.R)


def odd(c: Columns) -> Any:
    """Earliest operation due date."""
    return c.odd


def mod(c: Columns) -> Any:
    """Earliest modified operation due date."""
    return np.maximum(c.odd, c.t + c.p)


def slack(c: Columns) -> Any:
    """Least slack."""
    return c.slack


def slack_per_operation(c: Columns) -> Any:
    """Least slack per operation remaining."""
    return c.slack / c.k


def critical_ratio(c: Columns) -> Any:
    """Least time left per work remaining."""
    return (c.d - c.t) / c.R


def covert(c: Columns) -> Any:
    """Largest cost over time: weight per duration, less the more slack there is."""
    wait = COVERT_LOOK_AHEAD * COVERT_WAIT * c.R
    return c.w / c.p * np.maximum(0.0, 1.0 - np.maximum(0.0, c.slack) / wait)


def atc(c: Columns) -> Any:
    """Largest apparent tardiness cost: weight per duration, less the more slack there is."""
    left = c.d - c.t - c.p - (ATC_WAIT + 1.0) * c.tail
    return c.w / c.p * np.exp(-np.maximum(0.0, left) / (ATC_LOOK_AHEAD * c.p_mean))


def pt_winq(c: Columns) -> Any:
    """Least processing time plus work in the next queue."""
    return c.p + c.winq


def pt_winq_sl(c: Columns) -> Any:
    """Least processing time plus work in the next queue, less how late the job is already."""
    return c.p + c.winq + np.minimum(c.slack, 0.0)


def two_pt_winq_npt(c: Columns) -> Any:
    """Least twice the processing time plus work in the next queue plus next processing time."""
    return 2.0 * c.p + c.winq + c.npt


def fdd_mwkr(c: Columns) -> Any:
    """Least work done, this operation included, per work remaining."""
    return (c.work_done + c.p) / c.R


def eft(c: Columns) -> Any:
    """Earliest finish, setup and transfer included."""
    return c.t + np.maximum(c.setup, c.transfer) + c.p


def met(c: Columns) -> Any:
    """Least time lost against the fastest machine, then shortest processing time."""
    return 1e6 * (c.p - c.p_best) + c.p


def least_setup(c: Columns) -> Any:
    """Shortest setup, then shortest processing time."""
    return 1e6 * c.setup + c.p


def blk(c: Columns) -> Any:
    """Jobs that free a machine first, then most work remaining after this operation."""
    return -(1e9 * c.blocked + c.tail)


RULES = RuleBook.of(
    "shop",
    COLUMNS,
    smallest={
        "FIFO": fifo,
        "LIFO": lifo,
        "FASFS": first_released,
        "SPT": spt,
        "LPT": lpt,
        "LWKR": lwkr,
        "MWKR": mwkr,
        "LTWR": lwkr,
        "MTWR": mwkr,
        "TAIL": tail,
        "LOPNR": fewest_operations,
        "MOPNR": most_operations,
        "LOR": fewest_operations,
        "MOR": most_operations,
        "WSPT": wspt,
        "EDD": edd,
        "MDD": mdd,
        "ODD": odd,
        "MOD": mod,
        "SLACK": slack,
        "S/OPN": slack_per_operation,
        "CR": critical_ratio,
        "PT+WINQ": pt_winq,
        "PT+WINQ+SL": pt_winq_sl,
        "2PT+WINQ+NPT": two_pt_winq_npt,
        "FDD/MWKR": fdd_mwkr,
        "EFT": eft,
        "MET": met,
        "SST": least_setup,
        "BLK": blk,
    },
    largest={"COVERT": covert, "ATC": atc},
)
"""All of them, by name."""


def policy_of(text: str) -> Policy:
    """Return the rule that a name or a formula stands for.

    Raises
    ------
    UnknownNameError
        If there is no rule of that name, or a formula looks at an unknown column.
    ConfigError
        If a formula is none.

    Examples
    --------
    >>> print(policy_of("mod"), "|", policy_of("2*p + winq"))
    MOD: smallest max(odd, t + p) | 2*p + winq: smallest 2 * p + winq
    """
    try:
        return RULES.find(text)
    except UnknownNameError as unknown:
        if text not in COLUMNS and (text.isidentifier() or not text.strip()):
            raise
        try:
            return Rule(text, parse(text, COLUMNS))
        except UnknownNameError as column:
            # "S/OPM" is a slip in the name of a rule rather than a formula.
            raise (unknown if get_close_matches(text, RULES.names()) else column) from None
