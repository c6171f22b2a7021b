"""Every example in a docstring is true."""

import doctest
import importlib
import pkgutil

import pytest

import headway

MODULES = [
    module.name
    for module in pkgutil.walk_packages(headway.__path__, "headway.")
    if module.name != "headway._core"
]


@pytest.mark.parametrize("name", ["headway", *MODULES])
def test_the_examples_of_a_module_are_true(name: str, tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    result = doctest.testmod(importlib.import_module(name))
    assert result.failed == 0
