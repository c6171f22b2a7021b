"""Where the sample files are."""

from __future__ import annotations

from pathlib import Path

DATA = Path(__file__).parents[1] / "data"
PLANS = Path(__file__).parents[2] / "examples"

FORMATS = {
    "ft06.txt": "job-shop",
    "la01.txt": "job-shop",
    "reentrant.txt": "job-shop",
    "tailed.txt": "job-shop",
    "taillard_two.txt": "taillard",
    "taillard_plain.txt": "taillard",
    "rec01.txt": "flow-shop",
    "tai20_5_two.txt": "flow-shop",
    "ssd.txt": "flow-shop",
    "hybrid.txt": "hybrid-flow-shop",
    "due_dates.txt": "flow-shop-due-dates",
    "gp03-01.txt": "open-shop",
    "square.txt": "open-shop",
    "taillard_open.txt": "open-shop",
    "kacem1.fjs": "fjs",
    "mk01.fjs": "fjs",
    "jobshop_few.txt": "or-library",
    "dafjs01.txt": "fjs-graph",
    "small.sm": "psplib",
    "small.mm": "psplib",
    "j30_1_3.rcp": "patterson",
    "broken.rcp": "patterson",
    "small.sch": "rcpsp-max",
    "wt40_three.txt": "weighted-tardiness",
}
"""The format of every sample file."""
