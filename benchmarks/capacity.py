"""The cheapest fleet for an hour of real traffic: half of each tenth to plan with, half to test.

::

    HEADWAY_DATA=… python benchmarks/capacity.py            # some minutes

Azure's traces, four times as fast as it was recorded, on the engines of
examples/fleet.yaml (Llama-3.1-8B on L40S and H100, prices made up): the first token within a second
and 60 ms per token for 99 % of the requests.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

import msgspec
from table import keep, machine

from headway.serving.fleet.experiment import FleetExperiment
from headway.serving.fleet.planning import Slo, plan

EXAMPLE = Path(__file__).parent.parent / "examples" / "fleet.yaml"
LOAD = 4.0
MOST = {"azure-conv": (12, 6), "azure-code": (4, 24)}
ROUTERS = ("least-request", "least-kv", "round-robin")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--traces", default="azure-conv,azure-code")
    parser.add_argument("--workers", type=int, default=2)
    given = parser.parse_args()
    fleet = FleetExperiment.read(EXAMPLE)
    rows: list[dict[str, object]] = []
    for trace in given.traces.split(","):
        groups = zip(fleet.file.engines, MOST[trace], strict=True)
        engines = tuple(msgspec.structs.replace(group, most=most) for group, most in groups)
        sized = replace(fleet, file=msgspec.structs.replace(fleet.file, engines=engines))
        found = plan(
            sized.replaying(trace).at_load(LOAD),
            Slo(0.99),
            policies=ROUTERS,
            workers=given.workers,
        )
        print(found.text(), flush=True)
        least = {"at least": round(found.least_per_h, 4)}
        rows += [{"trace": trace, **least, **row} for row in found.rows]
    keep(
        "capacity",
        "The cheapest fleet for an hour of Azure's traffic, four times as fast (simulated)",
        rows,
        promise="first token within 1 s, 60 ms per token, for 99 % of the requests",
        prices="made up: 1 per hour for an L40S, 3 for an H100; at most 12 and 6 of them for"
        " azure-conv, 4 and 24 for azure-code",
        **machine(),
    )


if __name__ == "__main__":
    main()
