import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from headway import _core
from headway.errors import ConfigError
from headway.serving.step_time.interpolation import Curve, Grid, place, prolonged
from headway.serving.step_time.shape import weights

_AXES = st.lists(st.integers(0, 20_000), min_size=1, max_size=40, unique=True).map(
    lambda values: np.array(sorted(values), float)
)
_VALUES = st.floats(0, 30_000)


def test_a_curve_passes_through_its_points_and_is_linear_between() -> None:
    curve = Curve.through([4, 1, 2], [40, 10, 30])
    np.testing.assert_allclose(curve([1, 1.5, 2, 3, 4]), [10, 20, 30, 35, 40])


def test_below_the_first_point_a_curve_stays_level() -> None:
    assert Curve.through([4, 8], [40, 80])(1.0) == 40


def test_beyond_the_last_point_the_slope_is_that_of_the_upper_half() -> None:
    """The last two points go down, as stairs of kernels do; from 4 to 8 it is 10 a unit."""
    curve = Curve.through([1, 4, 7.9, 8], [5, 40, 81, 80])
    np.testing.assert_allclose(curve([16, 80]), [160, 800])


def test_a_falling_end_is_prolonged_level() -> None:
    points, values = prolonged(np.array([1.0, 2.0]), np.array([5.0, 3.0]))
    np.testing.assert_array_equal(points, [1, 2, 4])
    np.testing.assert_array_equal(values, [5, 3, 3])


@given(_AXES, st.lists(_VALUES, min_size=1, max_size=30))
def test_a_place_is_where_sorting_puts_the_value(points, values) -> None:
    low, share = place(points, values)
    for value, index, part in zip(values, low, share, strict=True):
        if len(points) == 1 or value <= points[0]:
            assert part == 0
        else:
            assert points[index] <= value
            assert index == len(points) - 2 or value < points[index + 1]


@given(_AXES, st.lists(_VALUES, min_size=1, max_size=30), st.integers(0, 2**32))
def test_native_curve_agrees(points, values, seed) -> None:
    seconds = np.random.default_rng(seed).random(len(points))
    curve = Curve(points, seconds)
    rows = np.zeros((len(values), 10))
    rows[:, 0] = values
    native = _core.curve_time(weights(prefill_tokens=1), points, seconds).seconds(rows.ravel())
    expected = np.where(rows[:, 0] > 0, curve(values), 0)
    np.testing.assert_allclose(native, expected, rtol=1e-12)


def test_the_sum_of_curves_is_exact() -> None:
    rng = np.random.default_rng(3)
    a = Curve.through([1, 5, 9], rng.random(3))
    b = Curve.through([2, 5, 30], rng.random(3))
    at = np.linspace(0, 100, 333)
    np.testing.assert_allclose(Curve.sum([(3, a), (1, b)])(at), 3 * a(at) + b(at), rtol=1e-12)


@given(hnp.arrays(float, (2, 3, 2), elements=st.floats(0, 1)))
def test_a_grid_returns_its_values_at_its_points(values) -> None:
    axes = (np.array([0.0, 4.0]), np.array([1.0, 2.0, 8.0]), np.array([3.0, 5.0]))
    mesh = np.meshgrid(*axes, indexing="ij")
    np.testing.assert_allclose(Grid(axes, values)(*mesh), values, atol=1e-15)


def test_a_grid_reproduces_what_is_linear_in_each_number() -> None:
    axes = (np.array([0.0, 4.0, 6.0]), np.array([1.0, 2.0, 8.0]))
    x, y = np.meshgrid(*axes, indexing="ij")
    grid = Grid(axes, 1 + 2 * x + y * x)
    assert grid(5, 3) == 1 + 10 + 15
    assert grid(12, 16) == 1 + 24 + 192  # prolonged


@pytest.mark.parametrize(
    ("points", "values"),
    [([], []), ([1.0, 1.0], [1.0, 2.0]), ([1.0], [1.0, 2.0]), ([1.0], [np.nan])],
)
def test_curves_that_are_none_are_refused(points, values) -> None:
    with pytest.raises(ConfigError):
        Curve(np.array(points), np.array(values))
    with pytest.raises(ValueError, match="step time"):
        _core.curve_time(weights(decodes=1), np.array(points, float), np.array(values, float))
