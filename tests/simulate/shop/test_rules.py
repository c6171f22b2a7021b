"""The rules say what textbooks say, and give the figures that are known of them."""

from __future__ import annotations

import numpy as np
import pytest

import headway as hw
from headway.errors import UnknownNameError
from headway.instances import best_known
from headway.simulate.shop import COLUMNS, RULES, Realisation, ShopWorld

CANDIDATE = {
    "t": 10.0, "p": 4.0, "R": 12.0, "tail": 8.0, "k": 3.0, "joined": 7.0, "a": 2.0, "d": 30.0,
    "w": 2.0, "odd": 16.0, "slack": 8.0, "npt": 5.0, "winq": 9.0, "p_mean": 6.0, "work_done": 6.0,
    "setup": 3.0, "transfer": 1.0, "p_best": 3.0, "blocked": 1.0,
}  # fmt: skip

KEYS = {
    "FIFO": 7, "LIFO": -7, "FASFS": 2, "SPT": 4, "LPT": -4, "LWKR": 12, "MWKR": -12, "TAIL": -8,
    "LOPNR": 3, "MOPNR": -3, "WSPT": 2, "EDD": 30, "MDD": 30, "ODD": 16, "MOD": 16, "SLACK": 8,
    "S/OPN": 8 / 3, "CR": 20 / 12, "PT+WINQ": 13, "PT+WINQ+SL": 13, "2PT+WINQ+NPT": 22,
    "FDD/MWKR": 10 / 12, "EFT": 17, "MET": 1e6 + 4, "SST": 3e6 + 4, "BLK": -(1e9 + 8),
    "COVERT": 2 / 4 * (1 - 8 / 24), "ATC": 2 / 4,
}  # fmt: skip

# The same operation, twenty ticks later: it is late.
LATE = CANDIDATE | {"t": 30.0, "slack": -12.0}
LATE_KEYS = {
    "MDD": 42, "MOD": 34, "SLACK": -12, "CR": 0, "PT+WINQ+SL": 1, "COVERT": 0.5, "ATC": 0.5
}  # fmt: skip


@pytest.mark.parametrize(("rule", "key"), KEYS.items())
def test_the_key_of_a_rule(rule: str, key: float) -> None:
    assert float(RULES.rules[rule].key.evaluate(CANDIDATE)) == pytest.approx(key)


@pytest.mark.parametrize(("rule", "key"), LATE_KEYS.items())
def test_the_key_of_a_rule_when_the_job_is_late(rule: str, key: float) -> None:
    assert float(RULES.rules[rule].key.evaluate(LATE)) == pytest.approx(key)


def test_atc_sees_urgency_fade_with_slack() -> None:
    """Sixty ticks before its due date: 60 - 4 - 3 · 8 = 32 ticks away, over 3 · 6."""
    early = CANDIDATE | {"d": 70.0}
    expected = 0.5 * np.exp(-32 / 18)
    assert float(RULES.rules["ATC"].key.evaluate(early)) == pytest.approx(expected)


def test_every_rule_is_described_and_found_by_name() -> None:
    assert set(KEYS) | {"LTWR", "MTWR", "LOR", "MOR"} == set(RULES.rules)
    assert RULES.find("spt") is RULES.rules["SPT"]
    with pytest.raises(UnknownNameError, match="SPT"):
        RULES.find("SPTT")


def makespans(names: list[str], rule: str, buffer: int) -> list[float]:
    found = []
    for name in names:
        world = ShopWorld(Realisation.of(hw.instance(name), buffer=buffer))
        world.play(RULES.find(rule))
        found.append(world.value)
    return found


LAWRENCE = [f"la{k:02d}" for k in range(1, 41)]


@pytest.mark.parametrize(
    ("rule", "mean"), [("SPT", 2352), ("MTWR", 2328), ("LOR", 2303), ("FIFO", 2350), ("BLK", 2252)]
)
def test_mean_makespans_of_blocking_shops(rule: str, mean: int) -> None:
    """An independent simulator of the same semantics gave these means over la01–la40."""
    assert round(float(np.mean(makespans(LAWRENCE, rule, 0)))) == mean


@pytest.mark.parametrize(("rule", "gap"), [("SPT", 27.5), ("TAIL", 17.1)])
def test_mean_gaps_of_job_shops(rule: str, gap: float) -> None:
    """Taillard's shops, non-delay; SPT's figure is the one that is published for it."""
    names = [f"ta{k:02d}" for k in range(1, 81)]
    values = makespans(names, rule, hw.FOREVER)
    known = [best_known(name).upper for name in names]
    mean = np.mean([value / best - 1 for value, best in zip(values, known, strict=True)])
    assert round(100 * float(mean), 1) == gap


def test_rules_read_only_columns_that_the_shop_has() -> None:
    for rule in RULES.rules.values():
        assert rule.key.columns <= set(COLUMNS)
