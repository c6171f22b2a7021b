"""A small engine and a small job that the tests share."""

from itertools import cycle

import numpy as np

from headway.serving.coserve import (
    Activations,
    CoServing,
    DynamicTemporal,
    FixedTemporal,
    Room,
    Tuning,
)
from headway.serving.engine import EngineConfig
from headway.serving.hardware import Deployment, Gpu
from headway.serving.models import LanguageModel
from headway.serving.step_time import Roofline
from headway.serving.workload import ServiceClass, Workload

MODEL = LanguageModel.named("llama-3.1-8b")
STEP_TIME = Roofline(Deployment(MODEL, Gpu.named("h100")))
ACTIVATIONS = Activations(MODEL)
CONFIG = EngineConfig(blocks=4000, token_budget=512)
ROOM = Room(8192 * ACTIVATIONS.bytes_per_token())
LIMIT_S = 0.05

POLICIES = {
    "co-serving": CoServing,
    "narrow": lambda *job: CoServing(*job, most_tokens=300, most_layers=2),
    "temporal, every 8": lambda *job: FixedTemporal(*job, every=8),
    "temporal, dynamic": DynamicTemporal,
}


def chats(n: int = 12, rate: float = 4.0, seed: int = 0) -> Workload:
    rng = np.random.default_rng(seed)
    return Workload.of(
        arrival_s=np.cumsum(rng.exponential(1 / rate, n)),
        prompt_tokens=rng.integers(10, 1500, n),
        output_tokens=rng.integers(1, 80, n),
        classes=[ServiceClass("chat", ttft_s=5.0, tpot_s=LIMIT_S)],
    )


def job(*lengths: int, room: Room = ROOM) -> tuple[Tuning, Roofline, Room]:
    """Return a job of such sequences, again and again, and what policies want besides."""
    return Tuning(cycle(lengths), ACTIVATIONS), STEP_TIME, room
