"""Small array operations on groups: rows of compressed columns, running maxima, searches, sets.

All of them work on many groups at once, so that callers need no loop over resources or tasks.
"""

from __future__ import annotations

import numpy as np

from headway.model.tables import Ints


def entries(ptr: Ints, rows: Ints) -> tuple[Ints, Ints]:
    """Return where the entries of some rows of a compressed column lie.

    Parameters
    ----------
    ptr
        Row pointers of the column, shape (n_rows + 1,).
    rows
        The rows wanted, in any order, repetitions allowed.

    Returns
    -------
    which
        For each entry, its position in `rows`.
    index
        For each entry, its position in the column.
    """
    counts = ptr[rows + 1] - ptr[rows]
    which = np.repeat(np.arange(len(rows)), counts)
    before = np.cumsum(counts) - counts
    return which, np.arange(len(which)) + (ptr[rows] - before)[which]


def running_argmax(group: Ints, value: Ints) -> Ints:
    """Return, for each position, where its group's largest value so far lies.

    Parameters
    ----------
    group
        Non-decreasing and non-negative.
    value
        Any integers; among equal values the last position wins.
    """
    n = len(value)
    order = np.argsort(value, kind="stable")
    rank = np.empty(n, dtype=np.int64)
    rank[order] = np.arange(n)
    base = group * n
    argmax: Ints = order[np.maximum.accumulate(base + rank) - base]
    return argmax


def count_before(
    group: Ints, value: Ints, in_group: Ints, limit: Ints, *, inclusive: bool = False
) -> Ints:
    """Return how many values lie below a limit, in this and all earlier groups.

    Parameters
    ----------
    group, value
        Sorted by group, then by value.
    in_group, limit
        The questions.
    inclusive
        Whether values equal to the limit count.
    """
    known, rank = np.unique(value, return_inverse=True)
    n = len(known) + 1
    bar = np.searchsorted(known, limit, side="right" if inclusive else "left")
    return np.searchsorted(group * n + rank, in_group * n + bar, side="left")


def merge(group: Ints, start: Ints, end: Ints) -> tuple[Ints, Ints, Ints]:
    """Return the union of the intervals of each group, sorted; touching intervals become one."""
    if not len(group):
        return group, start, end
    order = np.lexsort((start, group))
    group, start, end = group[order], start[order], end[order]
    reach = end[running_argmax(group, end)]
    opens = np.ones(len(group), dtype=np.bool_)
    opens[1:] = (group[1:] != group[:-1]) | (start[1:] > reach[:-1])
    first = np.flatnonzero(opens)
    last = np.append(first[1:], len(group)) - 1
    return group[first], start[first], reach[last]


def set_ids(row: Ints, member: Ints, n_rows: int) -> Ints:
    """Return a number for each row such that rows with equal sets of members have equal numbers.

    Parameters
    ----------
    row, member
        The members of each row, sorted by row, then by member, without repetition. Rows that do
        not occur have the empty set, number 0.
    n_rows
        Number of rows.
    """
    ids = np.zeros(n_rows, dtype=np.int64)
    if not len(row):
        return ids
    counts = np.bincount(row, minlength=n_rows)
    rank = np.arange(len(row)) - (np.cumsum(counts) - counts)[row]
    width = int(member.max()) + 1
    fresh = 1
    for k in range(int(rank.max()) + 1):
        here = np.flatnonzero(rank == k)
        found, number = np.unique(ids[row[here]] * width + member[here], return_inverse=True)
        ids[row[here]] = number + fresh
        fresh += len(found)
    return ids
