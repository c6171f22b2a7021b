"""Profiles that several tests share."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from headway.serving.fleet.scaling import Profile

DATA = Path(__file__).parents[3] / "data" / "profiles"
A40 = DATA / "llama2-7b-a40.json"
A100 = Profile.read(DATA / "llama2-7b-a100.json")


def profile(kind: str, cost: float, rate_per_s: list[list[float]]) -> Profile:
    """Return one with lengths that are powers of two, from 128."""
    rows, columns = np.shape(rate_per_s)
    outputs, prompts = 128 * 2.0 ** np.arange(rows), 128 * 2.0 ** np.arange(columns)
    return Profile(kind, cost, outputs, prompts, np.array(rate_per_s))
