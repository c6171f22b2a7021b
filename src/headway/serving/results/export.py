"""A run for other tools: data frames, events by time, and requests that replay."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import fields
from typing import TYPE_CHECKING, Any

import numpy as np

from headway.errors import MissingExtraError
from headway.serving.results.columns import Status
from headway.serving.results.report import PER_REQUEST

if TYPE_CHECKING:
    import pandas as pd

    from headway.serving.results.run import EngineRun
    from headway.serving.results.served import Served
    from headway.serving.workload import Workload

_OF_WORKLOAD = ("prompt_tokens", "output_tokens", "limit_tokens", "priority", "session", "adapter")


def request_frame(run: EngineRun) -> pd.DataFrame:
    """Return a row per request: what was asked, what was written down, and the metrics.

    Raises
    ------
    MissingExtraError
        If pandas is not installed.
    """
    pd, traffic, table = _pandas(), run.workload, run.requests
    status = [Status(value).name.lower() for value in range(len(Status))]
    return pd.DataFrame(
        {
            **{name: getattr(traffic, name) for name in _OF_WORKLOAD},
            "class": pd.Categorical.from_codes(
                traffic.service_class, [kind.name for kind in traffic.classes]
            ),
            **{field.name: getattr(table, field.name) for field in fields(table)},
            "status": pd.Categorical.from_codes(table.status, status),
            **{name: getattr(run, name) for name in PER_REQUEST},
            "attained": run.attained,
        }
    )


def step_frame(run: EngineRun) -> pd.DataFrame:
    """Return a row per step.

    Raises
    ------
    MissingExtraError
        If pandas is not installed.
    """
    return _pandas().DataFrame(
        {field.name: getattr(run.steps, field.name) for field in fields(run.steps)}
    )


def happenings(run: Served) -> Iterator[str]:
    """Yield what happened to requests by time, a line of JSON each.

    ``what`` is "arrives", "dropped", "scheduled", "first token" or "finished". Of a request that
    is dropped after it was scheduled nobody wrote down when.
    """
    table = run.requests
    at_the_door = (table.status == Status.DROPPED) & np.isnan(table.scheduled_s)
    times = {
        "arrives": table.arrival_s,
        "dropped": np.where(at_the_door, table.arrival_s, np.nan),
        "scheduled": table.scheduled_s,
        "first token": table.first_token_s,
        "finished": np.where(table.status == Status.FINISHED, table.last_token_s, np.nan),
    }
    moments = np.concatenate(list(times.values()))
    names, n = list(times), len(table)
    # Of one instant, what a request goes through first comes first; the missing come last.
    order = np.argsort(moments, kind="stable")[: np.count_nonzero(~np.isnan(moments))]
    for place in order.tolist():
        what, request = names[place // n], place % n
        line = {"time_s": float(moments[place]), "what": what, "request": request}
        yield json.dumps(line) + "\n"


def as_met(run: EngineRun) -> Workload:
    """Return the workload as the engine met it: with clients in a loop, their arrivals are known.

    A run of it with the same settings, but an open loop, is the same run.
    """
    traffic, met = run.workload, run.requests.arrival_s
    return traffic if np.array_equal(traffic.arrival_s, met) else traffic.at(met)


def _pandas() -> Any:
    try:
        import pandas as pd
    except ImportError:
        raise MissingExtraError(
            "data frames need pandas; install it with: pip install pandas"
        ) from None
    return pd
