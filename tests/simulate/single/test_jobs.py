import numpy as np
import pytest

from headway.errors import ConfigError, ProblemError
from headway.simulate.single import Chains, Reveal


def test_a_job_has_the_work_of_its_operations() -> None:
    jobs = Chains.of([(0, [3, 0, 2]), (4, [1])])
    assert jobs.total.tolist() == [5, 1]
    assert jobs.sizes(0).tolist() == [3, 0, 2]
    assert (len(jobs), jobs.longest_chain) == (2, 3)


@pytest.mark.parametrize(
    ("release", "pointer", "size", "named"),
    [
        ([-1], [0, 1], [3], "job 0"),
        ([0], [0, 1], [-3], "operation 0"),
        ([0, 1], [0, 1], [3], "pointer"),
        ([0, 1], [0, 1, 1], [3], "pointer"),
        ([0], [0, 1], [3, 4], "pointer"),
        ([0], [1, 2], [3, 4], "pointer"),
        ([0], [0, 1], [2**60], "last until"),
        ([0], [0, 1], [1.5], "whole numbers"),
    ],
)
def test_nonsense_is_refused_with_its_place(release, pointer, size, named) -> None:
    with pytest.raises(ProblemError, match=named):
        Chains(release, pointer, size)


def test_estimates_must_fit_the_jobs() -> None:
    with pytest.raises(ProblemError, match="estimate"):
        Chains([0], [0, 1], [5], [0])
    with pytest.raises(ProblemError, match="estimate"):
        Chains([0], [0, 1], [5], [1, 1])


def test_estimates_stay_within_their_factor() -> None:
    jobs = Chains.of([(0, [1000])] * 500).estimated(3, np.random.default_rng(1))
    ratio = jobs.estimate / 1000
    assert ratio.min() >= 1 / 3 - 0.001
    assert ratio.max() <= 3.001
    assert ratio.min() < 0.4
    assert ratio.max() > 2.5


@pytest.mark.parametrize("text", ["full", "operations", "estimate(2)", "epsilon(1/4)", "none"])
def test_reveal_models_survive_their_text(text: str) -> None:
    assert str(Reveal.parse(text)) == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "all",
        "epsilon",
        "epsilon(0)",
        "epsilon(2)",
        "estimate(0.5)",
        "full(1)",
        "none(",
        "epsilon(1/0)",
    ],
)
def test_unknown_reveal_models_are_refused(text: str) -> None:
    with pytest.raises(ConfigError):
        Reveal.parse(text)
