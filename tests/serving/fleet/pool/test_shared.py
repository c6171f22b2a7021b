"""Prefixes that engines share: what is fetched, when it comes, and what that is good for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from headway.errors import ConfigError
from headway.serving.engine import EngineConfig
from headway.serving.fleet import (
    ClusterView,
    Crash,
    Dispatch,
    Fault,
    FleetRun,
    FleetSimulation,
    Link,
    Member,
    RequestView,
    SlowLink,
)
from headway.serving.fleet.experiment import FleetExperiment
from headway.serving.fleet.explain import explain
from headway.serving.fleet.pool import CachePool
from headway.serving.fleet.routing import router
from headway.serving.results import Status
from headway.serving.step_time import Affine
from headway.serving.workload import Blocks, Workload

LINK = Link(bytes_per_s=16.0, latency_s=0.5)


class Listed:
    """To the engines of a list, one after the other."""

    name = "listed"

    def __init__(self, *engines: int) -> None:
        self._engines = engines

    def route(self, cluster: ClusterView, request: RequestView) -> Dispatch:
        return Dispatch(self._engines[request.number])

    def ended(self, *told: Any) -> None:
        pass


def member(name: str, blocks: int = 100, **given_settings: Any) -> Member:
    """Return an engine with steps of a second, and one more for every ten tokens of prompts."""
    config = EngineConfig(blocks=blocks, block_tokens=4, max_sequences=4)
    step_time = Affine(1.0, {"prefill_tokens": 0.1})
    fixed = {"name": name, "config": config, "step_time": step_time, "bytes_per_token": 1.0}
    return Member(**{**fixed, **given_settings})


def traffic(*requests: tuple[float, int, list[int]], output: int = 1) -> Workload:
    """Return requests by arrival, prompt tokens and names of blocks of 4 tokens."""
    arrivals, prompts, blocks = zip(*requests, strict=True)
    return Workload.of(
        arrival_s=arrivals,
        prompt_tokens=prompts,
        output_tokens=[output] * len(requests),
        blocks=Blocks.of(list(blocks), 4),
    )


def pool(size: float = 1000, link: Link = LINK, **more: Any) -> CachePool:
    return CachePool(size_bytes=size, link=link, **more)


def play(
    workload: Workload,
    *engines: int,
    own: CachePool | None = None,
    members: Sequence[Member] = (member("a"), member("b")),
    faults: Sequence[Fault] = (),
) -> FleetRun:
    return FleetSimulation(
        workload, members, Listed(*engines), pool=own or pool(), faults=faults
    ).run()


def fetched(run: FleetRun) -> list[int]:
    assert run.pool is not None
    found: list[int] = run.pool.fetched_tokens.tolist()
    return found


TEN = list(range(10))


def test_what_one_engine_has_computed_another_one_fetches() -> None:
    """40 tokens take 5 s to compute and 3 s to be moved, one of them is computed anyway."""
    run = play(traffic((0, 40, TEN), (20, 40, TEN), (40, 44, [*TEN, 99])), 0, 1, 0)
    assert fetched(run) == [0, 39, 0]  # the third finds its prefix in the engine
    assert run.requests.first_token_s.tolist() == pytest.approx([5, 20 + 3 + 1.1, 40 + 1.4])
    assert run.requests.cached_tokens.tolist() == [0, 39, 40]
    told = run.document["cache_pool"]
    assert told["read_bytes"] == 40
    assert told["written_bytes"] == 44
    assert told["hit_rate"] == pytest.approx(39 / 124)
    assert told["engine_hit_rate"] == pytest.approx(40 / 124)
    assert "of prompt tokens, beside 32.3% in engines" in run.text("x")


def test_nothing_is_shared_between_adapters() -> None:
    """Neither with engines' own caches nor with the pool: the fourth finds the second's, at b."""
    both = frozenset({"sql", "law"})
    members = (member("a", adapters=both), member("b", adapters=both))
    asked = traffic(*((20.0 * k, 40, TEN) for k in range(5)))
    mixed = replace(asked, adapters=("sql", "law"), adapter=[-1, 0, 1, 0, 0])
    run = play(mixed, 0, 0, 0, 1, 0, members=members)
    assert fetched(run) == [0, 0, 0, 39, 0]
    assert run.requests.cached_tokens.tolist() == [0, 0, 0, 39, 36]


def test_nothing_is_there_before_it_has_been_moved() -> None:
    """The first ends at 5 and is in the pool at 8."""
    for at_s, tokens in ((7.9, 0), (8.0, 39)):
        assert fetched(play(traffic((0, 40, TEN), (at_s, 40, TEN)), 0, 1)) == [0, tokens]


def test_only_what_the_engine_lacks_is_fetched_and_the_rest_is_shared() -> None:
    """Engine 1 has 16 tokens of the 40, in blocks that somebody holds who is speaking.

    So 24 tokens are moved, and 41 tokens take 7 blocks more.
    """
    workload = Workload.of(
        arrival_s=[0, 5, 20],
        prompt_tokens=[16, 40, 41],
        output_tokens=[60, 1, 1],
        blocks=Blocks.of([TEN[:4], TEN, [*TEN, 99]], 4),
    )
    run = play(workload, 1, 0, 1, own=pool(link=Link(bytes_per_s=100.0, latency_s=0)))
    assert fetched(run) == [0, 0, 24]
    assert run.requests.cached_tokens[2] == 40
    steps = run.steps[1]
    (both,) = np.flatnonzero(steps.running == 2)
    alone = steps.used_blocks[both - 1 : both + 2 : 2]
    assert steps.used_blocks[both] - alone.max() == 7


def test_it_is_fetched_only_if_that_is_quicker_unless_it_must() -> None:
    slow = Link(bytes_per_s=9.0, latency_s=0.5)
    two = traffic((0, 40, TEN), (20, 40, TEN))
    run = play(two, 0, 1, own=pool(link=slow))
    assert fetched(run) == [0, 0]
    assert run.document["cache_pool"]["declined"] == 1
    assert run.document["cache_pool"]["found_rate"] == pytest.approx(39 / 80)
    assert run.requests.first_token_s[1] == 25
    always = play(two, 0, 1, own=pool(link=slow, selective=False))
    assert fetched(always) == [0, 39]
    assert always.requests.first_token_s[1] == pytest.approx(20 + 0.5 + 40 / 9 + 1.1)


def test_an_engine_fetches_one_after_the_other_and_a_slow_link_takes_longer() -> None:
    quick = pool(link=Link(bytes_per_s=40.0, latency_s=0))
    workload = traffic((0, 40, TEN), (20, 40, TEN), (20, 40, TEN))
    run = play(workload, 0, 1, 1, own=quick)
    assert fetched(run) == [0, 39, 39]
    # The third comes at 22, while the second one's step of 1.1 s goes on until 22.1.
    assert run.requests.first_token_s[1:].tolist() == pytest.approx([22.1, 23.2])
    slow = SlowLink(at_s=10, engine=1, until_s=30, pace=3.0)
    late = play(workload, 0, 1, 1, own=quick, faults=[slow])
    assert fetched(late) == [0, 39, 0]
    # It comes at 23, while the third one's prompt is computed until 25.
    assert late.requests.first_token_s[1:].tolist() == pytest.approx([26.1, 25])


def test_a_full_pool_forgets_tails_first() -> None:
    own = pool(size=40, policy="lru")
    workload = traffic((0, 40, TEN), (20, 8, [50, 51]), (40, 40, TEN))
    run = play(workload, 0, 0, 1, own=own)
    assert fetched(run) == [0, 0, 32]
    told = run.document["cache_pool"]
    assert told["blocks"] == 10
    assert told["evicted_blocks"] == 4


def test_answers_are_stored_as_far_as_they_have_names() -> None:
    """Of 8 tokens said the last one has no cache yet: 40 + 7 tokens fill 11 blocks."""
    longer = [*TEN, 70, 71]
    first = Workload.of(
        arrival_s=[0, 40],
        prompt_tokens=[40, 48],
        output_tokens=[8, 1],
        blocks=Blocks.of([longer, longer], 4),
    )
    run = play(first, 0, 1)
    assert fetched(run) == [0, 44]


def test_prefill_engines_fetch_and_store_and_engines_may_die() -> None:
    members = [member("p", role="prefill"), member("d", role="decode"), member("q", role="prefill")]

    class Split(Listed):
        def route(self, cluster: ClusterView, request: RequestView) -> Dispatch:
            return Dispatch(1 if request.stage == "decode" else 2 * request.number)

    workload = traffic((0, 40, TEN), (20, 40, TEN), output=3)
    run = FleetSimulation(workload, members, Split(), pool=pool()).run()
    assert fetched(run) == [0, 39]
    assert (run.requests.status == Status.FINISHED).all()
    crash = Crash(at_s=21, engine=1, until_s=30)  # while the prefix is on its way
    lost = play(traffic((0, 40, TEN), (20, 40, TEN)), 0, 1, faults=[crash])
    assert lost.requests.status.tolist() == [Status.FINISHED, Status.LOST]


def test_what_cannot_be_is_refused() -> None:
    with pytest.raises(ConfigError, match="bytes: expected a size"):
        CachePool(size_bytes=0)
    one = traffic((0, 4, [1]))
    for members, message in (
        ([member("a"), member("b", bytes_per_token=2.0)], "several models or layouts"),
        ([member("a", bytes_per_token=0.0)], "how large is a token"),
    ):
        with pytest.raises(ConfigError, match=message):
            play(one, 0, members=members)
    with pytest.raises(ConfigError, match="3 bytes hold no block of 4 tokens"):
        play(one, 0, own=pool(size=3))


@st.composite
def shared(draw: st.DrawFn) -> tuple[Workload, CachePool, list[Fault]]:
    """Return requests whose prompts are branches of one tree, and a pool."""
    n = draw(st.integers(1, 25))
    rows = []
    for _ in range(n):
        stem, depth = draw(st.integers(0, 2)), draw(st.integers(1, 9))
        cut = draw(st.integers(0, depth))
        leaf = draw(st.integers(0, 3))
        rows.append([100 * stem + 10 * (leaf if j >= cut else 4) + j for j in range(depth)])
    # A name stands for all that comes before it, too.
    names: dict[tuple[int, ...], int] = {}
    chained = [
        [names.setdefault(tuple(row[: j + 1]), len(names)) for j in range(len(row))] for row in rows
    ]
    workload = Workload.of(
        arrival_s=draw(st.lists(st.floats(0, 60), min_size=n, max_size=n)),
        prompt_tokens=[4 * len(row) - draw(st.integers(0, 3)) for row in rows],
        output_tokens=draw(st.lists(st.integers(1, 9), min_size=n, max_size=n)),
        blocks=Blocks.of(chained, 4),
    )
    own = CachePool(
        size_bytes=draw(st.sampled_from([4.0, 40.0, 400.0])),
        policy=draw(st.sampled_from(["lru", "s3-fifo"])),
        link=Link(bytes_per_s=draw(st.sampled_from([2.0, 100.0])), latency_s=0.1),
        selective=draw(st.booleans()),
    )
    faults: list[Fault] = []
    if draw(st.booleans()):
        begin = draw(st.floats(0, 40))
        faults.append(Crash(at_s=begin, engine=draw(st.integers(0, 1)), until_s=begin + 5))
    return workload, own, faults


@given(shared(), st.sampled_from([12, 100]))
@settings(max_examples=60, deadline=None, phases=[Phase.explicit, Phase.reuse, Phase.generate])
def test_whatever_is_fetched_requests_end_once_and_the_same_every_time(
    case: tuple[Workload, CachePool, list[Fault]], blocks: int
) -> None:
    workload, own, faults = case

    def again() -> FleetRun:
        members = [member(str(k), blocks=blocks) for k in range(2)]
        by = router("least-request", seed=1)
        return FleetSimulation(workload, members, by, pool=own, faults=faults).run()

    run = again()
    table, use = run.requests, run.pool
    assert use is not None
    done = table.status == Status.FINISHED
    assert (done | (table.status == Status.LOST)).all()
    assert done.all() or faults
    assert (table.generated[done] == workload.output_tokens[done]).all()
    assert (use.fetched_tokens < workload.prompt_tokens).all()
    assert use.fetched_tokens.sum() <= use.read_bytes
    if not faults:
        assert (use.fetched_tokens <= table.cached_tokens).all()
        assert use.fetched_tokens.sum() <= use.found_tokens
    distinct = len(np.unique(workload.blocks.ids))  # type: ignore[union-attr]
    assert use.evicted_blocks >= use.written_bytes / 4 - use.blocks
    assert use.evicted_blocks or use.written_bytes <= 4 * distinct
    assert again().requests.last_token_s.tobytes() == table.last_token_s.tobytes()


FILE: dict[str, Any] = {
    "kind": "fleet",
    "engines": [{"name": "h100", "count": 2, "model": "llama-3.1-8b", "gpu": "h100"}],
    "workload": {
        "synthetic": {
            "requests": 80,
            "arrivals": "poisson(2)",
            "prompt_tokens": "integers(2000, 3000)",
            "output_tokens": "integers(5, 20)",
            "prefixes": {"count": 4, "tokens": "integers(1500, 1600)", "zipf": 1.0, "share": 1.0},
        }
    },
    "policies": ["round-robin"],
    "cache_pool": {"bytes": 1e11, "bytes_per_s": 5e10},
}


def read(home: Path, **changes: Any) -> FleetExperiment:
    path = home / "fleet.yaml"
    path.write_text(yaml.safe_dump({**FILE, **changes}), encoding="utf-8")
    return FleetExperiment.read(path)


def test_a_file_may_have_a_pool(tmp_path: Path) -> None:
    fleet = read(tmp_path)
    assert "pool       100 GB = 762,939 tokens, s3-fifo, 50 GB/s to each engine" in explain(fleet)
    told = fleet.run("round-robin", 0).document["cache_pool"]
    assert 0 < told["hit_rate"] < 0.2


@pytest.mark.parametrize(
    ("section", "message"),
    [
        ({"bytes": 0}, "cache_pool: bytes"),
        ({"bytes": 10}, "cache_pool: 10 bytes hold no block"),
        ({"bytes": 1e9, "policy": "mru"}, "cache_pool: unknown policy 'mru'"),
        ({"bytes": 1e9, "bytes_per_s": 0}, "cache_pool: .*bytes_per_s"),
        ({"size": 1e9}, "cache_pool"),
    ],
)
def test_sections_that_cannot_be_are_refused(
    tmp_path: Path, section: dict[str, Any], message: str
) -> None:
    with pytest.raises(ConfigError, match=message):
        read(tmp_path, cache_pool=section)
