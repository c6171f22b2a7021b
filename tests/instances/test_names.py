from __future__ import annotations

import pytest

from headway.errors import UnknownNameError
from headway.instances import find, instances


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("ft10", "ft10"),
        ("FT10", "ft10"),
        (" ta1 ", "ta01"),
        ("TA01", "ta01"),
        ("ta01js", "ta01"),
        ("orb1", "orb01"),
        ("yn01", "yn1"),
        ("la01.txt", "la01"),
        ("hurink/edata/la01", "edata-la01"),
        ("edata/la01.fjs", "edata-la01"),
        ("la01_vdata", "vdata-la01"),
        ("rdata orb1", "rdata-orb01"),
        ("MK1", "mk01"),
        ("01a", "dpp01a"),
        ("dpp18", "dpp18a"),
        ("SFJS3", "fattahi03"),
        ("mfjs10", "fattahi20"),
        ("tfs1", "tfs001"),
        ("ta4x4_10os", "tos10"),
        ("ta20x20_1os", "tos51"),
        ("gp3-1", "gp03-01"),
        ("j301_1.sm", "j30_1_1"),
        ("j12010_2", "j120_10_2"),
        ("J60-48-10", "j60_48_10"),
        ("wt40-7", "wt40_007"),
    ],
)
def test_the_usual_spellings_are_understood(written: str, meant: str) -> None:
    assert find(written).name == meant


def test_every_name_is_found_as_it_stands_in_small_and_in_capital_letters() -> None:
    for info in instances():
        assert find(info.name) is info
        assert find(info.name.upper()) is info


def test_an_unknown_name_is_refused_with_near_names() -> None:
    with pytest.raises(UnknownNameError, match=r"unknown instance 'la41'; did you mean .*la40"):
        find("la41")


@pytest.mark.parametrize("name", ["", "ta81", "ta0", "dpp19a", "edata-la41", "j30_49_1", "mfjs11"])
def test_a_number_beyond_its_family_is_refused(name: str) -> None:
    with pytest.raises(UnknownNameError):
        find(name)


def test_three_digits_after_ta_are_not_guessed() -> None:
    """Papers on flow shops say ta001 where papers on job shops say ta01."""
    with pytest.raises(UnknownNameError, match=r"ta01 or tfs001"):
        find("ta001")
