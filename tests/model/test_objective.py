"""Objectives add up, scale, rank, and read as they are written."""

import pytest

import headway as hw
from headway.model import Measure, Term


def test_objectives_add_scale_and_rank() -> None:
    objective = (2 * hw.makespan() + hw.total_tardiness(weighted=True)).then(hw.total_setup())
    assert objective.levels == (
        (Term(Measure.MAKESPAN, 2), Term(Measure.TARDINESS, 1, weighted=True)),
        (Term(Measure.SETUP),),
    )
    assert objective.is_lexicographic
    assert objective.uses(Measure.SETUP)


def test_ranked_objectives_cannot_be_added() -> None:
    with pytest.raises(ValueError, match="then"):
        hw.makespan().then(hw.total_setup()) + hw.makespan()


@pytest.mark.parametrize(
    "text", ["makespan", "2 makespan + weighted tardiness, then setup", "tardy-jobs", "3 flow-time"]
)
def test_text_and_objective_are_inverses(text: str) -> None:
    assert str(hw.Objective.parse(text)) == text


@pytest.mark.parametrize("text", ["", "speed", "weighted makespan", "0 makespan", "makespan,,cost"])
def test_words_that_mean_nothing_are_refused(text: str) -> None:
    with pytest.raises(hw.ConfigError):
        hw.Objective.parse(text)


@pytest.mark.parametrize("weight", [0, -1, 1.5, True])
def test_weights_are_positive_whole_numbers(weight: object) -> None:
    with pytest.raises(ValueError, match="positive integer"):
        Term(Measure.MAKESPAN, weight)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "make",
    [
        lambda: -1 * hw.makespan(),
        lambda: 0 * hw.makespan(),
        lambda: hw.makespan().then("setup"),
        lambda: hw.makespan().then(hw.total_setup()) + hw.makespan(),
    ],
)
def test_what_is_no_objective_is_refused_as_bad_input(make) -> None:
    with pytest.raises(hw.ConfigError):
        make()
