"""Dispatchers of job shops: classic rules, the trained rule, published learned ones.

::

    python benchmarks/dispatchers.py

Mean gaps to the best known values on Taillard's 80, Demirkol's 80 and Lawrence's 40 instances, and
by class. Every schedule is verified. Seconds are those of the processor, one core, verification
included, so that the load of the machine hardly matters. Published figures are averages of the
results by instance that AndreaCorsini1/SelfLabelingJobShop gives (output/Results.xlsx), for its own
network SLIM, for L2D and for others; they ran on other machines.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from table import keep, machine

from headway.instances import best_known, instance
from headway.learn import trained
from headway.learn.jobshop import FEATURE_SET, SETS, JobShopRule
from headway.simulate import Policy, paired
from headway.simulate.dispatch import Decoder, Dispatcher, Greedy, Sampled

PUBLISHED = {
    "SPT, time-advancing": (27.4, 30.0, 21.2),
    "MWR, time-advancing": (19.5, 29.4, 12.7),
    "MOR, time-advancing": (20.1, 33.7, 13.7),
    "L2D, greedy": (25.5, 38.7, 17.4),
    "SLIM, greedy": (13.4, 20.0, 7.8),
    "MOR, random, best of 128": (14.5, 28.8, 7.0),
    "L2D, best of 128": (20.5, 32.5, 10.5),
    "SLIM, best of 32": (9.5, 14.9, None),
    "SLIM, best of 128": (8.4, 14.0, 3.0),
    "SLIM, best of 512": (7.8, 13.1, 2.5),
    "SLIM, best of 1024": (7.4, 12.6, None),
    "INSA": (18.0, 26.0, 8.4),
    "shifting bottleneck": (14.8, 17.1, 3.7),
}
"""Mean gaps on Taillard, Demirkol and Lawrence, percent."""

SLIM_CLASSES = {
    "ta01-10, 15×15": (13.8, 7.3),
    "ta11-20, 20×15": (15.0, 9.3),
    "ta21-30, 20×20": (15.2, 9.9),
    "ta31-40, 30×15": (17.1, 11.0),
    "ta41-50, 30×20": (18.5, 13.4),
    "ta51-60, 50×15": (10.1, 5.5),
    "ta61-70, 50×20": (11.5, 8.4),
    "ta71-80, 100×20": (5.9, 2.3),
}
"""Published gaps of SLIM by class, greedy and best of 128."""

CLASSIC = ("SPT", "LPT", "MWKR", "LWKR", "MOPNR", "LOPNR", "FDD/MWKR", "LTAIL", "FIFO", "RANDOM")


@dataclass(frozen=True)
class Way:
    """How schedules are made."""

    title: str
    policy: str | Policy
    decoder: Decoder
    delta: float = 0.0


def ways(rule: JobShopRule) -> list[Way]:
    """Return all that is measured."""
    classic = [Way(f"{name}, non-delay", name, Greedy()) for name in CLASSIC]
    sampled = [
        Way("RANDOM, best of 128", "RANDOM", Sampled(128)),
        Way("MOPNR, 20 % noise, best of 128", "MOPNR", Sampled(128, 0.0, spread=0.2)),
        Way("LTAIL, 20 % noise, best of 128", "LTAIL", Sampled(128, 0.0, spread=0.2)),
    ]
    decoders: list[tuple[str, Decoder]] = [
        ("greedy", Greedy()),
        ("greedy both ways, 2 passes", Sampled(2, both_ways=True)),
        *((f"best of {k}", rule.independent(k)) for k in (32, 128, 512)),
        *((f"search, {k} passes", rule.search(k)) for k in (32, 128, 512)),
    ]
    ours = [Way(f"trained, {t}", rule.policy, d, rule.delta) for t, d in decoders]
    return [*classic, *sampled, *ours]


def measured(way: Way, names: Sequence[str]) -> tuple[np.ndarray, float]:
    """Return the gaps in percent by instance, and the processor's seconds."""
    gaps, seconds = [], 0.0
    for name in names:
        problem = instance(name)
        began = time.process_time()
        schedule = Dispatcher(problem, way.delta).run(way.policy, way.decoder)
        seconds += time.process_time() - began
        gaps.append(100 * (schedule.makespan / best_known(name).upper - 1))
    return np.array(gaps), seconds


