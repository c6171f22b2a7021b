"""Names that clients make up take no memory to speak of."""

from __future__ import annotations

from types import SimpleNamespace

from headway.serving.gateway.models import LONGEST_KNOWN, Catalogue


def test_models_that_nobody_can_have_meant_are_not_remembered() -> None:
    catalogue = Catalogue([SimpleNamespace(models=None, adapters=frozenset())])  # type: ignore[list-item]
    for length in (3, LONGEST_KNOWN + 1):
        assert catalogue.find("m" * length) == (None, None)
    assert list(catalogue._found) == ["mmm"]
