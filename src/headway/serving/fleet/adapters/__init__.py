"""Low-rank adapters that are loaded and unloaded while a fleet runs (AIBrix's LoRA placement)."""

from headway.serving.fleet.adapters.catalogue import Adapter, Catalogue, lora_bytes
from headway.serving.fleet.adapters.placement import (
    Placement,
    Placer,
    bin_pack,
    least_adapters,
    least_latency,
    random,
)
from headway.serving.fleet.adapters.shelves import Loading, Shelves

__all__ = [
    "Adapter",
    "Catalogue",
    "Loading",
    "Placement",
    "Placer",
    "Shelves",
    "bin_pack",
    "least_adapters",
    "least_latency",
    "lora_bytes",
    "random",
]
