"""Well-known models by name."""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files
from typing import Any

from headway.errors import UnknownNameError
from headway.serving.models.config import from_config
from headway.serving.models.model import LanguageModel


@cache
def _entries() -> dict[str, dict[str, Any]]:
    text = (files("headway.serving.models") / "data" / "models.json").read_text("utf-8")
    entries: dict[str, dict[str, Any]] = json.loads(text)
    return entries


def model_names() -> tuple[str, ...]:
    """Return the names of the models that `LanguageModel.named` knows."""
    return tuple(_entries())


def model(name: str) -> LanguageModel:
    """Return the model of this name; see `LanguageModel.named`."""
    entries = _entries()
    wanted = name.strip().lower()
    by_source = {str(entry["source"]).lower(): key for key, entry in entries.items()}
    key = by_source.get(wanted, wanted)
    if key not in entries:
        raise UnknownNameError("model", name, entries)
    return from_config(entries[key]["config"], key)
