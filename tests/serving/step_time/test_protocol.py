import gc
import weakref

import numpy as np
import pytest

from headway import _core
from headway.serving.step_time import Operator, Shape, StepTime, as_native
from tests.serving.shapes import many


class Quadratic(StepTime):
    """Known to Python alone."""

    def seconds(self, shape: Shape):
        return 0.01 + 1e-9 * shape.prefill_pairs + 1e-6 * shape.decodes**2


class Layered(StepTime):
    def seconds(self, shape: Shape):
        return sum(self.breakdown(shape).values())

    def operators(self, shape: Shape):
        return (
            Operator("embedding", 1.0),
            Operator("norm", 0.25, 4),
            Operator("mlp", 2.0, 4),
            Operator("norm", 0.25, 4),
        )


def test_a_step_time_needs_only_seconds() -> None:
    time, shape = Quadratic(), Shape.of(decodes=[3] * 10)
    assert time.native() is None
    assert time.operators(shape) == (Operator("step", time.seconds(shape)),)
    assert time.breakdown(shape) == {"step": time.seconds(shape)}


def test_the_breakdown_adds_up_what_stands_at_several_places() -> None:
    breakdown = Layered().breakdown(Shape())
    assert breakdown == {"embedding": 1.0, "norm": 2.0, "mlp": 8.0}
    assert list(breakdown) == ["embedding", "norm", "mlp"]


def test_the_core_calls_back_what_it_does_not_know() -> None:
    time, shapes = Quadratic(), many(2, 40)
    native = as_native(time).seconds(shapes.rows().ravel())
    np.testing.assert_array_equal(native, time.seconds(shapes))


def test_an_error_of_a_called_step_time_comes_through() -> None:
    class Broken(StepTime):
        def seconds(self, shape: Shape):
            raise RuntimeError("out of order")

    with pytest.raises(RuntimeError, match="out of order"):
        as_native(Broken()).seconds(Shape().rows().ravel())


def test_a_call_back_that_returns_no_number_is_refused() -> None:
    with pytest.raises((RuntimeError, TypeError)):
        _core.called_time(lambda *_: "soon").seconds(Shape().rows().ravel())


def test_a_call_back_is_let_go_with_the_step_time() -> None:
    def seconds(*_: float) -> float:
        return 1.0

    watched = weakref.ref(seconds)
    native = _core.sum_time([_core.called_time(seconds)])
    del seconds
    gc.collect()
    assert watched() is not None
    del native
    gc.collect()
    assert watched() is None


@pytest.mark.parametrize("n", [1, 9, 11])
def test_rows_of_another_width_are_refused(n: int) -> None:
    with pytest.raises(ValueError, match="ten fields"):
        _core.sum_time([]).seconds(np.zeros(n))


def test_the_core_refuses_parts_that_are_none() -> None:
    part = _core.affine_time(0.0, np.zeros(10))
    with pytest.raises((TypeError, ValueError)):
        _core.sum_time([part, None])
    with pytest.raises((TypeError, ValueError)):
        _core.padded_time(None, np.ones(1), 0.0, 0.0)
    for sizes in ([], [4.0, 2.0]):
        with pytest.raises(ValueError, match="ascending sizes"):
            _core.padded_time(part, np.array(sizes), 0.0, 0.0)


def test_the_core_survives_shapes_that_cannot_be() -> None:
    points = np.array([1.0, 2.0, 4.0])
    tokens = np.zeros(10)
    tokens[0] = 1
    grid = _core.attention_time(points, points, points, points, np.ones(81), 0.5)
    curve = _core.curve_time(tokens, points, points)
    padded = _core.padded_time(_core.sum_time([grid, curve]), points, 0.0, 0.0)
    for value in (np.nan, np.inf, -np.inf, -1.0, 1e308):
        assert padded.seconds(np.full(10, value)).shape == (1,)
