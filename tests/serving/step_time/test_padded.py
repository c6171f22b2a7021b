import numpy as np
import pytest
from hypothesis import given

from headway.errors import ConfigError
from headway.serving.step_time import VLLM_SIZES, Affine, Padded, Shape, StepTime
from tests.serving.shapes import batches, many

BY_DECODE = Affine(0.0, {"decodes": 1.0})


@pytest.mark.parametrize(("n", "padded"), [(1, 1), (3, 4), (4, 4), (9, 16), (257, 272), (512, 512)])
def test_small_batches_are_padded_to_the_next_captured_size(n: int, padded: int) -> None:
    assert Padded(BY_DECODE).seconds(Shape.of(decodes=[5] * n)) == padded


def test_prompts_are_padded_by_their_tokens() -> None:
    """17 tokens of a prompt and one decode are padded by six."""
    shape = Shape.of(prefills=[(17, 0)], decodes=[5])
    assert Padded(BY_DECODE).seconds(shape) == 1 + 6


def test_one_launch_replaces_those_of_all_kernels() -> None:
    time = Padded(BY_DECODE, sizes=(4,), graph_s=100.0, eager_s=1000.0)
    assert time.seconds(Shape.of(decodes=[5] * 3)) == 104
    assert time.seconds(Shape.of(decodes=[5] * 5)) == 1005
    assert time.seconds(Shape()) == 0
    assert time.breakdown(Shape.of(decodes=[5])) == {"launch": 100.0, "step": 4.0}


@given(batches)
def test_native_form_agrees(shape: Shape) -> None:
    time = Padded(BY_DECODE, graph_s=0.5, eager_s=7.0)
    native = time.native().seconds(shape.rows().ravel())[0]
    assert native == pytest.approx(time.seconds(shape), rel=1e-12)


def test_many_batches_are_padded_each_for_itself() -> None:
    time, shapes = Padded(BY_DECODE, (64, 1024), 0.5, 7.0), many(11)
    native = time.native().seconds(shapes.rows().ravel())
    np.testing.assert_allclose(time.seconds(shapes), native, rtol=1e-12)


def test_what_has_no_native_form_has_none_padded() -> None:
    class Plain(StepTime):
        def seconds(self, shape: Shape):
            return 1.0

    assert Padded(Plain()).native() is None


def test_vllm_captures_51_sizes() -> None:
    assert len(VLLM_SIZES) == 51
    assert VLLM_SIZES[-1] == 512


@pytest.mark.parametrize("sizes", [(), (0, 1), (4, 2), (2, 2)])
def test_sizes_must_ascend(sizes) -> None:
    with pytest.raises(ConfigError, match="sizes"):
        Padded(BY_DECODE, sizes)


def test_launches_take_no_negative_time() -> None:
    with pytest.raises(ConfigError, match="eager_s"):
        Padded(BY_DECODE, eager_s=-1.0)