def classes() -> dict[str, list[int]]:
    """Return the positions of instances in all sets together, by class."""
    every = [name for names in SETS.values() for name in names]
    found: dict[str, list[int]] = {}
    for label in SLIM_CLASSES:
        first = every.index(label[:4])
        found[label] = list(range(first, first + 10))
    for set_name in ("Demirkol", "Lawrence"):
        size = 5
        for k in range(0, len(SETS[set_name]), size):
            members = SETS[set_name][k : k + size]
            problem = instance(members[0])
            jobs, machines = problem.n_jobs, len(problem.resources)
            label = f"{members[0]}-{members[-1][-2:]}, {jobs}×{machines}"
            found[label] = [every.index(name) for name in members]
    return found


def main() -> None:
    """Measure everything and keep both tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.parse_args()
    rule = JobShopRule(trained("jobshop-makespan", FEATURE_SET))
    gaps: dict[str, np.ndarray] = {}
    rows: list[dict[str, object]] = []
    for way in ways(rule):
        parts, seconds = zip(*(measured(way, names) for names in SETS.values()), strict=True)
        gaps[way.title] = np.concatenate(parts)
        rows.append(
            {
                "dispatcher": way.title,
                "figures": "measured",
                **{f"{s} %": round(float(p.mean()), 2) for s, p in zip(SETS, parts, strict=True)},
                **{f"{s}, s": round(t, 2) for s, t in zip(SETS, seconds, strict=True)},
            }
        )
        print(rows[-1], flush=True)
    best = min((f"{name}, non-delay" for name in CLASSIC), key=lambda title: gaps[title].mean())
    noisy = "LTAIL, 20 % noise, best of 128"
    for row in rows:
        title = str(row["dispatcher"])
        many = any(word in title for word in ("best of", "search", "2 passes"))
        other = noisy if many else best
        row["paired with"] = "" if title == other else other
        row["difference %"] = row["p"] = None
        if title != other:
            comparison = paired(gaps[title], gaps[other])
            row["difference %"] = round(comparison.difference, 2)
            row["p"] = float(f"{comparison.p_value:.1g}")
    blank = dict.fromkeys(rows[0])
    for title, figures in PUBLISHED.items():
        means = dict(zip((f"{s} %" for s in SETS), figures, strict=True))
        rows.append({**blank, "dispatcher": title, "figures": "published", **means})
    about = {
        "gap": "mean of makespan / best known - 1",
        "s": "processor seconds on one core for all instances of the set, verification included",
        "p": "Wilcoxon's signed-rank test over the 200 instances, against the best classic rule"
        " with one pass or many",
        "trained on": "random instances with durations from 1 to 99; the sets were never seen",
        **machine(),
    }
    keep("dispatchers", "Dispatchers of job shops (measured and published)", rows, **about)
    keep(
        "dispatchers-classes",
        "Dispatchers of job shops by class, mean gap in percent",
        class_rows(gaps, best, noisy),
        **about,
    )


def class_rows(gaps: dict[str, np.ndarray], best: str, noisy: str) -> list[dict[str, object]]:
    """Return the table by class."""
    rows = []
    for label, members in classes().items():
        slim = SLIM_CLASSES.get(label, (None, None))
        row: dict[str, object] = {"class": label}
        for title in (
            best,
            noisy,
            "trained, greedy",
            "trained, best of 128",
            "trained, search, 128 passes",
        ):
            row[title] = round(float(gaps[title][members].mean()), 2)
        row |= {"SLIM greedy (published)": slim[0], "SLIM best of 128 (published)": slim[1]}
        rows.append(row)
    return rows


if __name__ == "__main__":
    main()
