"""Workload models and estimates: do they have the figures that they are made for?"""

from __future__ import annotations

import numpy as np
import pytest

from headway.errors import ConfigError, ProblemError, UnknownNameError
from headway.model.tables import ints
from headway.simulate.cluster import Demands, Nodes, Workload, estimated, lublin, run, synthetic
from headway.simulate.cluster.lublin import BUCKET_S, LARGEST_LOG_RUN, LublinModel, _weights
from headway.simulate.cluster.synthetic import CLUSTERS, ClusterFigures


def test_the_lublin_model_has_the_figures_of_the_published_trace() -> None:
    """Of `lublin_256`, 10,000 jobs drawn by the authors' program: 24.9 % have one processor, the
    mean is 22.1; run times have a mean of 4,863 s and a median of 137 s; the last arrives after
    89 days."""
    workload = lublin(10_000, 256, seed=1)
    assert np.mean(workload.amount == 1) == pytest.approx(0.249, abs=0.02)
    assert workload.amount.mean() == pytest.approx(22.1, rel=0.05)
    assert workload.run.mean() == pytest.approx(4863, rel=0.05)
    assert np.median(workload.run) == pytest.approx(137, rel=0.1)
    assert workload.submit[-1] == pytest.approx(89 * 86_400, rel=0.15)
    assert workload.run.max() <= np.exp(LARGEST_LOG_RUN)
    size = workload.amount[workload.amount > 1]
    assert np.mean(size & (size - 1) == 0) > 0.576 / (1 - 0.244)


