"""The scale of a Deployment, read and written beside others."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from headway.errors import EndpointError
from headway.serving.gateway.scaling.kubernetes import Deployment
from tests.serving.gateway.scaling.kubernetes.cluster import Cluster, asking


def _run(
    folder: Path, cluster: Cluster, job: Callable[[Deployment], Awaitable[None]], name: str = "vllm"
) -> None:
    async def body() -> None:
        async with asking(cluster, folder) as api:
            await job(Deployment(api, name, "prod", random.Random(1)))

    asyncio.run(body())


def test_a_scale_is_read_and_written(tmp_path: Path) -> None:
    cluster = Cluster(1)

    async def job(deployment: Deployment) -> None:
        assert await deployment.replicas() == 1
        assert await deployment.change(2) == 3
        assert await deployment.change(-3) == 0
        assert await deployment.replicas() == 0
        assert await deployment.change(-1) == 0, "there are never fewer than none"

    _run(tmp_path, cluster, job)
    assert cluster.replicas == 0


def test_a_change_by_others_is_kept(tmp_path: Path) -> None:
    cluster = Cluster(1)
    cluster.trouble = ["", "other", "", "other"]

    async def job(deployment: Deployment) -> None:
        assert await deployment.change(1) == 4

    _run(tmp_path, cluster, job)
    assert cluster.replicas == 4, "two by others, one by us"


def test_who_is_always_too_late_gives_up(tmp_path: Path) -> None:
    cluster = Cluster(1)
    cluster.trouble = ["", "409"] * 6

    async def job(deployment: Deployment) -> None:
        with pytest.raises(EndpointError, match="changed by others 6 times"):
            await deployment.change(1)

    _run(tmp_path, cluster, job)
    assert cluster.replicas == 1


@pytest.mark.parametrize(
    ("trouble", "message"),
    [
        (["403"], "403: the service account may not get deployments/scale"),
        (["", "403"], "403: the service account may not update deployments/scale"),
        (["500"], "refused with 500"),
        (["nonsense"], "no scale"),
        (["reset", "reset"], "closed"),
    ],
)
def test_what_is_no_answer_is_an_error(tmp_path: Path, trouble: list[str], message: str) -> None:
    cluster = Cluster(1)
    cluster.trouble = trouble

    async def job(deployment: Deployment) -> None:
        with pytest.raises(EndpointError, match=message):
            await deployment.change(1)

    _run(tmp_path, cluster, job)
    assert cluster.replicas == 1


def test_a_deployment_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    async def job(deployment: Deployment) -> None:
        with pytest.raises(EndpointError, match=r"prod/other: .* 404"):
            await deployment.replicas()

    _run(tmp_path, Cluster(1), job, name="other")


def test_a_pod_is_marked_by_its_address(tmp_path: Path) -> None:
    cluster = Cluster(2)

    async def job(deployment: Deployment) -> None:
        assert await deployment.next_to_go("10.0.0.1") == "vllm-1"
        assert cluster.costs == {"vllm-1": "-1000"}
        await deployment.stays("vllm-1")
        assert cluster.costs == {}
        with pytest.raises(EndpointError, match=r"expected one pod at 10\.0\.0\.9, there are 0"):
            await deployment.next_to_go("10.0.0.9")
        cluster.trouble = ["nonsense"]
        with pytest.raises(EndpointError, match="expected one pod at"):
            await deployment.next_to_go("10.0.0.1")
        cluster.trouble = ["403"]
        with pytest.raises(EndpointError, match="may not list pods"):
            await deployment.next_to_go("10.0.0.1")

    _run(tmp_path, cluster, job)
