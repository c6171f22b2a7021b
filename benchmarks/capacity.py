"""The cheapest fleet for an hour of real traffic: planned with one half, tested with the other.

::

    HEADWAY_DATA=… python benchmarks/capacity.py            # some minutes

Azure's conversation trace, four times as fast as it was recorded, on the engines of
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
MOST = (12, 6)
ROUTERS = ("least-request", "least-kv", "round-robin")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--traces", default="azure-conv")
    parser.add_argument("--workers", type=int, default=2)
    given = parser.parse_args()
    fleet = FleetExperiment.read(EXAMPLE)
    groups = zip(fleet.file.engines, MOST, strict=True)
    engines = tuple(msgspec.structs.replace(group, most=most) for group, most in groups)
    fleet = replace(fleet, file=msgspec.structs.replace(fleet.file, engines=engines))
    rows: list[dict[str, object]] = []
    for trace in given.traces.split(","):
        found = plan(
            fleet.replaying(trace).at_load(LOAD),
            Slo(0.99),
            policies=ROUTERS,
            workers=given.workers,
        )
        print(found.text(), flush=True)
        rows += [{"trace": trace, **row} for row in found.rows]
    keep(
        "capacity",
        "The cheapest fleet for an hour of Azure's traffic, four times as fast (simulated)",
        rows,
        promise="first token within 1 s, 60 ms per token, for 99 % of the requests",
        prices="made up: 1 per hour for an L40S, 3 for an H100; at most 12 and 6 of them",
        **machine(),
    )


if __name__ == "__main__":
    main()
