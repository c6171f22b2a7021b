"""Finetuning in the slack of an inference engine, token by token (FlexLLM), and other sharing."""

from headway.serving.coserve.memory import TARGETS, Activations, Lora, Room
from headway.serving.coserve.policies import CoServing, DynamicTemporal, FixedTemporal, Sharing
from headway.serving.coserve.share import Part, SharedRun, alone_tokens_per_s, share, spatial
from headway.serving.coserve.tuning import NOTHING, Tuning, Window, sequences

__all__ = [
    "NOTHING",
    "TARGETS",
    "Activations",
    "CoServing",
    "DynamicTemporal",
    "FixedTemporal",
    "Lora",
    "Part",
    "Room",
    "SharedRun",
    "Sharing",
    "Tuning",
    "Window",
    "alone_tokens_per_s",
    "sequences",
    "share",
    "spatial",
]
