"""Plans made on a Ray cluster are those made at home."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from headway.serving.fleet.planning import Slo, plan
from tests.serving.fleet.planning.test_plan import fleet

# Whoever starts a cluster does so in the same process as all others.
pytestmark = pytest.mark.xdist_group("ray")


@pytest.fixture(scope="module")
def cluster() -> Iterator[None]:
    """A cluster of one small node that is there already."""
    import ray

    ray.init(
        num_cpus=1,
        object_store_memory=80 * 2**20,
        include_dashboard=False,
        log_to_driver=False,
        logging_level="ERROR",
    )
    yield
    ray.shutdown()


def test_a_cluster_finds_the_same_plan(cluster: None) -> None:
    shop = fleet()
    alone, together = (plan(shop, Slo(0.9), workers=workers) for workers in (1, "ray"))
    assert together.to_json() == alone.to_json()
    assert together.best is not None
