"""Language models as far as the cost of serving them goes: dimensions, weights, cache."""

from headway.serving.models.catalogue import model_names
from headway.serving.models.dtypes import DTYPES, dtype_bytes
from headway.serving.models.layers import (
    Attention,
    Experts,
    FeedForward,
    GroupedAttention,
    LatentAttention,
)
from headway.serving.models.model import LanguageModel

__all__ = [
    "DTYPES",
    "Attention",
    "Experts",
    "FeedForward",
    "GroupedAttention",
    "LanguageModel",
    "LatentAttention",
    "dtype_bytes",
    "model_names",
]
