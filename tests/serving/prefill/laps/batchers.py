"""The batchers that the tests run, by name."""

from collections.abc import Callable

from headway.serving.prefill.laps import (
    AdaptiveWait,
    Batcher,
    DualQueue,
    FillBuckets,
    FixedWait,
    GraphBuckets,
    LearnedLatency,
    NoWait,
    OneQueue,
    TurnLatency,
)

GRAPHS = GraphBuckets((8, 64, 256), (1, 4, 16), launch_s=1e-6)


def belief(**settings: int) -> LearnedLatency:
    return LearnedLatency(TurnLatency(0, 4e-5, 0, 0, weights_s=1e-2), **settings)  # boundary 250


BATCHERS: dict[str, Callable[[], Batcher]] = {
    "one queue": OneQueue,
    "small budget": lambda: OneQueue(budget=300, most_turns=3),
    "alike": lambda: OneQueue(alike=True),
    "graph only": lambda: OneQueue(graphs=GRAPHS),
    "no wait": lambda: DualQueue(belief(), NoWait()),
    "fixed": lambda: DualQueue(belief(), FixedWait(0.01), GRAPHS, chunk_tokens=500),
    "adaptive": lambda: DualQueue(belief(first=8), AdaptiveWait(16), GRAPHS, patience_s=0.1),
    "padded": lambda: DualQueue(belief(), NoWait(), GRAPHS, always_pad=True, most_tokens=512),
    "fill": lambda: DualQueue(belief(), FillBuckets(4), GRAPHS, chunk_tokens=10_000),
}
NEVER_IDLE = ("one queue", "small budget", "alike", "graph only", "no wait", "padded")
