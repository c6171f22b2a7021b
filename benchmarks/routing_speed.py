"""What a decision costs: microseconds of CPU a request, by router, engines and length of prompts.

::

    python benchmarks/routing_speed.py                     # a minute
    python benchmarks/routing_speed.py --routers prefix-cache least-request

Each router decides on random views and hears of each end. Prompts are conversations that grow: of
four blocks, and of 180, which is what 90 kB are in blocks of 512 bytes. The time of a decision
includes that of hearing of an end. Then what naming the blocks of such a prompt costs.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from table import keep, machine

from headway.serving.fleet import ClusterView, Dispatch, Engines, RequestView
from headway.serving.fleet.decisions import Router
from headway.serving.fleet.routing import chain, router, routers
from headway.serving.fleet.view import Latencies

SIZES = (2, 8, 64)
SHORT, LONG = 4, 180
PER_ENGINE = 8
"""Requests in flight, on average."""
CHUNK = 300
"""Decisions that are timed together."""


@dataclass(frozen=True)
class Case:
    """Views and requests, made before anything is timed."""

    views: list[ClusterView]
    requests: list[RequestView]


def engines(n: int) -> Engines:
    labels = [{"length_class": "short"}, {"length_class": "long"}]
    return Engines(
        names=tuple(f"engine-{k}" for k in range(n)),
        kinds=("engine",) * n,
        roles=("both",) * n,
        blocks=np.full(n, 27_000),
        block_tokens=np.full(n, 16),
        max_sequences=np.full(n, 256),
        price_per_h=np.ones(n),
        labels=tuple(labels[k % 2] for k in range(n)),
        adapters=(frozenset(),) * n,
    )


def case(n: int, blocks: int, decisions: int) -> Case:
    rng = np.random.default_rng(n + blocks)
    static = engines(n)
    views, requests = [], []
    told = Latencies(*(np.full(n, mean) for mean in (0.1, 0.5, 2.0, 600.0, 100.0)))
    history = rng.integers(0, 2**62, (64, 8 * blocks))
    for number in range(decisions):
        load = rng.integers(PER_ENGINE // 2, PER_ENGINE * 3 // 2, n)
        used = rng.integers(0, 20_000, n)
        waiting = rng.integers(0, 3, n)
        views.append(
            ClusterView(
                now_s=0.01 * number,
                engines=static,
                ready=np.ones(n, dtype=np.bool_),
                in_flight=load + waiting,
                running=load,
                waiting=waiting,
                free_blocks=27_000 - used,
                wanted_blocks=waiting * 64,
                wanted_blocks_first=np.minimum(waiting, 1) * 64,
                latencies=lambda: told,
            )
        )
        # A turn keeps what was said before; the last eighth of it is new to everybody.
        names = history[rng.integers(64)][:blocks].copy()
        names[blocks - max(blocks // 8, 1) :] = rng.integers(0, 2**62, max(blocks // 8, 1))
        requests.append(
            RequestView(
                number=number,
                arrival_s=0.01 * number,
                prompt_tokens=128 * blocks + 5,
                limit_tokens=1000,
                priority=0,
                service_class=number % 3,
                deadline_s=0.01 * number + 1e6,
                session=int(rng.integers(500)),
                blocks=names,
                block_tokens=128,
            )
        )
    return Case(views, requests)


def play(by: Router, given: Case, n: int) -> Iterator[float]:
    """Yield the seconds of each chunk of decisions."""
    there: list[tuple[int, int]] = []
    begin, chunk = time.thread_time(), 0
    for view, request in zip(given.views, given.requests, strict=True):
        decision = by.route(view, request)
        if isinstance(decision, Dispatch):
            there.append((request.number, decision.engine))
        if len(there) > PER_ENGINE * n:
            number, engine = there.pop(0)
            by.ended(number, engine, 100, view.now_s)
        chunk += 1
        if chunk == CHUNK:
            yield time.thread_time() - begin
            begin, chunk = time.thread_time(), 0


def microseconds(make: Callable[[], Router], given: Case, n: int) -> float:
    """Return what a decision costs in the best of the later chunks, when memories are full."""
    chunks = list(play(make(), given, n))
    return 1e6 * min(chunks[len(chunks) // 2 :]) / CHUNK


def naming() -> str:
    """Return what naming the blocks of a prompt costs, by the size of a block."""
    text, found = np.random.default_rng(0).bytes(90 * 1024), []
    for size in (128, 512, 2048):
        took_s = []
        for _ in range(20):
            begin = time.thread_time()
            for _ in range(50):
                chain(text, size)
            took_s.append((time.thread_time() - begin) / 50)
        rate = len(text) / min(took_s) / 1e9
        found.append(f"{1e6 * min(took_s):.1f} µs by {size} bytes ({rate:.1f} GB/s)")
    return ", ".join(found)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--routers", nargs="*", help="names; all of them by default")
    parser.add_argument("--decisions", type=int, default=8 * CHUNK)
    given = parser.parse_args()
    names = given.routers or [
        *routers(),
        "prefix-cache:3,least-request:1",
        "fcfs/least-request",
        "vtc/prefix-cache",
    ]
    cases = {
        (n, blocks): case(n, blocks, given.decisions) for n in SIZES for blocks in (SHORT, LONG)
    }
    rows = []
    for name in names:
        row: dict[str, object] = {"router": name}
        for (n, blocks), one in cases.items():
            cost = microseconds(lambda name=name: router(name, 1), one, n)
            row[f"{n} engines, {blocks} blocks"] = f"{cost:.1f}"
        rows.append(row)
        print(row, flush=True)
    names = naming()
    print(f"names of the blocks of 90 kB: {names}")
    keep(
        "routing_speed",
        "Microseconds of CPU a decision",
        rows,
        figures="measured; the best of four chunks of 300 decisions, ends included",
        **{"names of the blocks of 90 kB": names},
        **machine(),
    )


if __name__ == "__main__":
    main()
