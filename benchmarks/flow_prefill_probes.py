"""Two probes of prefills that can be stopped, beside an independent prototype.

::

    HEADWAY_DATA=folder python benchmarks/flow_prefill_probes.py

The first conversations of Mooncake, whole prompts, on one instance of a simple cost: 4 ms + 65 µs
per token + 1.6 ns per query-key pair of a causal mask. Nothing runs on a GPU: all is simulated.
"""

from __future__ import annotations

import time

import numpy as np
from table import keep, machine

from headway.bench.tables import rounded
from headway.serving.prefill import (
    Limit,
    PrefillRequests,
    QuadraticWork,
    simulate,
    with_limits,
)
from headway.serving.workload import workload

Row = dict[str, object]

SPREAD_S = 3.0
SEEDS = (0, 1, 2)
QUADRATIC = QuadraticWork()

PROBE = {
    "fcfs whole": (0.859, 0.688, 0.517, 0.306),
    "fcfs chunk 2048": (0.853, 0.677, 0.498, 0.273),
    "edf chunk 512": (1.000, 0.996, 0.891, 0.534),
    "edf chunk 2048": (1.000, 1.000, 0.972, 0.728),
    "edf operator": (1.000, 1.000, 0.985, 0.800),
    "sjf chunk 2048": (1.000, 0.999, 0.991, 0.984),
    "srpt chunk 2048": (None, None, None, None),
    "s-edf chunk 2048": (1.000, 1.000, 0.997, 0.992),
    "s-edf operator": (1.000, 1.000, 0.998, 0.993),
    "flowprefill": (None, None, None, None),
}
"""Attainments of an independent prototype of the same probe, whose seed is not known."""

SCALES = (0.10, 0.16, 0.20, 0.23)

BURSTS = {"s-edf operator": 0.87, "sjf operator": 0.78, "edf chunk 512": 0.73, "fcfs whole": 0.35}
"""The same for the probe with bursts."""


def mooncake(n: int, seed: int | None) -> PrefillRequests:
    """Return the first conversations, whole prompts; spread over the ticks of their clock."""
    traffic = workload("mooncake-conversation").select(slice(n))
    if seed is not None:
        traffic = traffic.spread(SPREAD_S, seed)
    return PrefillRequests.of(traffic.arrival_s, traffic.prompt_tokens)


def offered(requests: PrefillRequests) -> float:
    """Return the seconds of work that arrive per second."""
    return float(np.sum(QUADRATIC.seconds(requests.loads)) / requests.span_s)


def probe() -> list[Row]:
    """Return the shares in time when limits grow with length and arrivals are spread."""
    rows = []
    for policy, known in PROBE.items():
        for scale, prototype in zip(SCALES, known, strict=True):
            runs = [
                simulate(
                    with_limits(
                        mooncake(3000, seed).scaled(scale), [Limit("all", 1, 5)], QUADRATIC
                    ),
                    QUADRATIC,
                    policy,
                )
                for seed in SEEDS
            ]
            shares = [run.attainment for run in runs]
            rows.append(
                {
                    "policy": policy,
                    "rate scale": scale,
                    "utilisation": rounded(offered(runs[0].requests), 2),
                    "prototype": prototype,
                    "simulated": rounded(np.mean(shares), 3),
                    "least": rounded(min(shares), 3),
                    "most": rounded(max(shares), 3),
                }
            )
    return rows


def bursts() -> list[Row]:
    """Return the shares in time when short prompts have tight limits and come in bursts."""
    limits = [Limit("short", 0.25, 4, up_to_tokens=2000), Limit("long", 0.5, 3)]
    requests = with_limits(mooncake(6000, None).scaled(0.1), limits, QUADRATIC)
    names = (
        *BURSTS,
        "s-edf layer",
        "s-edf chunk 2048",
        "srpt operator",
        "sjf whole",
        "flowprefill",
    )
    rows = []
    for policy in names:
        run = simulate(requests, QUADRATIC, policy)
        of = run.attainment_by_class()
        rows.append(
            {
                "policy": policy,
                "utilisation": rounded(offered(requests), 2),
                "prototype": BURSTS.get(policy),
                "simulated": rounded(run.attainment, 3),
                "short": rounded(of["short"], 3),
                "long": rounded(of["long"], 3),
                "TTFT mean s": rounded(run.ttft_s.mean(), 2),
            }
        )
    return rows


def main() -> None:
    """Simulate both and keep the tables."""
    began = time.process_time()
    facts = {
        "cost": "4 ms + 65 µs per token + 1.6 ns per query-key pair of a causal mask",
        **machine("numpy"),
    }
    keep(
        "flow_prefill_probe",
        "First 3,000 conversations, spread; limit 1 s + 5 × own time",
        probe(),
        **{"least, most": f"of {len(SEEDS)} seeds of the spread"},
        **facts,
    )
    keep(
        "flow_prefill_bursts",
        "First 6,000 conversations in bursts of 3 s; limits by length",
        bursts(),
        limits="0.25 s + 4 × own time up to 2,000 tokens, 0.5 s + 3 × own time beyond",
        **facts,
    )
    print(rounded(time.process_time() - began, 0), "CPU seconds")


if __name__ == "__main__":
    main()