def test_jobs_of_the_lublin_model_arrive_by_day() -> None:
    workload = lublin(20_000, 64, seed=2)
    weights = _weights(LublinModel())
    assert weights.mean() == pytest.approx(1)
    counts = np.bincount((workload.submit // BUCKET_S % 48).astype(int), minlength=48)
    assert np.corrcoef(counts, weights)[0, 1] > 0.95


def test_workloads_depend_on_the_seed_and_have_the_load_asked_for() -> None:
    for draw in (
        lambda seed: lublin(500, 64, load=0.7, seed=seed),
        lambda seed: synthetic("PAI", 500, 64, seed=seed),
    ):
        assert draw(1).submit.tolist() == draw(1).submit.tolist()
        assert draw(1).run.tolist() != draw(2).run.tolist()
    assert lublin(500, 64, load=0.7, seed=3).load == pytest.approx(0.7, rel=1e-3)
    assert lublin(50, 2, seed=3).amount.max() <= 2
    with pytest.raises(ConfigError, match="at least 2 jobs and 2 processors, got 1 and 8"):
        lublin(1, 8)
    with pytest.raises(ConfigError, match="load: expected a positive number, got 0"):
        lublin(10, 8, load=0)


@pytest.mark.parametrize("name", CLUSTERS)
def test_synthetic_clusters_have_the_published_figures(name: str) -> None:
    """The tails are heavy, so that means of samples are far from exact; medians are close."""
    figures = CLUSTERS[name]
    workload = synthetic(name, 20_000, 1024, seed=5)
    assert np.median(workload.run) == pytest.approx(figures.median_run_s, rel=0.1)
    assert workload.run.mean() == pytest.approx(figures.mean_run_s, rel=0.35)
    assert workload.amount.mean() / 1000 == pytest.approx(figures.mean_gpus, rel=0.15)
    assert (workload.amount.min() < 1000) == (figures.mean_gpus < 1)
    assert workload.load == pytest.approx(0.8, rel=1e-3)


@pytest.mark.parametrize("name", CLUSTERS)
def test_both_laws_of_run_times_have_mean_and_median(name: str) -> None:
    figures = CLUSTERS[name]
    for law in (figures.lognormal(), figures.hyperexponential(), figures.hyperexponential(0.8)):
        assert law.mean == pytest.approx(figures.mean_run_s)
        drawn = law.draw(np.random.default_rng(1), 100_000)
        assert np.median(drawn) == pytest.approx(figures.median_run_s, rel=0.03)


def test_figures_that_cannot_be_had_are_refused() -> None:
    with pytest.raises(UnknownNameError, match="unknown cluster 'Phily'; did you mean Philly"):
        synthetic("Phily", 10, 10)
    with pytest.raises(ConfigError, match=r"gpus: a pool of 8 has no sizes with a mean of 26\.8"):
        synthetic("Kalos", 10, 8)
    with pytest.raises(ConfigError, match=r"short: with a share of 0\.4"):
        CLUSTERS["PAI"].hyperexponential(0.4)
    with pytest.raises(ConfigError, match=r"short: with a share of 0\.9, no mixture"):
        ClusterFigures(100, 99, 0, 1).hyperexponential()
    with pytest.raises(ConfigError, match="expected at least 2 jobs, a user and some load"):
        synthetic("PAI", 10, 100, load=-1)


def jobs(user: list[int], group: list[int], run: list[int]) -> Workload:
    n = len(user)
    return Workload.of(capacity=1, submit=range(n), run=run, amount=[1] * n, user=user, group=group)


def test_estimates_are_means_of_the_most_similar_jobs_that_there_are() -> None:
    history = jobs([1, 1, 1, 2], [1, 1, 2, 3], [10, 20, 60, 100])
    present = jobs([1, 1, 1, 2, 9], [1, 2, 7, 9, 9], [5] * 5)
    by_group = estimated(present, history, ("user", "group"))
    assert by_group.requested.tolist() == [15, 60, 30, 100, 48]
    assert by_group.run.tolist() == present.run.tolist()
    assert estimated(present, history, ("user",)).requested.tolist() == [30, 30, 30, 100, 48]
    assert estimated(present, history, ()).requested.tolist() == [48] * 5
    with pytest.raises(ConfigError, match="by: expected some of user, group, amount, got 'run'"):
        estimated(present, history, ("run",))  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match="history: expected at least one job"):
        estimated(present, history.where(history.run < 0))


def test_finer_estimates_of_synthetic_users_come_nearer_to_the_truth() -> None:
    workload = synthetic("Philly", 6000, 256, users=20, seed=3)
    past = np.arange(len(workload)) < 4000
    history, present = workload.where(past), workload.where(~past)
    errors = [
        np.abs(np.log(estimated(present, history, by).requested / present.run)).mean()
        for by in ((), ("user",), ("user", "group"), ("user", "group", "amount"))
    ]
    assert errors == sorted(errors, reverse=True)


def test_a_workload_that_does_not_fit_is_refused() -> None:
    for change, message in (
        ({"run": [-1]}, "job '1': run -1: expected 0 to"),
        ({"amount": [5]}, "job '1': amount 5: expected 1 to 4"),
        ({"submit": [-3]}, "job '1': submit -3"),
        ({"run": [1, 2]}, "run: expected 1 values, got 2"),
        ({"label": ["a", "b"]}, "label: expected 1 values, got 2"),
        ({"capacity": 0}, "capacity 0: expected at least 1"),
    ):
        with pytest.raises(ProblemError, match=message):
            Workload.of(**{"capacity": 4, "submit": [0], "run": [1], "amount": [1], **change})
    with pytest.raises(ProblemError, match="two jobs are called 'a'"):
        Workload.of(capacity=1, submit=[0, 1], run=[1, 1], amount=[1, 1], label=["a", "a"])
    with pytest.raises(ConfigError, match="keep: expected 1 values, got 2"):
        jobs([1], [1], [1]).where(np.ones(2, dtype=bool))


def test_workloads_can_be_told_other_requests_and_run_on_other_pools() -> None:
    workload = jobs([1, 2], [1, 2], [7, 3])
    assert workload.told([0.2, 8.6]).requested.tolist() == [1, 9]
    assert workload.on(5).capacity == 5
    assert workload.work.tolist() == [7, 3]
    assert workload.load == 10
    assert run(workload.on(2)).makespan == 7


def test_nodes_and_demands_that_do_not_fit_are_refused() -> None:
    one = ints([1])
    with pytest.raises(ProblemError, match="'n': gpus: expected 0 to 16"):
        Nodes(name=("n",), cpu_milli=one, memory_mib=one, gpus=ints([17]), model=("A",))
    with pytest.raises(ProblemError, match="model: expected 1 values, got 2"):
        Nodes(name=("n",), cpu_milli=one, memory_mib=one, gpus=one, model=("A", "B"))
    with pytest.raises(ProblemError, match="'t': asks for GPUs, but for no share"):
        Demands(
            name=("t",), cpu_milli=one, memory_mib=one, gpus=one, gpu_milli=ints([0]), models=((),)
        )
