import numpy as np
import pytest

from headway import _core
from headway.errors import ConfigError
from headway.serving.step_time import FIELDS, Affine, Shape
from tests.serving.shapes import many


def test_seconds_are_a_constant_and_so_much_per_unit() -> None:
    time = Affine(0.5, {"decodes": 0.1, "decode_context": 0.001})
    assert time.seconds(Shape.of(decodes=[100, 200])) == pytest.approx(0.5 + 0.2 + 0.3)


def test_a_constant_has_the_form_of_the_shapes() -> None:
    assert np.shape(Affine(0.5).seconds(many(3, 7))) == (7,)
    assert Affine(0.5).seconds(Shape()) == 0.5


@pytest.mark.parametrize("seed", range(5))
def test_native_form_agrees(seed: int) -> None:
    rng = np.random.default_rng(seed)
    time = Affine(rng.random(), dict(zip(FIELDS, rng.random(10), strict=True)))
    shapes = many(seed)
    native = time.native().seconds(shapes.rows().ravel())
    np.testing.assert_allclose(native, time.seconds(shapes), rtol=1e-12)


def test_unknown_fields_and_no_numbers_are_refused() -> None:
    with pytest.raises(ConfigError, match=r"per\.tokens"):
        Affine(0.5, {"tokens": 1.0})
    with pytest.raises(ConfigError, match="finite"):
        Affine(float("nan"))


def test_the_core_refuses_another_number_of_weights() -> None:
    with pytest.raises(ValueError, match="per field"):
        _core.affine_time(0.0, np.zeros(9))


def test_a_field_without_a_weight_says_how_many_batches_there_are() -> None:
    three = Shape(extra_pairs=np.arange(3.0))
    for time in (Affine(0.01, {"decodes": 1.0}), Affine(0.01)):
        np.testing.assert_array_equal(time.seconds(three), [0.01, 0.01, 0.01])
