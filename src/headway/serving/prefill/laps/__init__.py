"""Prefill batches by length: short turns gather, long ones go in chunks (LAPS)."""

from headway.serving.prefill.laps.batch import Batch, Batcher, Segment, Turn
from headway.serving.prefill.laps.dual_queue import DualQueue
from headway.serving.prefill.laps.graphs import GraphBuckets
from headway.serving.prefill.laps.latency import TurnLatency
from headway.serving.prefill.laps.learning import LearnedLatency
from headway.serving.prefill.laps.mixing import mean_wait, mixing_wait
from headway.serving.prefill.laps.one_queue import OneQueue
from headway.serving.prefill.laps.serve import Clients, serve
from headway.serving.prefill.laps.turns import turns
from headway.serving.prefill.laps.wait import (
    AdaptiveWait,
    FillBuckets,
    FixedWait,
    Gathering,
    NoWait,
    Wait,
)

__all__ = [
    "AdaptiveWait",
    "Batch",
    "Batcher",
    "Clients",
    "DualQueue",
    "FillBuckets",
    "FixedWait",
    "Gathering",
    "GraphBuckets",
    "LearnedLatency",
    "NoWait",
    "OneQueue",
    "Segment",
    "Turn",
    "TurnLatency",
    "Wait",
    "mean_wait",
    "mixing_wait",
    "serve",
    "turns",
]
