"""Laws: their means are those of what they draw, and nonsense is refused."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from headway.errors import ConfigError
from headway.simulate import LAWS, Law, Streams

SOUND = (
    "constant(3)", "uniform(2, 9)", "integers(1, 99)", "triangular(1, 2, 7)", "exponential(20)",
    "normal(10, 3)", "normal(1, 2)", "lognormal(20, 1.5)", "gamma(8, 0.5)", "weibull(10, 1.5)",
    "hyperexponential(0.8, 5, 50)", "empirical(1, 2, 2, 9)",
)  # fmt: skip


@pytest.mark.parametrize("text", SOUND)
def test_the_mean_is_that_of_what_is_drawn(text: str) -> None:
    law = Law.parse(text)
    values = law.draw(np.random.default_rng(1), 200_000)
    assert values.min() >= 0
    spread = values.std() / np.sqrt(len(values))
    assert abs(values.mean() - law.mean) <= 5 * spread + 1e-12
    assert Law.parse(str(law)) == law


def test_every_law_is_tried_here() -> None:
    assert {Law.parse(text).kind for text in SOUND} == set(LAWS)


@pytest.mark.parametrize(
    "text",
    [
        "exponential", "exponential()", "exponential(1, 2)", "exponential(-1)", "exponential(0)",
        "uniform(5, 2)", "integers(1.5, 3)", "triangular(2, 2, 2)", "normal(-1, 1)", "gaussian(1)",
        "empirical()", "empirical(-1)", "lognormal(1, nan)", "constant(inf)", "", "exponential(x)",
        "hyperexponential(1.5, 2, 3)",
    ],
)  # fmt: skip
def test_nonsense_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match="law"):
        Law.parse(text)


def test_a_number_is_a_constant() -> None:
    assert Law.parse(7) == Law.parse("7") == Law("constant", (7.0,))


def test_ticks_are_whole_and_not_below_the_least() -> None:
    ticks = Law.parse("exponential(2)").ticks(np.random.default_rng(3), 1000, least=1)
    assert ticks.dtype == np.int64
    assert ticks.min() == 1


@given(st.text(max_size=30))
def test_any_text_is_a_law_or_refused(text: str) -> None:
    try:
        law = Law.parse(text)
    except ConfigError:
        return
    assert law.draw(np.random.default_rng(0), 3).shape == (3,)


def test_streams_do_not_disturb_one_another() -> None:
    greedy, modest = Streams(5), Streams(5)
    greedy.of("arrivals").random(1000)
    assert greedy.of("breakdowns", 2).random() == modest.of("breakdowns", 2).random()
    assert greedy.of("breakdowns", 2).random() != modest.of("breakdowns", 3).random()
    assert greedy.of("arrivals").random() != Streams(6).of("arrivals").random()
