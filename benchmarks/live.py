"""Simulated equals live: one fleet file and one trace, in the simulator and through the gateway.

    python benchmarks/live.py                         # the first requests of Azure's chat service
    python benchmarks/live.py --trace FILE --scale 1 --requests 500 --name live-file

For each policy ``headway serve`` starts simulated engines, each a server of its own that is timed
by the step times of the simulator, and the gateway; the trace is then sent in real time and
measured by its client. *Simulated* figures are those of the simulator alone. The engines behind the
gateway are simulated, too: what is compared is the gateway, its clock, its views and its routing.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

import msgspec
import yaml
from gateway_load import free_ports, running, wait_for
from table import keep, machine

from headway.serving.fleet.experiment import FleetExperiment
from headway.serving.replay import Endpoint, ReplayRun, beside, replay
from headway.serving.replay.beside import engine_shares

POLICIES = ("least-request", "round-robin", "prefix-cache", "least-kv")

MODEL = "llama-3.1-8b"

HOME = Path(__file__).parent.parent / "examples"


def live(url: str, fleet: FleetExperiment, requests: int) -> ReplayRun:
    """Return what a client measures while the gateway runs."""

    async def job() -> ReplayRun:
        traffic = fleet.source.workload(0).select(slice(requests))
        return await replay(traffic, Endpoint(url=url, model=MODEL))

    return asyncio.run(job())


def served(document: Mapping[str, object], policy: str, folder: Path) -> tuple[Path, str]:
    """Write a fleet's file whose gateway listens at free ports."""
    port, admin = free_ports(2)
    file = folder / "fleet.yaml"
    serve = {"listen": f"127.0.0.1:{port}", "admin": f"127.0.0.1:{admin}"}
    file.write_text(yaml.safe_dump({**document, "policies": [policy], "serve": serve}))
    return file, f"http://127.0.0.1:{port}"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--trace", default=str(HOME / "azure_chat.csv"))
    parser.add_argument("--scale", type=float, default=5.0, help="times the rate of the trace")
    parser.add_argument("--requests", type=int, default=1200)
    parser.add_argument("--name", default="live", help="of the files of results")
    parser.add_argument(
        "--policies",
        nargs="+",
        default=["least-request", "round-robin", "prefix-cache", "least-kv"],
    )
    arguments = parser.parse_args()
    document = yaml.safe_load((HOME / "fleet.yaml").read_text())
    document["scrape_s"] = 1.0  # as the gateway does
    document["workload"] = {
        "trace": arguments.trace,
        "scale": arguments.scale,
        "limit_tokens": 1024,
        "requests": arguments.requests,
    }
    rows = []
    for policy in arguments.policies:
        with tempfile.TemporaryDirectory() as name:
            file, url = served(document, policy, Path(name))
            fleet = FleetExperiment.read(file)
            run = fleet.run(policy, 0)
            command = [sys.executable, "-m", "headway", "serve", str(file)]
            with running(command, Path(name) / "log"):
                wait_for(int(url.rpartition(":")[2]), {}, Path(name) / "log", model=MODEL)
                measured = live(url, fleet, arguments.requests)
        shares = engine_shares(run, [member.name for member in run.members])
        rows += [{"policy": policy, **row} for row in beside(run.measures, measured, shares)]
        failed = measured.document["failed"]
        rows.append(
            {"policy": policy, "figure": "failed", "simulated": 0, "measured": failed, "off": "–"}
        )
        print(msgspec.json.encode(rows[-1]).decode(), flush=True)
    facts = {"trace": Path(arguments.trace).name, "requests": arguments.requests}
    keep(
        arguments.name,
        "Simulated beside live: the same fleet file and trace",
        rows,
        **facts,
        **machine(),
    )


if __name__ == "__main__":
    main()
