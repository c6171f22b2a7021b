"""Admission by past answer lengths beside its extremes: steps and evictions, goodput under limits.

::

    python benchmarks/past_future.py table                  # 2 minutes a seed; HEADWAY_DATA
    python benchmarks/past_future.py table --seeds 1 --only dist-1
    python benchmarks/past_future.py goodput --plot benchmarks/results/past-future-goodput.png

``table`` repeats the first study of Gong et al. (2025): a cache of 120,000 tokens, 3,000 requests
that are all there from the beginning, steps that all take equally long, admission in every tenth
step. As in the study a run ends when nobody waits any more, and what counts is how many steps that
took, how often a request was thrown out for each one that ended, and how full the cache was. Beside
it stand the figures that the authors' programs print.

``goodput`` is a closed loop of clients who give up and try again; see `closed_loop.py`.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np
from closed_loop import goodput
from table import keep, machine

from headway.serving.engine import Engine, EngineConfig
from headway.serving.policies import (
    Admission,
    Aggressive,
    Conservative,
    DecayingRatio,
    Oracle,
    PastFuture,
)
from headway.serving.results import EngineRun
from headway.serving.step_time import Affine
from headway.serving.workload import NO_LIMIT, Workload, workload
from headway.simulate import Streams

CACHE_TOKENS = 120_000
OVERCOMMITTED = (
    "the study lets evicted requests in again by their prompts alone, beyond the cache, and evicts"
    " them in the next step; an engine cannot"
)
"""Why one figure differs."""

QUEUE = 500
"""So many requests are there at any time, more than ever run: as good as all of them."""

ROUND = {"every": 10, "round_tokens": 32_768}

LENGTHS: Mapping[str, tuple[tuple[int, int], tuple[int, int]]] = {
    "dist-1": ((32, 4096), (2048, 4096)),
    "dist-2": ((3000, 5000), (3000, 5000)),
    "dist-3": ((2048, 4096), (32, 4096)),
}
"""Shortest and longest prompt, shortest and longest answer; uniform."""

POLICIES: Mapping[str, Callable[..., Admission]] = {
    "AGGRESSIVE": Aggressive,
    "CONSERVATIVE": Conservative,
    "PAST-FUTURE": PastFuture,
    "ORACLE": Oracle,
    "DECAYING-RATIO": DecayingRatio,
}

PRINTED: Mapping[tuple[str, str], tuple[int, float, float | None]] = {
    ("dist-1", "AGGRESSIVE"): (282_700, 91.8, None),
    ("dist-1", "CONSERVATIVE"): (484_820, 0.0, 57.7),
    ("dist-1", "PAST-FUTURE"): (297_380, 8.9, 93.7),
    ("dist-1", "ORACLE"): (296_230, 0.0, None),
    ("dist-2", "AGGRESSIVE"): (612_310, 98.8, None),
    ("dist-2", "CONSERVATIVE"): (842_880, 0.0, 71.7),
    ("dist-2", "PAST-FUTURE"): (652_050, 7.1, 91.9),
    ("dist-2", "ORACLE"): (647_690, 0.0, None),
    ("dist-3", "AGGRESSIVE"): (234_540, 35.5, None),
    ("dist-3", "CONSERVATIVE"): (379_130, 0.0, 59.8),
    ("dist-3", "PAST-FUTURE"): (236_150, 2.8, 94.5),
    ("dist-3", "ORACLE"): (240_020, 0.0, None),
    ("sharegpt-o1", "AGGRESSIVE"): (66_560, 216.0, None),
    ("sharegpt-o1", "CONSERVATIVE"): (236_030, 0.0, None),
    ("sharegpt-o1", "PAST-FUTURE"): (70_640, 37.0, None),
    ("sharegpt-o1", "ORACLE"): (71_190, 0.0, None),
}
"""Steps, evictions per 100 requests that ended, cache used in percent: one run of the authors'
programs (github.com/WuSiYu/lightllm-ae, behavior-analysis), which draw without a seed."""


@dataclass(frozen=True)
class Study:
    """What the study measures.

    Attributes
    ----------
    steps
        Until nobody waited.
    evicted
        Evictions per 100 requests that had ended by then.
    used
        Mean share of the cache that was in use, in percent.
    """

    steps: int
    evicted: float
    used: float


def requests(name: str, seed: int) -> Workload:
    """Return the study's requests, all there from the beginning."""
    if name not in LENGTHS:
        real = workload(name)
        return real.at(np.zeros(len(real)))
    random = Streams(seed).of(name)
    prompt, output = (random.integers(low, high + 1, 3000) for low, high in LENGTHS[name])
    return Workload.of(arrival_s=np.zeros(3000), prompt_tokens=prompt, output_tokens=output)


