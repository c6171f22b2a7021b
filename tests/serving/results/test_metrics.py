"""Metrics of a run small enough to check by hand; see `small` for what happens in it."""

import numpy as np
import pytest

from headway.serving.results import metrics
from headway.serving.workload import ServiceClass
from tests.serving.results.small import TRAFFIC, small

nan = np.nan


def same(found: np.ndarray, expected: list[float]) -> None:
    np.testing.assert_allclose(found, expected, rtol=1e-12)


def test_times_of_requests() -> None:
    run = small()
    same(run.ttft_s, [1.0, 3.5, 1.0, nan])
    same(run.tpot_s, [4 / 3, 1.0, nan, nan])
    same(run.latency_s, [5.0, 4.5, 1.0, nan])
    same(run.queueing_s, [0.0, 0.5, 0.0, nan])
    same(run.max_gap_s, [2.0, 1.0, nan, nan])


def test_what_did_not_finish_has_a_first_token_but_no_latency() -> None:
    run = small(requests={"status": np.array([1, 1, 0, 2], np.int8)})
    same(run.latency_s, [5.0, 4.5, nan, nan])
    same(run.ttft_s, [1.0, 3.5, 1.0, nan])


@pytest.mark.parametrize(
    ("limits", "good"),
    [
        ({}, [True, True, True, False]),
        ({"ttft_s": 1.0}, [True, False, True, False]),
        ({"tpot_s": 1.0}, [False, True, True, False]),
        ({"max_gap_s": 1.5}, [False, True, True, False]),
        ({"latency_s": 4.5}, [False, True, True, False]),
        ({"ttft_s": 1.0, "latency_s": 4.5}, [False, False, True, False]),
    ],
)
def test_a_limit_is_kept_up_to_its_value(limits: dict[str, float], good: list[bool]) -> None:
    run = small(workload=TRAFFIC.with_classes([ServiceClass("all", **limits)]))
    assert run.attained.tolist() == good
    assert metrics.attainment(run) == sum(good) / 4
    assert metrics.goodput(run) == sum(good) / 10
    tokens = np.array([4, 2, 1, 0])[good].sum()
    assert metrics.goodput_tokens(run) == tokens / 10


def test_every_class_has_its_own_limits() -> None:
    classes = [ServiceClass("chat", ttft_s=2.0), ServiceClass("batch", latency_s=4.6)]
    run = small(workload=TRAFFIC.with_classes(classes, [1, 1, 0, 0]))
    assert run.attained.tolist() == [False, True, True, False]
    told = run.document["classes"]
    assert list(told) == ["chat", "batch"]
    assert told["chat"]["attainment"] == told["batch"]["attainment"] == 0.5
    assert told["batch"]["ttft_s"]["mean"] == 2.25
    assert told["batch"]["itl_s"]["mean"] == 1.25
    assert told["chat"]["dropped"] == 1
    assert run.measures["batch.latency_s.p50"] == 4.75


def test_figures_of_the_engine() -> None:
    told = small().document
    assert (told["requests"], told["completed"], told["dropped"], told["steps"]) == (4, 3, 1, 5)
    assert told["duration_s"] == 10
    assert told["throughput_tokens"] == 0.7
    assert told["kv_use"] == {"mean": pytest.approx(13 / 600), "peak": 0.03}
    assert told["batch"] == {"mean": pytest.approx(10 / 6), "peak": 2.0}
    assert told["busy"] == 0.6
    assert told["itl_s"]["mean"] == pytest.approx((1 + 2 + 1 + 1) / 4)
    assert told["itl_s"]["p90"] == pytest.approx(np.quantile([1, 2, 1, 1], 0.9))
    assert told["ttft_s"]["p90"] == pytest.approx(np.quantile([1, 3.5, 1], 0.9))


def test_the_cache_saves_tokens() -> None:
    run = small(
        requests={"cached_tokens": np.array([0, 16, 0, 0])},
        steps={"prefill_tokens": np.array([10, 1, 3, 0, 5])},
    )
    assert metrics.cache_hit_rate(run) == 16 / 35


def test_means_come_with_what_they_are_means_of() -> None:
    run = small()
    for name, sample in run.samples.items():
        assert run.measures[name] == pytest.approx(sample.mean())
    assert run.samples["ttft_s.mean"].tolist() == [1.0, 3.5, 1.0]


def test_less_is_missed_where_more_is_attained() -> None:
    assert small().measures["missed"] == 0.25
    assert next(iter(small().measures)) == "goodput"
