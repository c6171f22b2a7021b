"""A run small enough to check by hand."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from headway.serving.results import EngineRun, Requests, Speech, Steps
from headway.serving.workload import Workload

TRAFFIC = Workload.of(
    name="small",
    arrival_s=[0.0, 0.5, 9.0, 9.0],
    prompt_tokens=[10, 20, 5, 10_000],
    output_tokens=[4, 2, 1, 3],
)


@dataclass(frozen=True)
class Limits:
    blocks: int = 100
    token_budget: int = 16
    chunked: bool = True
    max_sequences: int = 8
    max_model_tokens: int = 1000
    prefill_only: bool = False
    pipeline: int = 1


def small(
    *,
    requests: dict[str, Any] | None = None,
    steps: dict[str, Any] | None = None,
    speech: dict[str, Any] | None = None,
    limits: Limits = Limits(),
    **others: Any,
) -> EngineRun:
    """Return a run of four requests, with columns replaced.

    The first runs alone in step 0 (0 to 1 s) and speaks at 1, 2, 4 and 5 s. The second, come
    at 0.5 s, gets 15 tokens in step 1, the other 5 in step 2, and speaks at 4 and 5 s. Nobody is
    there from 5 to 9 s. The third speaks its only token at 10 s. The fourth never fits.
    """
    nan = np.nan
    rows = {
        "status": np.array([1, 1, 1, 2], np.int8),
        "arrival_s": TRAFFIC.arrival_s,
        "scheduled_s": np.array([0.0, 1.0, 9.0, nan]),
        "first_token_s": np.array([1.0, 4.0, 10.0, nan]),
        "last_token_s": np.array([5.0, 5.0, 10.0, nan]),
        "generated": np.array([4, 2, 1, 0], np.int32),
        "preemptions": np.zeros(4, np.int32),
        "cached_tokens": np.zeros(4, np.int32),
        "recomputed_tokens": np.zeros(4, np.int32),
    }
    ran = {
        "start_s": np.array([0.0, 1.0, 2.0, 4.0, 9.0]),
        "end_s": np.array([1.0, 2.0, 4.0, 5.0, 10.0]),
        "prefill_tokens": np.array([10, 15, 5, 0, 5], np.int32),
        "decodes": np.array([0, 1, 1, 2, 0], np.int32),
        "sequences": np.array([1, 1, 2, 2, 1], np.int32),
        "running": np.array([1, 2, 2, 2, 1], np.int32),
        "waiting": np.zeros(5, np.int32),
        "used_blocks": np.array([1, 2, 3, 3, 1], np.int32),
        "extra_tokens": np.zeros(5, np.int32),
    }
    said = {
        "request": np.array([0, 1, 2], np.int32),
        "first_step": np.array([0, 2, 4], np.int32),
        "last_step": np.array([3, 3, 4], np.int32),
    }
    return EngineRun(
        others.pop("workload", TRAFFIC),
        limits,
        Requests(**rows | (requests or {})),
        Steps(**ran | (steps or {})),
        Speech(**said | (speech or {})),
        **others,
    )
