"""Orders, by their definitions."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from headway.errors import ConfigError
from headway.serving.prefill import (
    ORDERS,
    Guards,
    Load,
    PrefillRequests,
    Preflow,
    QuadraticWork,
    Standing,
    View,
    outranks,
)
from headway.serving.prefill.costs import Costs
from headway.serving.prefill.predictors import Exact
from headway.serving.prefill.standings import Ranking


def view(now_s: float = 10.0) -> View:
    """Three candidates: an old long one, a young short one, a half done one."""
    return View(
        now_s,
        arrival_s=np.array([0.0, 9.0, 5.0]),
        deadline_s=np.array([30.0, 11.0, 12.0]),
        service_s=np.array([5.0, 0.5, 4.0]),
        left=np.array([1.0, 1.0, 0.5]),
        pairs=np.array([1e8, 1e6, 5e7]),
        pairs_left=np.array([1e8, 1e6, 3e7]),
    )


@pytest.mark.parametrize(
    ("order", "ranks"),
    [
        ("fcfs", [0, 2, 1]),
        ("edf", [1, 2, 0]),
        ("s-edf", [1, 2, 0]),
        ("sjf", [1, 2, 0]),
        ("srpt", [1, 2, 0]),
        ("hrrn", [0, 1, 2]),
        ("preflow", [1, 2, 0]),
    ],
)
def test_an_order_ranks_as_its_definition_says(order: str, ranks: list[int]) -> None:
    assert np.argsort(ORDERS[order].keys(view()), kind="stable").tolist() == ranks


def test_response_ratios_are_waited_and_service_over_service() -> None:
    assert (-ORDERS["hrrn"].keys(view())).tolist() == [3.0, 3.0, 2.25]


def test_preflow_doubles_with_age() -> None:
    seen = view()
    priority = 2.0 ** -Preflow(doubling_s=2.0).keys(seen)
    expected = 2.0 ** ((10.0 - seen.arrival_s) / 2.0) / (seen.pairs * seen.pairs_left)
    np.testing.assert_allclose(priority, expected)
    with pytest.raises(ConfigError, match="doubling_s"):
        Preflow(0.0)


@given(
    st.lists(st.tuples(st.integers(1, 20_000), st.floats(0.05, 5.0)), min_size=1, max_size=10),
    st.floats(0.0, 6.0),
)
def test_s_edf_is_the_published_score_among_those_that_can_keep_their_deadline(
    drawn: list[tuple[int, float]], now_s: float
) -> None:
    """The score is sign(slack) / |deadline − now|, largest first."""
    tokens, ttft = zip(*drawn, strict=True)
    asked = PrefillRequests.of(np.zeros(len(drawn)), tokens, ttft_s=ttft)
    work = QuadraticWork()
    costs = Costs(asked, work, Exact(work), None)
    ranking = Ranking(ORDERS["s-edf"], Guards(), costs)
    standings = ranking.standings(now_s, np.arange(len(drawn)), [])
    slack = asked.deadline_s - now_s - work.seconds(asked.loads)
    if np.any(slack > 1e-6):
        score = np.sign(slack) / np.maximum(np.abs(asked.deadline_s - now_s), 1e-9)
        assert score[standings.best(len(drawn))] == score.max()
    ranked = standings.ranked(len(drawn))
    assert np.all(np.diff(standings.doomed[ranked].astype(int)) >= 0)


def test_the_four_cases_of_preemption() -> None:
    early, late = Standing(1.0, doomed=False), Standing(2.0, doomed=False)
    gone, also_gone = Standing(0.5, doomed=True), Standing(3.0, doomed=True)
    assert outranks(early, late, 0.0)
    assert not outranks(early, late, 1.0)
    assert not outranks(late, early, 0.0)
    assert not outranks(gone, late, 0.0)
    assert outranks(late, gone, 100.0)
    assert not outranks(gone, also_gone, 0.0)


def test_a_margin_works_for_negative_keys() -> None:
    assert not outranks(Standing(-1.1, doomed=False), Standing(-1.0, doomed=False), 0.2)
    assert outranks(Standing(-1.3, doomed=False), Standing(-1.0, doomed=False), 0.2)


@pytest.mark.parametrize(
    "setting", [{"margin": -1.0}, {"progress": 1.5}, {"resume_s": -0.1}, {"preemptions": -1}]
)
def test_guards_that_make_no_sense_are_refused(setting: dict[str, float]) -> None:
    with pytest.raises(ConfigError, match="guards"):
        Guards(**setting)


@given(st.integers(1, 600), st.integers(0, 5000), st.integers(1, 90), st.integers(0, 600))
def test_costs_of_chunks_add_up(tokens: int, history: int, chunk: int, done: int) -> None:
    work = QuadraticWork()
    costs = Costs(PrefillRequests.of([0], [tokens], [history]), work, Exact(work), chunk)
    sizes = [min(chunk, tokens - at) for at in range(0, tokens, chunk)]
    pieces = [work.seconds(Load.of(size, history + k * chunk)) for k, size in enumerate(sizes)]
    assert costs.total_s[0] == costs.believed_s[0] == pytest.approx(sum(pieces))
    for k, size in enumerate(sizes):
        assert costs.chunk_s(0, k * chunk, size) == pytest.approx(pieces[k])
        assert costs.done_s(0, k * chunk) == pytest.approx(sum(pieces[:k]))
    done = min(done, tokens)
    assert 0 <= costs.done_s(0, done) <= costs.total_s[0] * (1 + 1e-12)
