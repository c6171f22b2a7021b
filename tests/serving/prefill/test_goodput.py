"""The search for the largest rate: right within its tolerance, wherever it begins."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headway.errors import ConfigError
from headway.serving.prefill import max_goodput


@given(st.floats(0.002, 100.0))
def test_the_largest_rate_that_reaches_the_target_is_found(edge: float) -> None:
    found = max_goodput(lambda scale: 1.0 if scale <= edge else 0.5)
    assert found.scale <= edge <= found.scale * 1.0101
    assert found.attainment == 1.0
    assert all(share >= 0.9 for scale, share in found.tried if scale <= found.scale)


def test_no_rate_is_found_where_none_reaches_the_target() -> None:
    assert max_goodput(lambda scale: 0.8).scale == 0.0


@pytest.mark.parametrize(
    "setting", [{"low": 2.0}, {"target": 0.0}, {"tolerance": 0.0}, {"target": 1.5}]
)
def test_a_search_without_sense_is_refused(setting: dict[str, float]) -> None:
    with pytest.raises(ConfigError, match=next(iter(setting))):
        max_goodput(lambda scale: 1.0, **setting)
