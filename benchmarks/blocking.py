"""Blocking shops with interruptions: dispatching rules by shutdown probability and size.

::

    python benchmarks/blocking.py                   # la01-la40, 10 seeds, about two minutes
    python benchmarks/blocking.py exact -t 60       # twenty minutes

No machine has a buffer; cycles of finished jobs change places at once. With a probability, an
operation is interrupted once it has begun, for a time of exponential length (mean 20, fractions
dropped, at least 1). All rules meet the same interruptions. One run per rule and probability is
turned into a schedule and verified. ``exact`` optimises the makespan without interruptions, by tabu
search and by CP-SAT, on the problem in which tasks block their machines.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import replace

import numpy as np
from table import RESULTS, keep, machine

import headway as hw
from headway.model.tables import ABSENT, ints
from headway.simulate import Decision, Policy, paired, summary
from headway.simulate.scenario import Scenario
from headway.simulate.shop import RULES, ShopWorld, trace_of
from headway.simulate.shop.features import BLOCKING_REFERENCE

CLASSES = {
    "10×5": (1, 5), "15×5": (6, 10), "20×5": (11, 15), "10×10": (16, 20), "15×10": (21, 25),
    "20×10": (26, 30), "30×10": (31, 35), "15×15": (36, 40),
}  # fmt: skip

PROBABILITIES = (0.0, 0.05, 0.1, 0.2)

SEARCH_S = 10.0

SMALL = ("la01", "la02", "la03", "la04", "la05", "la16", "la17", "la18", "la19", "la20")

NAMES = ("SPT", "LPT", "MTWR", "LTWR", "MOR", "LOR", "FIFO", "BLK")


class Random:
    """Any candidate, with equal chance."""

    name = "random"

    def __init__(self, seed: int) -> None:
        self._rng = np.random.default_rng(seed)

    def score(self, decision: Decision) -> np.ndarray:
        """Return a draw per candidate."""
        return self._rng.random(len(decision))


def policies(seed: int) -> dict[str, Policy]:
    """Return all that are compared, by the names of the table."""
    rules: dict[str, Policy] = {name: RULES.find(name) for name in NAMES}
    rules["ES-linear, reference"] = BLOCKING_REFERENCE
    rules["ES-linear, shipped"] = RULES.find("LEARNED-BLOCKING")
    return {**rules, "random": Random(seed)}


def scenario(problem: hw.Problem, probability: float) -> Scenario:
    """Return the laws of one problem without buffers."""
    text = (
        "{kind: shop, buffer: 0, interruptions: "
        f"{{probability: {probability}, length: exponential(20)}}}}"
    )
    return Scenario.parse(text, problem=problem)


def makespans(seeds: int) -> dict[tuple[str, float], np.ndarray]:
    """Return makespans of shape (instances, seeds) by rule and probability."""
    problems = [hw.instance(f"la{k:02d}") for k in range(1, 41)]
    found: dict[tuple[str, float], np.ndarray] = {}
    for probability in PROBABILITIES:
        # Without interruptions all seeds are the same.
        drawn = seeds if probability else 1
        for i, problem in enumerate(problems):
            laws = scenario(problem, probability)
            for seed in range(drawn):
                world = ShopWorld(laws.draw(seed))
                for name, policy in policies(seed).items():
                    world.reset()
                    world.play(policy)
                    table = found.setdefault((name, probability), np.zeros((40, drawn)))
                    table[i, seed] = world.value
                    if i == seed == 0:
                        trace_of(world, name)
        print(f"p = {probability:.0%} done", flush=True)
    return found


def by_probability(found: dict[tuple[str, float], np.ndarray]) -> list[dict[str, object]]:
    """Return the mean makespan of each rule at each probability, and its spread over seeds."""
    rows = []
    for name in policies(0):
        row: dict[str, object] = {"rule": name}
        for p in PROBABILITIES:
            over_seeds = summary(found[name, p].mean(axis=0))
            spread = f" ± {over_seeds.half_width:.0f}" if over_seeds.n > 1 else ""
            row[f"p = {p:.0%}"] = f"{over_seeds.mean:.0f}{spread}"
        against = paired(found[name, 0.1].mean(axis=1), found["LOR", 0.1].mean(axis=1))
        row["against LOR, p = 10%"] = (
            f"{100 * (against.ratio - 1):+.1f} % (p = {against.p_value:.1g})"
        )
        rows.append(row)
    return rows


def by_class(
    found: dict[tuple[str, float], np.ndarray], best: dict[str, int]
) -> list[dict[str, object]]:
    """Return the mean makespan of each rule without interruptions, class by class."""
    rows = []
    for name in policies(0):
        row: dict[str, object] = {"rule": name}
        for size, (first, last) in CLASSES.items():
            row[size] = round(float(found[name, 0.0][first - 1 : last].mean()))
        rows.append(row)
    row = {"rule": "best schedule found"}
    for size, (first, last) in CLASSES.items():
        values = [best[f"la{k:02d}"] for k in range(first, last + 1) if f"la{k:02d}" in best]
        row[size] = round(float(np.mean(values))) if len(values) == 5 else None
    if any(value is not None for name, value in row.items() if name != "rule"):
        rows.append(row)
    return rows


def blocking(problem: hw.Problem) -> hw.Problem:
    """Return a job shop in which each task keeps its machine until the next one of its job."""
    job = problem.tasks.job
    last = np.append(job[1:] != job[:-1], True)
    until = np.where(last, ABSENT, np.arange(1, len(job) + 1))
    return replace(problem, tasks=replace(problem.tasks, hold_until=ints(until)))


def exact(time_limit: float, names: list[str]) -> list[dict[str, object]]:
    """Return the best makespans without interruptions."""
    rows = []
    for name in names:
        problem = blocking(hw.instance(name))
        search = hw.solve(problem, method="blocking", time_limit=SEARCH_S, workers=2)
        # It proves more with the subsolvers that eight threads bring, even on two cores.
        proof = hw.solve(problem, method="cpsat", time_limit=time_limit, workers=8)
        values = [r.schedule.makespan for r in (search, proof) if r.schedule is not None]
        assert proof.bound is not None
        rows.append(
            {
                "instance": name,
                f"search, {SEARCH_S:g} s": None if not search.objective else search.objective[0],
                "CP-SAT": None if not proof.objective else proof.objective[0],
                "bound": proof.bound[0],
                "best": min(values),
                "proven": min(values) == proof.bound[0],
                "CP-SAT s": round(proof.time_s, 1),
            }
        )
        print(rows[-1], flush=True)
    return rows


def known() -> dict[str, int]:
    """Return the best makespans that an earlier run has kept."""
    path = RESULTS / "blocking-exact.json"
    if not path.exists():
        return {}
    rows = json.loads(path.read_text(encoding="utf-8"))["rows"]
    return {row["instance"]: row["best"] for row in rows}


def main() -> None:
    """Play all rules, or optimise, and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", nargs="?", choices=("rules", "exact"), default="rules")
    parser.add_argument("-s", "--seeds", type=int, default=10)
    parser.add_argument("-t", "--time-limit", type=float, default=60.0, help="per exact run")
    parser.add_argument("-i", "--instances", nargs="*", default=list(SMALL))
    args = parser.parse_args()
    if args.what == "exact":
        keep(
            "blocking-exact",
            f"Blocking shops with swaps, {args.time_limit:g} s (measured)",
            exact(args.time_limit, args.instances),
            **machine(),
        )
        return
    found = makespans(args.seeds)
    keep(
        "blocking",
        f"Blocking shops, mean makespan over la01–la40, {args.seeds} seeds (simulated)",
        by_probability(found),
        spread="half width of the 95 % interval of the mean over seeds; p of Wilcoxon's signed-rank"
        " test over the 40 instances",
        **machine(),
    )
    keep(
        "blocking-classes",
        "Blocking shops, mean makespan by size, no interruptions (simulated)",
        by_class(found, known()),
        **machine(),
    )


if __name__ == "__main__":
    main()
