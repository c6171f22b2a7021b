"""PyJobShop with its OR-Tools back end."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

from headway.bench.contestant import Answer, Step
from headway.bench.peers.capture import captured_output
from headway.bench.peers.plain import rounded_up
from headway.bench.peers.translation import Translation, obstacles
from headway.errors import MissingExtraError
from headway.model import Problem

_PROGRESS = re.compile(r"^#\w+\s+([\d.]+)s\s+best:(\S+)\s+next:\[([^,\]]*),", re.MULTILINE)
"""A line of the solver's log: when, the best value, and the next one to look for."""


@dataclass(frozen=True, slots=True)
class PyJobShop:
    """PyJobShop as its documentation uses it; a seed is passed on to OR-Tools.

    References
    ----------
    Lan, Berkhout (2025), "PyJobShop: solving scheduling problems with constraint programming in
    Python".
    """

    name: str = "pyjobshop"

    def load(self) -> str:
        """Import the library and return its version."""
        try:
            import pyjobshop.solvers.ortools  # noqa: F401 - so that no run pays for the import
        except ImportError as error:
            raise MissingExtraError(
                "contestant 'pyjobshop' needs pip install 'headway[bench]'"
            ) from error
        return version("pyjobshop")

    def obstacle(self, problem: Problem) -> str | None:
        """Return what is not translated."""
        return next(obstacles(problem), None)

    def run(self, problem: Problem, *, time_limit_s: float, workers: int, seed: int) -> Answer:
        """Build its model and solve it; the trajectory is read off the log that it displays."""
        from pyjobshop.solvers.ortools import CPModel

        began = time.perf_counter()
        translation = Translation(problem)
        # What ``pyjobshop.solve`` does, in two steps: its limit does not count the first one.
        model = CPModel(translation.data)
        left = time_limit_s - (time.perf_counter() - began)
        with captured_output() as log:
            result = model.solve(
                time_limit=max(left, 0.01),
                display=True,
                num_workers=workers,
                random_seed=seed % 2**31,
                catch_sigint_signal=False,  # or Ctrl-C kills the process later on
            )
        before_s = time.perf_counter() - began - result.runtime
        steps = _steps(log.text, before_s, translation.offset)
        if not result.best.tasks:
            return Answer(None, None, note=str(result.status.value).lower())
        bound = rounded_up(result.lower_bound)
        return Answer(
            schedule=translation.schedule(result.best),
            value=round(result.objective) + translation.offset,
            bound=None if bound is None else bound + translation.offset,
            steps=steps,
        )


def _steps(log: str, before_s: float, offset: int) -> tuple[Step, ...]:
    """Return the improvements that CP-SAT's log tells of.

    Parameters
    ----------
    log
        What was displayed.
    before_s
        Seconds of the run that had passed when the solver's clock began.
    offset
        What the objective of the translated problem lacks.
    """
    steps = []
    for seconds, best, following in _PROGRESS.findall(log):
        value, bound = _number(best, offset), _number(following, offset)
        if value is not None or bound is not None:
            steps.append(Step(round(before_s + float(seconds), 4), value, bound))
    return tuple(steps)


def _number(text: str, offset: int) -> int | None:
    number: Any = float(text) if re.fullmatch(r"-?[\d.]+(e[+-]?\d+)?", text) else None
    return None if number is None else round(number) + offset
