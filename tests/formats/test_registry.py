from importlib.metadata import EntryPoint

import pytest

from headway.errors import UnsupportedError
from headway.formats import Format, Match, formats, reads, registry, write
from headway.model import single_machine

TALLY = Format(
    name="tally",
    description="one stroke per tick",
    suffixes=(".tally",),
    sniff=lambda source: Match.CERTAIN if set(source.text.strip()) <= set("| ") else Match.NO,
    parse=lambda source: [single_machine([len(word) for word in source.text.split()])],
)


@pytest.fixture
def tally(monkeypatch):
    point = EntryPoint("tally", f"{__name__}:TALLY", "headway.formats")
    monkeypatch.setattr(EntryPoint, "load", lambda self: TALLY)
    monkeypatch.setattr("importlib.metadata.entry_points", lambda group: [point])
    registry.all_formats.cache_clear()
    yield
    registry.all_formats.cache_clear()


@pytest.mark.usefixtures("tally")
def test_another_package_adds_a_format_by_an_entry_point():
    assert "tally" in formats()
    assert reads("||| ||").modes.duration.tolist() == [3, 2]


@pytest.mark.usefixtures("tally")
def test_a_format_without_a_writer_says_so(tmp_path):
    with pytest.raises(UnsupportedError, match="'tally' can be read, but not written"):
        write(single_machine([1]), tmp_path / "a.tally", format="tally")


def test_every_format_has_a_description_and_a_lower_case_name():
    for known in registry.all_formats().values():
        assert known.name == known.name.lower()
        assert known.description
        assert all(suffix == "" or suffix.startswith(".") for suffix in known.suffixes)
