"""Engines that are pods: more and fewer of them, and the right one goes."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from headway.errors import UnsupportedError
from headway.serving.gateway.board import Board
from headway.serving.gateway.engines.discovery import Places, keep_looking
from headway.serving.gateway.engines.kinds import VLLM
from headway.serving.gateway.engines.live import LiveEngine
from headway.serving.gateway.scaling.kubernetes import Deployment, Deployments
from headway.serving.wire import Pool
from tests.serving.gateway.scaling.kubernetes.cluster import Cluster, asking
from tests.serving.gateway.watch.engine import until


class Fleet:
    """Places for pods of a fake cluster, all of which are well; drains end when they may."""

    def __init__(self, cluster: Cluster, places: int) -> None:
        self.cluster = cluster
        self.board = Board(1, places)
        self.engines = [
            LiveEngine(number=k, name=f"a-{k}", kind=VLLM, pool=Pool("nowhere", 1))
            for k in range(places)
        ]
        self.empty = asyncio.Event()
        self.empty.set()
        self.hands: Deployments

    async def drain(self, number: int, grace_s: float) -> None:
        self.board.engine("draining")[number] = 1
        await self.empty.wait()

    def resume(self, number: int) -> None:
        self.board.engine("draining")[number] = 0

    def moved(self, number: int) -> None:
        self.board.engine("healthy")[number] = self.engines[number].present

    @property
    def states(self) -> list[str]:
        return [self.hands.state(k) for k in range(len(self.engines))]

    @property
    def ips(self) -> list[str]:
        return [engine.pool.host if engine.present else "" for engine in self.engines]


def _run(
    folder: Path, cluster: Cluster, job: Callable[[Fleet], Awaitable[None]], *, gone_s: float = 10.0
) -> None:
    async def body() -> None:
        fleet = Fleet(cluster, 3)
        async with asking(cluster, folder) as api:
            fleet.hands = Deployments(
                Deployment(api, "vllm", "prod", random.Random(1)),
                fleet.engines,
                range(3),
                fleet.board,
                fleet,
                drain_s=10.0,
                gone_s=gone_s,
                look_s=0.01,
            )
            places = Places(fleet.engines, fleet.moved)
            chance = random.Random(2)
            looking = keep_looking(cluster.look, places, every_s=0.01, what="it", chance=chance)
            tasks = [asyncio.create_task(looking), asyncio.create_task(fleet.hands.run())]
            await job(fleet)
            await fleet.hands.close()
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    asyncio.run(body())


def test_pods_come_and_the_one_that_is_emptied_goes(tmp_path: Path) -> None:
    cluster = Cluster(2)

    async def job(fleet: Fleet) -> None:
        await until(lambda: fleet.states == ["on", "on", "off"])
        assert "one pod more" in fleet.hands.start(2)
        await until(lambda: fleet.states == ["on", "on", "on"])
        assert cluster.replicas == 3
        fleet.hands.stop(0)
        await until(lambda: fleet.states == ["off", "on", "on"])
        assert fleet.ips == ["", "10.0.0.2", "10.0.0.3"], "not the youngest, the one that was told"
        assert cluster.replicas == 2
        assert not fleet.board.engine("draining").any()

    _run(tmp_path, cluster, job)


def test_a_pod_that_starts_counts_as_ordered(tmp_path: Path) -> None:
    cluster = Cluster(1)

    async def job(fleet: Fleet) -> None:
        await until(lambda: fleet.states == ["on", "off", "off"])
        cluster.starts = False
        fleet.hands.start(1)
        assert fleet.states == ["on", "starting", "off"]
        await until(lambda: cluster.replicas == 2)
        await asyncio.sleep(0.05)
        assert fleet.states == ["on", "starting", "off"]
        with pytest.raises(UnsupportedError, match="a-1 is there already, or starting"):
            fleet.hands.start(1)
        fleet.hands.stop(1)
        await until(lambda: cluster.replicas == 1)
        await until(lambda: fleet.states == ["on", "off", "off"])
        assert not cluster.costs, "pods that are not ready go first by themselves"

    _run(tmp_path, cluster, job)


def test_what_others_do_to_the_deployment_is_taken_over(tmp_path: Path) -> None:
    cluster = Cluster(0)

    async def job(fleet: Fleet) -> None:
        await until(lambda: len(cluster.asked) > 1)
        assert fleet.states == ["off", "off", "off"]
        cluster.replicas, cluster.starts = 2, False
        await until(lambda: fleet.states == ["starting", "starting", "off"])
        cluster.starts = True
        cluster.settle()
        await until(lambda: fleet.states == ["on", "on", "off"])
        cluster.replicas = 0
        cluster.settle()
        await until(lambda: fleet.states == ["off", "off", "off"])

    _run(tmp_path, cluster, job)


def test_an_engine_that_empties_is_called_back(tmp_path: Path) -> None:
    cluster = Cluster(2)

    async def job(fleet: Fleet) -> None:
        await until(lambda: fleet.states[:2] == ["on", "on"])
        fleet.empty.clear()
        fleet.hands.stop(1)
        await until(lambda: bool(fleet.board.engine("draining")[1]))
        assert fleet.states[1] == "emptying"
        with pytest.raises(UnsupportedError, match="on its way to stop"):
            fleet.hands.stop(1)
        assert fleet.hands.start(1) == "called back"
        fleet.empty.set()
        await asyncio.sleep(0.05)
        assert fleet.states[:2] == ["on", "on"]
        assert cluster.replicas == 2

    _run(tmp_path, cluster, job)


def test_a_pod_that_stays_serves_again(tmp_path: Path) -> None:
    cluster = Cluster(2)

    async def job(fleet: Fleet) -> None:
        await until(lambda: fleet.states[:2] == ["on", "on"])
        cluster.ends = False
        fleet.hands.stop(0)
        await until(lambda: fleet.states[0] == "stopping")
        with pytest.raises(UnsupportedError, match="just about to end"):
            fleet.hands.start(0)
        await until(lambda: not cluster.costs and not fleet.board.engine("draining").any())

    _run(tmp_path, cluster, job, gone_s=0.05)


def test_an_engine_serves_on_if_its_deployment_may_not_be_changed(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    cluster = Cluster(2)

    async def job(fleet: Fleet) -> None:
        await until(lambda: fleet.states[:2] == ["on", "on"])
        cluster.trouble = ["403"] * 4
        fleet.hands.stop(0)
        await until(lambda: "the service account may not" in caplog.text)
        await until(lambda: not fleet.board.engine("draining").any())
        await until(lambda: fleet.states == ["on", "on", "off"])

    _run(tmp_path, cluster, job)


def test_an_api_server_that_breaks_off_changes_nothing(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    cluster = Cluster(1)

    async def job(fleet: Fleet) -> None:
        await until(lambda: fleet.states[0] == "on")
        cluster.trouble = ["reset", "reset", "500", "nonsense", "410"] * 2
        await until(lambda: not cluster.trouble)
        assert fleet.states == ["on", "off", "off"]
        before = len(cluster.asked)
        await until(lambda: len(cluster.asked) > before)
        assert len([one for one in caplog.records if "prod/vllm" in one.getMessage()]) == 1

    _run(tmp_path, cluster, job)