def studied(traffic: Workload, policy: Admission) -> Study:
    """Run the study in an engine whose cache is counted in tokens.

    The study's decode step and the engine's are the same, but for one thing: in the study a request
    is computed at once when it is admitted, here in its first step; either way it then holds one
    token more per step, and ends with its last one.
    """
    config = EngineConfig(
        blocks=CACHE_TOKENS,
        block_tokens=1,
        token_budget=NO_LIMIT,
        max_sequences=NO_LIMIT,
        prefix_caching=False,
        clients=QUEUE,
    )
    return _until_nobody_waits(Engine(traffic, config, Affine(1.0), policy).run())


def _until_nobody_waits(run: EngineRun) -> Study:
    steps, table, speech = run.steps, run.requests, run.speech
    end = int(np.argmax(steps.waiting == 0))
    # Who was thrown out was silent for a while.
    thrown_out = np.flatnonzero(speech.request[1:] == speech.request[:-1])
    evictions = int((speech.last_step[thrown_out] < end).sum())
    ended = int((table.last_token_s <= steps.end_s[end]).sum())
    used = float(steps.used_blocks[:end].mean())
    return Study(end, 100 * evictions / ended, 100 * used / run.config.blocks)


def longest(name: str) -> int:
    """Return the longest answer that the study's policies reckon with."""
    return 4096 if name in LENGTHS else 6000


def table(names: list[str], seeds: int) -> None:
    """Print and keep the study's table."""
    begin = time.process_time()
    rows = [row for name in names for row in _rows(name, seeds)]
    keep(
        "past-future",
        "Admission policies: steps, evictions and use of a cache of 120,000 tokens",
        rows,
        **{
            "requests": "3,000 (ShareGPT-o1: 1,981), all there from the beginning",
            "printed": "by one run of the authors' programs, which draw without a seed",
            "simulated": f"mean of {seeds} seeds, ± the largest deviation from it",
            "evictions of AGGRESSIVE in dist-2": OVERCOMMITTED,
            "CPU seconds": round(time.process_time() - begin),
        },
        **machine("numpy"),
    )


def _rows(name: str, seeds: int) -> Iterator[dict[str, object]]:
    for policy, make in POLICIES.items():
        some = []
        for seed in range(seeds):
            own = {"seed": seed} if make is PastFuture else {}
            decider = make(max_output=longest(name), **ROUND, **own)
            some.append(studied(requests(name, seed), decider))
        printed = PRINTED.get((name, policy), (None, None, None))
        steps, evicted, used = (
            np.array([getattr(study, what) for study in some])
            for what in ("steps", "evicted", "used")
        )
        yield {
            "lengths": name,
            "policy": policy,
            "steps, printed": printed[0],
            "steps, simulated": f"{steps.mean():,.0f} ± {_spread(steps):,.0f}",
            "difference %": (
                None if printed[0] is None else round(100 * (steps.mean() / printed[0] - 1), 1)
            ),
            "evicted %, printed": printed[1],
            "evicted %, simulated": f"{evicted.mean():.1f} ± {_spread(evicted):.1f}",
            "used %, printed": printed[2],
            "used %, simulated": f"{used.mean():.1f} ± {_spread(used):.1f}",
        }


def _spread(values: np.ndarray) -> float:
    return float(np.abs(values - values.mean()).max())


def _as_the_server(*, max_output: int, **queue: int) -> Admission:
    """Return what the authors' server calls conservative: 12,000 tokens for every answer."""
    del max_output
    return Conservative(max_output=12_000, **queue)


def main() -> None:
    """Run what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parts = parser.add_subparsers(required=True)
    one = parts.add_parser("table", help="the authors' study")
    known = [*LENGTHS, "sharegpt-o1"]
    one.add_argument("--only", nargs="+", choices=known, default=known)
    one.add_argument("--seeds", type=int, default=1)
    one.set_defaults(run=lambda given: table(given.only, given.seeds))
    two = parts.add_parser("goodput", help="a closed loop with limits")
    two.add_argument("--models", nargs="+", default=["llama-2-7b", "llama-2-13b", "llama-2-70b"])
    two.add_argument("--gpu", default="a100-80gb")
    two.add_argument("--horizon", type=float, default=600.0, help="simulated seconds")
    two.add_argument("--plot", help="picture of goodput over clients")
    two.set_defaults(
        run=lambda given: goodput(
            {name: partial(requests, name, 0) for name in known},
            {**POLICIES, "CONSERVATIVE 12,000": _as_the_server},
            models=given.models,
            gpu=given.gpu,
            horizon_s=given.horizon,
            plot=given.plot,
        )
    )
    given = parser.parse_args()
    given.run(given)


if __name__ == "__main__":
    main()
