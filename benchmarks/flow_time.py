"""Total flow time on one machine whose jobs reveal their sizes gradually, against the optimum.

::

    python benchmarks/flow_time.py            # every figure, a few minutes
    python benchmarks/flow_time.py --quick    # a tenth of the random instances

Figures are ratios of total flow time to that of SRPT, which knows all sizes and is optimal. Where
the specification of the method gives a figure, it stands beside ours; its random instances come
from laws that are not named, so that only those of fixed instances can agree to the digit.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterable
from itertools import product

import numpy as np
from table import keep, machine

from headway.bench.tables import rounded
from headway.simulate.single import (
    Chains,
    batch_of_tests,
    outcome,
    random_chains,
    tightness_stream,
    uniform_tests,
    why_chunks,
)
from headway.simulate.single.families import LAWS

Row = dict[str, object]

LOADS = (0.5, 1.0, 2.0, 5.0)


class Ratios:
    """Runs policies, and counts decisions and seconds on the way."""

    def __init__(self) -> None:
        self.events, self.time_s = 0, 0.0

    def total(self, jobs: Chains, policy: str, reveal: str | None = None, seed: int = 0) -> int:
        began = time.perf_counter()
        served = outcome(jobs, policy, reveal=reveal, seed=seed)
        self.time_s += time.perf_counter() - began
        self.events += served.events
        return served.total_flow

    def of(
        self, family: Iterable[Chains], policy: str, reveal: str | None = None
    ) -> tuple[float, float, int]:
        """Return mean and worst ratio to the optimum, and the number of instances."""
        ratios = [
            self.total(jobs, policy, reveal, seed) / self.total(jobs, "srpt")
            for seed, jobs in enumerate(family)
        ]
        return float(np.mean(ratios)), max(ratios), len(ratios)


def row(family: str, policy: str, found: tuple[float, float, int], published: str = "") -> Row:
    mean, worst, count = found
    return {
        "family": family,
        "policy": policy,
        "instances": count,
        "mean ratio": rounded(mean, 3),
        "worst ratio": rounded(worst, 3),
        "specification": published,
    }


def fixed(ratios: Ratios) -> list[Row]:
    """Instances that have no chance in them."""
    rows = []
    for n, published in ((10, 1.409), (100, 1.490), (1000, 1.499)):
        found = ratios.of([batch_of_tests(n)], "op_srpt")
        rows.append(row(f"batch of {n} tests", "op_srpt", found, str(published)))
    for n, published in ((20, 1.836), (60, 1.938), (150, 1.974)):
        for policy, figure in (("op_srpt", published), ("chunked", "1.00")):
            found = ratios.of([tightness_stream(n)], policy)
            rows.append(row(f"tightness stream, n = {n}", policy, found, str(figure)))
    table = {
        "op_srpt": ("1.15", "1.85", "4.41"),
        "chunked": ("1.15", "1.24", "1.24"),
        "known_size": ("1.06", "1.08", "1.13"),
    }
    for k, longest in enumerate((4, 16, 64)):
        for policy, figures in table.items():
            found = ratios.of([why_chunks(longest)], policy)
            rows.append(row(f"why chunks, m = {longest}", policy, found, figures[k]))
    return rows


def tests(ratios: Ratios, count: int) -> list[Row]:
    """Random jobs of a test of common length and an operation."""
    rng = np.random.default_rng(0)
    family = [
        uniform_tests(int(rng.integers(2, 41)), law=law, load=load, seed=seed)
        for seed, (load, law) in zip(range(count), _cycle(LOADS, LAWS), strict=False)
    ]
    return [row("uniform tests", "op_srpt", ratios.of(family, "op_srpt"), "1.183 / 1.770")]


def chains(ratios: Ratios, count: int) -> list[Row]:
    """Random chains of operations, under all policies that see what is revealed."""
    published = {
        2: ("1.03 / 1.18", "1.06 / 1.35", "1.12 / 1.69", "2.2 / 9.1"),
        4: ("1.07 / 1.32", "1.12 / 1.68", "1.20 / 1.99", "2.0 / 9.2"),
        8: ("1.12 / 1.55", "1.22 / 2.09", "1.31 / 2.25", "2.0 / 11.8"),
        16: ("1.21 / 1.68", "1.36 / 2.71", "1.46 / 2.90", "3.4 / 15.9"),
    }
    rows = []
    for longest, figures in published.items():
        family = [
            random_chains(60, longest, law=law, seed=seed)
            for seed, (law,) in zip(range(count), _cycle(LAWS), strict=False)
        ]
        for policy, figure in zip(
            ("op_srpt", "chunked", "known_size", "fifo"), figures, strict=True
        ):
            name = f"random chains, m = {longest}"
            rows.append(row(name, policy, ratios.of(family, policy), figure))
    return rows


def other_models(ratios: Ratios, count: int) -> list[Row]:
    """The same machine when less is revealed, or estimates are."""
    family = [
        random_chains(60, 4, law=law, mean=100, seed=seed)
        for seed, (law,) in zip(range(count), _cycle(LAWS), strict=False)
    ]
    rows = []
    for factor in (1.5, 4, 16):
        for policy in ("srpt_estimate", "srpt_estimate(0)"):
            found = ratios.of(family, policy, f"estimate({factor})")
            rows.append(row(f"estimates within a factor {factor}", policy, found))
    for share in ("3/4", "1/2", "1/4", "1/10"):
        found = ratios.of(family, f"slf({share}, 5)")
        rows.append(row(f"rest shown at {share}", f"slf({share}, 5)", found))
    blind = ("las(5)", "round_robin(5)", "mlfq(10, 20)", "fifo")
    return rows + [row("nothing revealed", policy, ratios.of(family, policy)) for policy in blind]


def _cycle(*choices: Iterable[object]) -> Iterable[tuple]:
    while True:
        yield from product(*choices)


def main() -> None:
    """Measure all and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="a tenth of the random instances")
    parser.add_argument("--name", default="flow_time", help="name of the result files")
    args = parser.parse_args()
    part = 10 if args.quick else 1
    ratios = Ratios()
    rows = fixed(ratios)
    rows += tests(ratios, 3000 // part)
    rows += chains(ratios, 240 // part)
    rows += other_models(ratios, 60 // part)
    facts = {
        **machine("numpy"),
        "ratio": "total flow time / that of SRPT on total sizes (simulated)",
        "specification": "mean / worst where there are two figures; its size laws are not named",
        "size laws of ours": ", ".join(f"{name} {law}" for name, law in LAWS.items()),
        "decisions per second": rounded(ratios.events / ratios.time_s, 0),
    }
    keep(args.name, "Total flow time with gradually revealed jobs (simulated)", rows, **facts)


if __name__ == "__main__":
    main()
