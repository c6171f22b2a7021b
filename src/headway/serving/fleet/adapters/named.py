"""Placers as files of fleets name them."""

from __future__ import annotations

from functools import partial
from typing import Any

from headway.serving.fleet.adapters.placement import (
    Placement,
    Strategy,
    bin_pack,
    least_adapters,
    least_latency,
    random,
)


def _placement(name: str, strategy: Strategy, *, seed: int = 0, **settings: Any) -> Placement:
    return Placement(name, strategy, seed=seed, **settings)


lora_random = partial(_placement, "lora-random", random)
lora_least_adapters = partial(_placement, "lora-least-adapters", least_adapters)
lora_bin_pack = partial(_placement, "lora-bin-pack", bin_pack)
lora_least_latency = partial(_placement, "lora-least-latency", least_latency)
