"""Which scaler: time in violation and replica-hours under loads that step and that go up and down.

::

    python benchmarks/scaling.py                  # two minutes; writes the table and two pictures
    python benchmarks/scaling.py --start 120      # engines that need two minutes to start

Up to twelve engines (Llama-3.1-8B on an L40S by the roofline) need 60 s to start. The target is 40
requests in flight an engine, which keeps times to first token below the limit of one second. A
slot of ten seconds is in violation if fewer than 95 % of its requests kept the limit.
"""

from __future__ import annotations

import argparse
from typing import Any

import numpy as np
from table import RESULTS, keep, machine

from headway.serving.engine import preset
from headway.serving.fleet import FleetRun, FleetSimulation, Member
from headway.serving.fleet.decisions import Controller
from headway.serving.fleet.routing import router
from headway.serving.fleet.scaling import Apa, Hpa, Kpa, Scaler, violation_s
from headway.serving.hardware import Deployment, Gpu
from headway.serving.models import LanguageModel
from headway.serving.step_time import Roofline
from headway.serving.workload import ServiceClass, Workload
from headway.show.lines import Line, Panel, chart

ENGINES, FIRST, TARGET = 12, 2, 40.0
PEAK = 8
"""Engines that the largest load needs: what it costs to have them all the time."""

BLOCKS = 8_000
SLOT_S = 30.0


def step(at_s: np.ndarray) -> np.ndarray:
    """Return requests per second: five times as many for a quarter of an hour."""
    return np.where((at_s >= 900) & (at_s < 1800), 40.0, 8.0)


def sawtooth(at_s: np.ndarray) -> np.ndarray:
    """Return requests per second: from few to many in eight minutes, and at once back."""
    return 6 + 34 * (at_s % 480) / 480


LOADS = {"step": (step, 3600.0), "sawtooth": (sawtooth, 3840.0)}


def traffic(name: str, seed: int) -> Workload:
    """Return requests by a Poisson process of that rate, thinned from its largest."""
    rate, over_s = LOADS[name]
    rng = np.random.default_rng(seed)
    most = 50.0
    at_s = np.sort(rng.uniform(0, over_s, rng.poisson(most * over_s)))
    at_s = at_s[rng.uniform(0, most, len(at_s)) < rate(at_s)]
    n = len(at_s)
    return Workload.of(
        name=name,
        arrival_s=at_s,
        prompt_tokens=np.clip(rng.lognormal(6.5, 0.8, n), 16, 6000).astype(int),
        output_tokens=np.clip(rng.lognormal(5.0, 0.7, n), 1, 1500).astype(int),
        classes=(ServiceClass("all", ttft_s=1.0),),
    )


def scalers() -> dict[str, list[Controller]]:
    """Return those to compare; cool-downs as the projects have them."""
    return {
        f"{PEAK} engines": [],
        "KPA": [Scaler(Kpa(TARGET), least=FIRST, period_s=2.0, down_calm_s=0.0)],
        "KPA, 300 s cool-down": [Scaler(Kpa(TARGET), least=FIRST, period_s=2.0)],
        "APA": [Scaler(Apa(TARGET), least=FIRST)],
        "APA, no cool-down": [Scaler(Apa(TARGET), least=FIRST, down_calm_s=0.0)],
        "HPA": [Scaler(Hpa(TARGET), least=FIRST, period_s=15.0)],
    }


def engines(run: FleetRun, at_s: np.ndarray, first: int) -> np.ndarray:
    """Return how many engines were paid for at these times."""
    count = np.full(len(at_s), first, dtype=np.float64)
    for note in run.notes:
        if note.what in ("start", "stop"):
            count[at_s >= note.at_s] += 1 if note.what == "start" else -1
    return count


def row(name: str, by: str, run: FleetRun) -> dict[str, Any]:
    violated, hours = violation_s(run), run.replica_seconds / 3600
    told = run.document
    return {
        "load": name,
        "scaler": by,
        "in violation s": f"{violated:.0f}",
        "replica-hours": f"{hours:.2f}",
        "product": f"{violated * hours:.0f}",
        "kept limits": f"{100 * told['attainment']:.1f} %",
        "TTFT P99 s": f"{np.nanpercentile(run.ttft_s, 99):.2f}",
        "starts": run.count("start"),
        "reversals": told["reversals"],
    }


def picture(name: str, runs: dict[str, FleetRun]) -> None:
    """Draw load, engines and late requests over time."""
    rate, over_s = LOADS[name]
    at_s = np.linspace(0, over_s, 721)
    slots = np.arange(0, over_s, SLOT_S)
    drawn = [by for by in runs if not by.endswith("engines")]
    late = []
    for by in drawn:
        run = runs[by]
        slot = (run.requests.arrival_s // SLOT_S).astype(int)
        came = np.bincount(slot, minlength=len(slots))
        bad = np.bincount(slot, weights=~run.attained, minlength=len(slots))
        late.append(Line(by, slots, 100 * bad / np.maximum(came, 1), "step"))
    chart(
        [
            Panel((Line("requests", at_s, rate(at_s), "area"),), y_label="requests/s"),
            Panel(
                tuple(Line(by, at_s, engines(runs[by], at_s, FIRST), "step") for by in drawn),
                y_label="engines paid for",
            ),
            Panel(tuple(late), x_label="time (s)", y_label="over the limit (%)", top=100),
        ],
        title=f"Scalers under a {name}",
        facts="simulated; engines need a while to start; limit 1 s to the first token",
        height=2.2,
    ).save(RESULTS / f"scaling-{name}.png")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--start", type=float, default=60.0, help="seconds an engine needs")
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    deployment = Deployment(LanguageModel.named("llama-3.1-8b"), Gpu.named("l40s"))
    step_time = Roofline(deployment)
    members = [
        Member(
            name=f"l40s-{k}",
            config=preset("vllm", blocks=BLOCKS),
            step_time=step_time,
            start_s=given.start,
        )
        for k in range(ENGINES)
    ]
    rows = []
    for name in LOADS:
        workload, runs = traffic(name, given.seed), {}
        for by, controllers in scalers().items():
            first = FIRST if controllers else PEAK
            runs[by] = FleetSimulation(
                workload,
                members,
                router("least-request"),
                controllers=controllers,
                started=range(first),
                seed=given.seed,
            ).run()
            rows.append(row(name, by, runs[by]))
            print(rows[-1], flush=True)
        picture(name, runs)
    keep(
        "scaling",
        "Scalers under a step and a sawtooth",
        rows,
        figures="simulated",
        engines=f"Llama-3.1-8B on an L40S, roofline; {given.start:g} s to start; 2 to 12 of them",
        target=f"{TARGET:g} requests in flight an engine; time to first token at most 1 s",
        **machine(),
    )


if __name__ == "__main__":
    main()
