from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from headway.errors import ConfigError, FormatError
from headway.model import Schedule
from headway.show import gantt


@pytest.mark.parametrize(
    ("suffix", "signature"), [("png", b"\x89PNG\r\n\x1a\n"), ("svg", b"<?xml"), ("PDF", b"%PDF-")]
)
def test_the_suffix_decides_the_format(
    bakery: Schedule, tmp_path: Path, suffix: str, signature: bytes
) -> None:
    path = tmp_path / f"plan.{suffix}"
    gantt(bakery).save(path)
    assert path.read_bytes().startswith(signature)
    assert [found.name for found in tmp_path.iterdir()] == [path.name]


def test_an_unknown_suffix_is_refused_with_those_known(bakery: Schedule, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"\.bmp.*\.png, \.svg, \.pdf"):
        gantt(bakery).save(tmp_path / "plan.bmp")
    with pytest.raises(ConfigError, match="without suffix"):
        gantt(bakery).save(tmp_path / "plan")


def test_a_missing_folder_is_refused(bakery: Schedule, tmp_path: Path) -> None:
    with pytest.raises(FormatError, match="cannot write"):
        gantt(bakery).save(tmp_path / "nowhere" / "plan.png")


def test_the_same_picture_gives_the_same_bytes(bakery: Schedule) -> None:
    first, second = gantt(bakery), gantt(bakery)
    assert first.to_svg() == second.to_svg() == first.to_svg()
    assert first.to_pdf() == second.to_pdf()
    assert first.to_png(dpi=50) == second.to_png(dpi=50)
    assert "<dc:date>" not in first.to_svg()


def test_notebooks_show_the_picture(bakery: Schedule) -> None:
    assert gantt(bakery)._repr_png_().startswith(b"\x89PNG")


def test_importing_the_package_loads_neither_matplotlib_nor_jinja() -> None:
    code = "import sys, headway.show; sys.exit(bool({'matplotlib', 'jinja2'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_pyplot_is_never_touched() -> None:
    code = (
        "import sys, headway as hw; schedule = hw.job_shop([[0]], [[3]]).schedule([0]);"
        "schedule.gantt().to_png(); sys.exit('matplotlib.pyplot' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
