from __future__ import annotations

import re
from datetime import date

import pytest

from headway.errors import UnknownNameError
from headway.instances import best_known, citation, families, instances

SIZES = {
    "ft": 3,
    "la": 40,
    "abz": 5,
    "orb": 10,
    "swv": 20,
    "yn": 4,
    "ta": 80,
    "dmu": 80,
    "bel": 20,
    "mk": 15,
    "sdata": 66,
    "edata": 66,
    "rdata": 66,
    "vdata": 66,
    "dpp": 18,
    "barnes": 21,
    "kacem": 4,
    "fattahi": 20,
    "gp": 80,
    "brucker": 52,
    "tos": 60,
    "tfs": 120,
    "hfs": 20,
    "sdst": 20,
    "ttfs": 20,
    "j30": 480,
    "j60": 480,
    "j90": 480,
    "j120": 600,
    "wt40": 125,
    "wt50": 125,
    "wt100": 125,
}


def test_every_family_is_complete() -> None:
    assert {name: len(instances(name)) for name in families()} == SIZES
    assert len(instances()) == sum(SIZES.values())


@pytest.mark.parametrize(
    ("name", "known"),
    [
        ("ft06", "55"),
        ("ft10", "930"),
        ("ft20", "1165"),
        ("la21", "1046"),
        ("abz8", "667"),
        ("orb07", "397"),
        ("swv07", "1541-1594"),
        ("yn4", "967"),
        ("ta01", "1231"),
        ("ta45", "1997"),
        ("ta80", "5183"),
        ("dmu44", "3414-3475"),
        ("mk10", "189-193"),
        ("edata-la01", "609"),
        ("rdata-la21", "809-825"),
        ("vdata-ft10", "655"),
        ("dpp05a", "2195-2199"),
        ("setb4c9", "914"),
        ("kacem3", "7"),
        ("tos01", "193"),
        ("tfs001", "1278"),
        ("hfs0397", "1843"),
        ("sdst442", "6293-11679"),
        ("ttfs004", "502-2017"),
        ("j30_1_1", "43"),
        ("j120_1_1", "104-105"),
        ("wt40_001", "913"),
        ("wt100_001", "?-5988"),
    ],
)
def test_best_known_values_are_those_of_the_literature(name: str, known: str) -> None:
    assert str(best_known(name)) == known


@pytest.mark.parametrize(
    ("family", "total"), [("j30", 28316), ("j60", 38306), ("j90", 45549), ("j120", 73196)]
)
def test_the_best_known_makespans_of_psplib_add_up_as_reported(family: str, total: int) -> None:
    assert sum(info.upper or 0 for info in instances(family)) == total


def test_bounds_are_in_order_and_say_who_found_them_and_when() -> None:
    for info in instances():
        best = info.best
        assert best.upper is not None
        assert best.lower is None or 0 <= best.lower <= best.upper
        assert citation(best.upper_source)
        assert date(1990, 1, 1) < date.fromisoformat(best.upper_date)
        if best.lower is not None:
            assert citation(best.lower_source)
            assert date(1990, 1, 1) < date.fromisoformat(best.lower_date)


def test_all_small_projects_are_closed_and_a_known_number_of_shops_is_open() -> None:
    assert len(instances("j30", status="optimal")) == 480
    assert len(instances("ta", status="open")) == 12
    assert len(instances("dmu", status="open")) == 45


def test_patterns_choose_by_name_and_by_family_in_any_case() -> None:
    assert instances("FT*").names == ("ft06", "ft10", "ft20")
    assert instances("la0[1-3]", "abz?").names == (
        "la01", "la02", "la03", "abz5", "abz6", "abz7", "abz8", "abz9"
    )  # fmt: skip
    assert len(instances("barnes")) == 21
    assert len(instances("ta*")) == 80
    assert len(instances("nothing*")) == 0


def test_filters_narrow_the_choice() -> None:
    shops = instances(kind="open shop")
    assert {info.family.name for info in shops} == {"gp", "brucker", "tos"}
    assert {info.access for info in instances("tos", "gp01*", access="generated")} == {"generated"}
    assert all(info.lower == info.upper for info in instances("la", status="optimal"))


@pytest.mark.parametrize("wrong", [{"kind": "jobshop"}, {"access": "web"}, {"status": "closed"}])
def test_an_unknown_filter_is_refused_with_the_known_ones(wrong: dict[str, str]) -> None:
    with pytest.raises(UnknownNameError, match=f"unknown {next(iter(wrong))}"):
        instances(**wrong)


def test_the_catalogue_prints_as_a_table_and_cuts_it_short() -> None:
    lines = repr(instances("ft")).splitlines()
    assert lines[0].split() == [
        "name", "kind", "jobs", "machines", "tasks", "lower", "upper", "access"
    ]  # fmt: skip
    assert lines[2].split() == ["ft10", "job", "shop", "10", "10", "100", "930", "930", "shipped"]
    assert repr(instances("ta")).endswith("… and 20 more")
    assert len(instances("ta").table().splitlines()) == 81
    assert instances("ft")._repr_html_().count("<tr>") == 4


def test_a_line_of_the_catalogue_tells_size_and_bounds() -> None:
    [info] = instances("swv07")
    assert str(info) == "swv07: job shop, 20×15, 300 tasks, open 1541-1594"
    assert info.load().n_tasks == 300


def test_slices_are_catalogues_too() -> None:
    shops = instances("la")
    assert shops[:2] == instances("la01", "la02")
    assert shops[-1].name == "la40"


def test_every_family_names_its_publication_and_licence() -> None:
    for family in families().values():
        assert re.fullmatch(r"(19|20)\d\d", str(family.year))
        assert family.title
        assert family.authors
        assert family.reference
        assert family.licence
        assert bool(family.path) == any(
            info.access == "download" for info in instances(family.name)
        )


def test_an_unknown_source_is_refused() -> None:
    with pytest.raises(UnknownNameError, match="unknown source 'PLC2016'; did you mean PLC2015"):
        citation("PLC2016")
