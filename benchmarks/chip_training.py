"""Train the linear rule for jobs that arrive at a chip, and write its weight file.

::

    python benchmarks/chip_training.py linear.json
    python benchmarks/chip_training.py linear.json --steps 50 --workers 2 --begin other.json

The recipe and a table of latencies beside those of ETF, on forty seeds that training has not seen,
go into the file. ``headway/simulate/chip/data/linear.json`` was made in this way.
"""

from __future__ import annotations

import argparse
from dataclasses import replace

import numpy as np
from chip import LOADS, workload

from headway.learn import Step
from headway.learn.chip import Recipe, train
from headway.simulate import chip

SEEDS = range(40)


def told(step: Step) -> None:
    """Print how it goes."""
    if step.number % 10 == 0:
        print(step.number, f"{step.cost:.4f} {step.validation:.4f} {step.time_s:.0f} s", flush=True)


def measured(rule: chip.Bound) -> list[dict[str, object]]:
    """Return mean latencies beside those of ETF, one record per load."""
    rows: list[dict[str, object]] = []
    for label, settings in LOADS.items():
        load = workload(settings)
        own, etf = (
            np.mean([chip.outcome(load, policy, seed=seed).latency.mean() for seed in SEEDS])
            for policy in (rule, "ETF")
        )
        rows.append(
            {
                "load": label,
                "latency": round(float(own), 1),
                "ETF": round(float(etf), 1),
                "ratio": round(float(own / etf), 4),
            }
        )
        print(rows[-1], flush=True)
    return rows


def main() -> None:
    """Train, measure and write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("file")
    parser.add_argument("--steps", type=int, default=200)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--begin", help="a weight file to start from")
    arguments = parser.parse_args()
    recipe = Recipe(seed=arguments.seed)
    recipe = replace(recipe, stage=replace(recipe.stage, steps=arguments.steps))
    found = train(
        chip.top(),
        recipe,
        begin=None if arguments.begin is None else chip.read_weights(arguments.begin).vector,
        workers=arguments.workers,
        on_step=told,
    )
    # What is written is rounded, and what is measured is what is written.
    written = chip.parse_weights(found.to_json().encode())
    replace(written, measured=measured(written.rule)).save(arguments.file)


if __name__ == "__main__":
    main()
