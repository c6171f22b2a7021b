"""The public face: what is promised can be imported, quickly, and is documented."""

import importlib
import inspect
import subprocess
import sys

import pytest

import headway

ROOMS = (
    "formats", "instances", "model", "show", "solve", "simulate", "learn", "serving.workload",
    "bench", "cli",
)  # fmt: skip


@pytest.mark.parametrize("room", ["", *ROOMS])
def test_every_promised_name_is_there_and_documented(room: str) -> None:
    module = importlib.import_module(f"headway.{room}".rstrip("."))
    assert len(set(module.__all__)) == len(module.__all__)
    for name in module.__all__:
        thing = getattr(module, name)
        if inspect.isclass(thing) or inspect.isfunction(thing):
            assert inspect.getdoc(thing), f"{module.__name__}.{name} has no docstring"


def test_importing_headway_loads_nothing_heavy() -> None:
    code = "import sys, headway; print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout.split()
    heavy = {
        "ortools",
        "matplotlib",
        "pandas",
        "openpyxl",
        "pooch",
        "rich",
        "click",
        "jinja2",
        "scipy",
        "yaml",
    }
    heavy |= {"importlib.metadata", "email"}
    assert not heavy & set(loaded)


def test_the_version_is_that_of_the_package() -> None:
    from importlib.metadata import version

    assert headway.__version__ == version("headway")
