"""Prefills that can be stopped: how much traffic keeps its limits, and what each part is worth.

::

    HEADWAY_DATA=folder python benchmarks/flow_prefill.py          # about ten minutes
    HEADWAY_DATA=folder python benchmarks/flow_prefill.py -n 800   # a first impression

One instance that only prefills, as in a service that decodes elsewhere. Traffic are conversations
of Mooncake, whose 3-second bursts are spread, with limits by length, and two services of Azure
together with a limit each. A pass, a chunk or a resumption waits half a millisecond for the
scheduler. Nothing runs on a GPU: all figures are simulated but those in columns named published,
which are the paper's, from traffic and GPUs of its own.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cache

import numpy as np
from table import RESULTS, keep, machine

from headway.bench.tables import rounded
from headway.instances.remote import data_folder
from headway.serving.hardware import Deployment, Gpu
from headway.serving.models import LanguageModel
from headway.serving.prefill import (
    PREDICTORS,
    Alone,
    Guards,
    Limit,
    MaxGoodput,
    NoisyFitting,
    PrefillPolicy,
    PrefillRequests,
    PrefillWork,
    SloAware,
    StepWork,
    find,
    max_goodput,
    simulate,
    with_limits,
)
from headway.serving.step_time import LayerTables, Roofline
from headway.serving.workload import workload
from headway.show.lines import Line, Panel, chart

Row = dict[str, object]

SPREAD_S = 3.0
TARGET = 0.9
SERVICE_LIMITS_S = (0.5, 3.0)
ROUND_S = 0.5e-3
LAYERS = "serving/vllm_0.19/RTXPRO6000/profile"


def by_length(n: int) -> PrefillRequests:
    """Return conversations of Mooncake whose limits go by length, on a roofline."""
    limits = [
        Limit("short", 0.25, 4, up_to_tokens=2048),
        Limit("middle", 1, 3, up_to_tokens=16_384),
        Limit("long", 4, 3),
    ]
    traffic = workload("mooncake-conversation").select(slice(n)).spread(SPREAD_S)
    return with_limits(
        PrefillRequests.of(traffic.arrival_s, traffic.prompt_tokens), limits, llama()
    )


def by_service(n: int) -> PrefillRequests:
    """Return the requests of both Azure services, with a limit each, on measured layers."""
    parts = [workload(name) for name in ("azure-conv", "azure-code")]
    arrival = np.concatenate([part.arrival_s for part in parts])
    order = np.argsort(arrival, kind="stable")[:n]
    tokens = np.concatenate([part.prompt_tokens for part in parts])[order]
    service = np.repeat([0, 1], [len(part) for part in parts])[order]
    return PrefillRequests.of(
        arrival[order],
        tokens,
        ttft_s=np.array(SERVICE_LIMITS_S)[service],
        service_class=service,
        classes=("conversation", "code"),
    )


PUBLISHED = {"flowprefill": "4.7 to 5.6"}
"""Max goodput over DistServe in the paper, on traces and GPUs of its own."""

CONTENDERS = (
    "distserve",
    "fcfs whole",
    "fcfs chunk 512",
    "fcfs chunk 2048",
    "fcfs chunk 8192",
    "edf chunk 512",
    "edf chunk 2048",
    "edf chunk 8192",
    "edf operator",
    "hrrn whole",
    "preflow chunk 2048",
    "sjf operator",
    "srpt operator",
    "s-edf whole",
    "s-edf chunk 2048",
    "s-edf layer",
    "s-edf operator",
    "flowprefill",
)


@cache
def llama() -> PrefillWork:
    """Return what prefills of an 8B model cost on an H100, from first principles."""
    return StepWork(Roofline(Deployment(LanguageModel.named("llama-3.1-8b"), Gpu.named("h100"))))


@cache
def measured() -> PrefillWork:
    """Return what they cost on an RTX PRO 6000, from layers measured there."""
    return StepWork(LayerTables.read(data_folder() / LAYERS, 32))


def offered(requests: PrefillRequests, work: PrefillWork) -> float:
    """Return the seconds of work that arrive per second."""
    return float(np.sum(work.seconds(requests.loads)) / requests.span_s)


def contender(name: str) -> PrefillPolicy:
    """Return a policy that pays for its scheduling rounds."""
    return replace(find(name), round_s=ROUND_S)


def goodput(
    title: str, requests: PrefillRequests, work: PrefillWork
) -> tuple[list[Row], dict[str, MaxGoodput]]:
    """Return the largest rate with 90 % in time, for each policy, and how the search went."""
    found = {}
    for name in CONTENDERS:
        policy = contender(name)
        found[name] = max_goodput(
            lambda scale, policy=policy: simulate(requests.scaled(scale), work, policy).attainment,
            target=TARGET,
            low=0.2,
            high=2.0,
            tolerance=0.02,
        )
        print(title, name, rounded(found[name].scale, 3), flush=True)
    rate = len(requests) / requests.span_s
    base = found["distserve"].scale
    rows = [
        {
            "traffic": title,
            "policy": name,
            "max goodput req/s (simulated)": rounded(best.scale * rate, 2),
            "utilisation there": rounded(offered(requests, work) * best.scale, 2),
            "over distserve (simulated)": rounded(best.scale / base, 2) if base else None,
            "over distserve (published)": PUBLISHED.get(name),
        }
        for name, best in found.items()
    ]
    return rows, found


def tightest(title: str, requests: PrefillRequests, work: PrefillWork, scale: float) -> list[Row]:
    """Return the share of all limits that keeps 90 % in time, at a given rate."""
    traffic, rows = requests.scaled(scale), []
    for name in ("fcfs chunk 2048", "edf chunk 2048", "s-edf chunk 2048", "flowprefill"):
        policy = contender(name)
        best = max_goodput(
            lambda tighter, policy=policy: (
                simulate(replace(traffic, ttft_s=traffic.ttft_s / tighter), work, policy).attainment
            ),
            target=TARGET,
            low=0.2,
            high=2.0,
            tolerance=0.02,
        )
        rows.append({"traffic": title, "policy": name, "times the limits": 1 / best.scale})
    shortest = float(str(rows[-1]["times the limits"]))
    for row in rows:
        times = float(str(row["times the limits"]))
        row["times the limits"] = rounded(times, 3)
        row["times flowprefill's (simulated)"] = rounded(times / shortest, 2)
        chunked = "chunk" in str(row["policy"])
        row["times flowprefill's (published)"] = "1.5 to 3.1" if chunked else None
    return rows


def blocking(title: str, requests: PrefillRequests, work: PrefillWork, scale: float) -> list[Row]:
    """Return how long the more urgent wait for who runs, by where that can be cut."""
    rows = []
    for cut in ("operator", "layer", "chunk 512", "chunk 2048", "chunk 8192", "whole"):
        run = simulate(requests.scaled(scale), work, contender(f"s-edf {cut}"))
        known = run.blocking_s[~np.isnan(run.blocking_s)]
        rows.append(
            {
                "traffic": title,
                "cut": cut,
                "blocked": len(known),
                "mean ms": rounded(1e3 * known.mean(), 2) if len(known) else None,
                "p99 ms": rounded(1e3 * np.percentile(known, 99), 1) if len(known) else None,
                "published mean ms": "below 4.5" if cut == "operator" else None,
                "attainment": rounded(run.attainment, 3),
            }
        )
    operator = float(str(rows[0]["mean ms"]))
    for row in rows:
        row["times operator"] = rounded(float(str(row["mean ms"])) / operator, 1)
        row["published times operator"] = "3.5 to 4.2" if row["cut"] == "layer" else None
    return rows


VARIANTS: Mapping[str, Callable[[PrefillPolicy], PrefillPolicy]] = {
    "as it is": lambda policy: policy,
    "one at a time": lambda policy: replace(policy, batching=Alone()),
    "batches without harm": lambda policy: replace(policy, batching=SloAware(harm=False)),
    "batches from 3 seeds": lambda policy: replace(policy, batching=SloAware(seeds=3)),
    "margin 50 ms": lambda policy: replace(policy, guards=Guards(margin=0.05)),
    "immune after one stop": lambda policy: replace(policy, guards=Guards(preemptions=1)),
    "at most 4 stops": lambda policy: replace(policy, guards=Guards(preemptions=4)),
    "none past 90 %": lambda policy: replace(policy, guards=Guards(progress=0.9)),
    "resumed after 50 ms": lambda policy: replace(policy, guards=Guards(resume_s=0.05)),
    "resumed after 1 s": lambda policy: replace(policy, guards=Guards(resume_s=1.0)),
    "rescue of short ones, 2 s": lambda policy: replace(
        policy, guards=Guards(rescue_s=2.0, short_s=0.1)
    ),
    "state lost at a stop": lambda policy: replace(policy, keeps_state=False),
    "predictor: line": lambda policy: replace(policy, fitting=PREDICTORS["linear"]),
    "predictor: length buckets": lambda policy: replace(policy, fitting=PREDICTORS["buckets"]),
    "predictor: ± 30 % noise": lambda policy: replace(policy, fitting=NoisyFitting(spread=0.3)),
    "predictor: line ± 30 %": lambda policy: replace(
        policy, fitting=NoisyFitting(PREDICTORS["linear"], 0.3)
    ),
}
"""Guards, batches and predictors, one at a time."""


def ablation(title: str, requests: PrefillRequests, work: PrefillWork, scale: float) -> list[Row]:
    """Return what each guard, batching and predictor does at a rate."""
    rows = []
    for name, change in VARIANTS.items():
        policy = change(contender("flowprefill"))
        run = simulate(requests.scaled(scale), work, policy)
        rows.append(
            {
                "traffic": title,
                "flowprefill": name,
                "clairvoyant": "yes" if policy.fitting(work).clairvoyant else "no",
                "attainment": rounded(run.attainment, 3),
                "by class": ", ".join(
                    f"{kind} {share:.3f}" for kind, share in run.attainment_by_class().items()
                ),
                "TTFT mean s": rounded(run.ttft_s.mean(), 2),
                "p99 s": rounded(np.percentile(run.ttft_s, 99), 1),
                "largest s": rounded(run.ttft_s.max(), 0),
                "stops": int(run.preemptions.sum()),
                "longest suspended s": rounded(run.suspended_s.max(), 1),
                "computed again s": rounded(run.wasted_s.sum(), 0),
            }
        )
    return rows


def picture(name: str, found: Mapping[str, tuple[float, dict[str, MaxGoodput]]]) -> None:
    """Draw the share in time over the rate for some policies."""
    shown = ("distserve", "fcfs chunk 2048", "edf chunk 2048", "srpt operator", "flowprefill")
    panels = []
    for title, (rate, searches) in found.items():
        lines = [Line(name, *np.array(searches[name].tried).T * [[rate], [1.0]]) for name in shown]
        label = "" if panels else "share in time"
        panels.append(Panel(tuple(lines), f"{title}: requests per second", label, top=1.0))
    chart(
        panels,
        title="First tokens in time over the rate of arrivals (simulated)",
        facts="one instance that only prefills; points of the search for 90 %",
        columns=len(panels),
        width=9,
        height=3.2,
    ).save(RESULTS / f"{name}.png")


CASES: Mapping[str, tuple[Callable[[int], PrefillRequests], Callable[[], PrefillWork]]] = {
    "mooncake conversation, 8B on H100 (roofline)": (by_length, llama),
    "azure code + conversation, 8B on RTX PRO 6000 (measured layers)": (by_service, measured),
}


def experiment(n: int, prefix: str, facts: Row) -> None:
    """Search for the most traffic, and take the winner apart at the rate it reaches."""
    rows, limits, blocks, parts, found = [], [], [], [], {}
    for title, (traffic, cost) in CASES.items():
        requests, work = traffic(n), cost()
        own, searches = goodput(title, requests, work)
        rows += own
        best = searches["flowprefill"].scale
        limits += tightest(title, requests, work, searches["fcfs chunk 2048"].scale)
        blocks += blocking(title, requests, work, best * 0.8)
        parts += ablation(f"{title}, {rounded(best, 3)} of its rate", requests, work, best)
        found[title.partition(",")[0]] = (len(requests) / requests.span_s, searches)
    note = {"requests": n, **facts}
    keep(prefix, "Most traffic with 90 % of first tokens in time", rows, **note)
    keep(
        f"{prefix}_limits",
        "Tightest limits at the most traffic that fcfs chunk 2048 carries",
        limits,
        **note,
    )
    keep(f"{prefix}_blocking", "Blocking at 0.8 of that traffic (simulated)", blocks, **note)
    keep(f"{prefix}_parts", "FlowPrefill taken apart at that traffic (simulated)", parts, **note)
    picture(prefix, found)


def main() -> None:
    """Simulate all and keep the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("-n", "--requests", type=int, default=6000, help="of each trace, the first")
    parser.add_argument("--name", default="flow_prefill", help="name of the result files")
    args = parser.parse_args()
    began = time.process_time()
    facts = {**machine("numpy"), "round before every pass": f"{ROUND_S * 1e3} ms"}
    experiment(args.requests, args.name, facts)
    print(rounded(time.process_time() - began, 0), "CPU seconds")


if __name__ == "__main__":
    main()
