"""The same work on a Ray cluster, in the order of the cases."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import pytest

from headway.errors import MissingExtraError
from headway.simulate import compare
from headway.simulate.workers import over
from tests.simulate.test_compare import Floor

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


def test_a_cluster_changes_nothing_and_is_left_running(cluster: None) -> None:
    import ray

    told: list[int] = []
    alone = compare(Floor(), ["SPT", "LPT"], seeds=2)
    together = compare(
        Floor(),
        ["SPT", "LPT"],
        seeds=2,
        workers="ray",
        on_run=lambda run, number, total: told.append(number),
    )
    assert [(r.policy, r.seed, r.measures) for r in together.runs] == [
        (r.policy, r.seed, r.measures) for r in alone.runs
    ]
    assert told == [1, 2, 3, 4]
    assert ray.is_initialized()


def test_mistakes_on_a_cluster_are_told(cluster: None) -> None:
    with pytest.raises(ZeroDivisionError):
        list(over((1).__floordiv__, [0], "ray"))


def test_ray_that_is_not_installed_names_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'headway\[ray\]'"):
        list(over(abs, [1], "ray"))
