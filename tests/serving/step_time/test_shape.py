import numpy as np
import pytest
from hypothesis import given

from headway.serving.step_time import FIELDS, Shape
from tests.serving.shapes import batches, many


def test_a_batch_is_summed_over_its_segments() -> None:
    shape = Shape.of(prefills=[(3, 10), (1, 0)], decodes=[7, 5], sequences=3)
    assert shape == Shape(4, 2, 10, 3 * (10 + 2) + 1, 2, 12, 7, 3, 0, 0)
    assert shape.tokens == 6


@given(batches)
def test_pairs_are_those_of_a_causal_mask(shape: Shape) -> None:
    """Each of q new tokens looks at c old ones, at itself and at the new ones before it."""
    q, c = 5, 4
    pairs = Shape.of([(q, c)]).prefill_pairs
    assert pairs == sum(c + i + 1 for i in range(q))
    assert shape.prefill_pairs >= shape.prefill_tokens


def test_rows_have_one_column_per_field_and_come_back() -> None:
    shapes = many(1, 20)
    rows = shapes.rows()
    assert rows.shape == (20, len(FIELDS))
    again = Shape.from_rows(rows)
    for name in FIELDS:
        np.testing.assert_array_equal(getattr(again, name), getattr(shapes, name))


def test_numbers_and_columns_broadcast_in_rows() -> None:
    rows = Shape(decodes=np.arange(3.0), sequences=2.0).rows()
    np.testing.assert_array_equal(rows[:, FIELDS.index("sequences")], [2, 2, 2])


@pytest.mark.parametrize("name", FIELDS)
def test_one_batch_is_one_row(name: str) -> None:
    assert Shape(**{name: 2.0}).rows()[0, FIELDS.index(name)] == 2.0
