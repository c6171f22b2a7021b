"""Files are complete or untouched."""

import os
import stat
from pathlib import Path

import pytest

from headway import files
from headway.errors import FormatError


def test_a_failed_write_leaves_the_old_file_and_no_debris(tmp_path: Path, monkeypatch) -> None:
    target = tmp_path / "plan.json"
    target.write_text("old")

    def broken(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", broken)
    with pytest.raises(FormatError, match=r"plan\.json.*No space"):
        files.write_text(target, "new")
    assert target.read_text() == "old"
    assert list(tmp_path.iterdir()) == [target]


def test_new_files_have_the_usual_permissions(tmp_path: Path) -> None:
    files.write_text(tmp_path / "a", "x")
    (tmp_path / "b").write_text("x")
    modes = [stat.S_IMODE((tmp_path / name).stat().st_mode) for name in ("a", "b")]
    assert modes[0] == modes[1]


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "real").write_text("old")
    (tmp_path / "link").symlink_to(tmp_path / "real")
    files.write_text(tmp_path / "link", "new")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real").read_text() == "new"


def test_missing_files_and_folders_are_named(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match="nowhere"):
        files.read_bytes(tmp_path / "nowhere")
    with pytest.raises(FormatError, match="nowhere"):
        files.write_text(tmp_path / "nowhere" / "plan.json", "x")
    with pytest.raises(FormatError, match="directory"):
        files.write_text(tmp_path, "x")


def test_devices_are_written_to_not_replaced() -> None:
    files.write_text(os.devnull, "x")
    assert not Path(os.devnull).is_file()
