"""The search for the largest rate: right within its tolerance, wherever it begins."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headway.errors import ConfigError
from headway.simulate import MaxGoodput, max_goodput, saturate
from tests.simulate.test_compare import Floor


class Crowd(Floor):
    """Work of which all keeps its limits up to a load that the policy decides."""

    def policies(self) -> tuple[str, ...]:
        return ("hasty", "patient")

    def max_goodput(self, policy: str, *, seed: int = 0, target: float = 0.9) -> MaxGoodput:
        edge = 1 + self.policies().index(policy)
        return max_goodput(lambda load: float(load <= edge), target=target)


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


def test_every_policy_of_a_scenario_is_searched() -> None:
    found = saturate(Crowd())
    assert found["patient"].scale == pytest.approx(2, rel=0.02)
    assert found["hasty"].scale == pytest.approx(1, rel=0.02)
    assert list(saturate(Crowd(), ["hasty"], workers=2)) == ["hasty"]


def test_a_scenario_without_limits_cannot_be_searched() -> None:
    with pytest.raises(ConfigError, match="floor"):
        saturate(Floor())
