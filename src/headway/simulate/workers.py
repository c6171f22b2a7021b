"""The same work on many cases, on several processes or a Ray cluster."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import Literal, TypeVar

from headway.errors import ConfigError, MissingExtraError

_Case = TypeVar("_Case")
_Outcome = TypeVar("_Outcome")

Workers = int | Literal["ray"]


def over(
    work: Callable[[_Case], _Outcome], cases: Sequence[_Case], workers: Workers = 1
) -> Iterator[_Outcome]:
    """Yield the outcome of each case, in the order of the cases, as soon as it is there.

    Parameters
    ----------
    work
        A function of one case; picklable, and its outcome too, unless one worker does it all.
    cases
        The cases.
    workers
        Processes; ``"ray"`` for all nodes of a Ray cluster (the running one, or a local one).

    Raises
    ------
    ConfigError
        If there are no workers.
    MissingExtraError
        If Ray is asked for but not installed.
    """
    if workers == "ray":
        yield from _on_ray(work, cases)
        return
    if workers < 1:
        raise ConfigError(f"workers: expected at least 1, got {workers}")
    if workers == 1 or len(cases) < 2:
        yield from map(work, cases)
        return
    # Fresh interpreters: a fork of a process with threads can hang.
    pool = ProcessPoolExecutor(min(workers, len(cases)), mp_context=get_context("spawn"))
    try:
        yield from pool.map(work, cases)
    finally:  # whoever stops listening, by Ctrl-C too, waits for no more than what is under way
        pool.shutdown(cancel_futures=True)


def _on_ray(work: Callable[[_Case], _Outcome], cases: Sequence[_Case]) -> Iterator[_Outcome]:
    try:
        import ray
    except ImportError:
        raise MissingExtraError(
            "workers='ray' needs Ray; install it with: pip install 'headway[ray]'"
        ) from None

    # Ray takes plain functions only, and nothing else that can be called.
    def done(case: _Case) -> _Outcome:
        return work(case)

    ours = not ray.is_initialized()
    if ours:
        ray.init(log_to_driver=False, logging_level=logging.ERROR, include_dashboard=False)
    try:
        task = ray.remote(done)
        for reference in [task.remote(case) for case in cases]:
            yield ray.get(reference)
    finally:
        if ours:
            ray.shutdown()
