"""What a program is tried on, and running it there; only ever called inside the sandbox."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from types import SimpleNamespace

import numpy as np

from headway.model.tables import Ints
from headway.solve.discover.program import BUILTINS, FORMS, FUNCTIONS, ProgramError, check

_WORST = 1e300


def compiled(text: str) -> tuple[str, Callable[..., object]]:
    """Return the form and the function of a program that passes the gate."""
    tree = check(text)
    return _compiled(tree)


def _compiled(tree: ast.Module) -> tuple[str, Callable[..., object]]:
    names: dict[str, object] = {
        **FUNCTIONS,
        **BUILTINS,
        "np": SimpleNamespace(**FUNCTIONS),
        "__builtins__": {},
    }
    exec(compile(tree, "<program>", "exec"), names)  # noqa: S102 - gated, and in the sandbox
    form = next(name for name in FORMS if name in names)
    function = names[form]
    assert callable(function)
    return form, function


def orders(form: str, function: Callable[..., object], work: Ints, due: Ints) -> Ints:
    """Return the orders in which a program runs the jobs of all instances.

    Parameters
    ----------
    form, function
        As from `compiled`.
    work, due
        Shape (n_instances, n_jobs).
    """
    with np.errstate(all="ignore"):
        if form == "sequence":
            return _sequences(function, work, due)
        return _dispatched(function, work, due)


def _sequences(function: Callable[..., object], work: Ints, due: Ints) -> Ints:
    found = np.zeros_like(work)
    for row, (p, d) in enumerate(zip(work, due, strict=True)):
        order = np.asarray(function(p, d))
        if order.shape != p.shape:
            raise ProgramError(f"an order of {order.size} jobs where {p.size} are asked for")
        found[row] = order
    return found


def _dispatched(function: Callable[..., object], work: Ints, due: Ints) -> Ints:
    """Run all instances at once, job after job."""
    p, d = work.astype(np.float64), due.astype(np.float64)
    for array in (p, d):
        array.setflags(write=False)
    count, jobs = p.shape
    every = np.arange(count)
    waiting = np.ones((count, jobs), dtype=np.bool_)
    found = np.zeros((count, jobs), dtype=np.int64)
    now, left = np.zeros((count, 1)), p.sum(axis=1, keepdims=True)
    for position in range(jobs):
        number = jobs - position
        longest = np.where(waiting, p, 0.0).max(axis=1, keepdims=True)
        score = function(p, d, now.copy(), left / number, longest, left.copy(), float(number))
        score = np.broadcast_to(np.asarray(score, dtype=np.float64), p.shape)
        score = np.where(np.isfinite(score), score, _WORST)
        chosen = np.argmin(np.where(waiting, score, np.inf), axis=1)
        found[:, position] = chosen
        waiting[every, chosen] = False
        taken = p[every, chosen][:, None]
        now, left = now + taken, left - taken
    return found


def tardiness(orders: Ints, work: Ints, due: Ints, penalty: int) -> Ints:
    """Return the total tardiness per instance, and where an order is no permutation a penalty.

    That is `penalty`, or more where even an order of all jobs could cost as much.
    """
    jobs = work.shape[1]
    valid = (np.sort(orders, axis=1) == np.arange(jobs)).all(axis=1)
    safe = np.where(valid[:, None], orders, np.arange(jobs))
    late = np.cumsum(np.take_along_axis(work, safe, 1), axis=1)
    late -= np.take_along_axis(due, safe, 1)
    worst = jobs * (work.sum(axis=1) + np.maximum(-due, 0).max(axis=1))
    totals: Ints = np.where(valid, np.maximum(late, 0).sum(axis=1), np.maximum(worst, penalty))
    return totals


def warm_up(texts: Mapping[str, str]) -> None:
    """Run trusted programs once, so that numpy has loaded what it loads late."""
    work, due = np.array([[2, 1]]), np.array([[3, 1]])
    for text in texts.values():
        orders(*compiled(text), work, due)
