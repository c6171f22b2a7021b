"""From the sections on adapters of a fleet's file to their catalogue."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import msgspec

from headway.errors import ConfigError, UnknownNameError
from headway.serving.fleet.adapters.catalogue import STORE, Adapter, Catalogue, lora_bytes
from headway.serving.fleet.document import FleetFile, LowRank
from headway.serving.fleet.member import Link
from headway.serving.fleet.setup import Kind
from headway.serving.models import LanguageModel
from headway.serving.traffic import key

MOST_ADAPTERS = 100_000
"""In one section."""


def catalogue(file: FleetFile, kinds: Sequence[Kind]) -> Catalogue | None:
    """Return the adapters that a file names, None if it names none.

    Parameters
    ----------
    file
        The description.
    kinds
        Its engines, whose models the ranks are of.

    Raises
    ------
    ConfigError
        If a section contradicts itself, or no engine can hold an adapter; with the key.
    """
    if not file.adapters:
        return None
    models = {
        kind.deployed.model.name: kind.deployed.model for kind in kinds if kind.deployed is not None
    }
    found: list[Adapter] = []
    for number, section in enumerate(file.adapters):
        with key(f"adapters[{number}]"):
            found += _of(section, models)
    store = STORE
    if file.adapter_store is not None:
        with key("adapter_store"):
            store = Link(**msgspec.structs.asdict(file.adapter_store))
    if not any(kind.group.max_adapters is None or kind.group.max_adapters for kind in kinds):
        raise ConfigError("adapters: no engine holds any: max_adapters is 0 for all kinds")
    return Catalogue(tuple(found), store)


def _of(section: LowRank, models: Mapping[str, LanguageModel]) -> Iterator[Adapter]:
    if section.count is not None and not 1 <= section.count <= MOST_ADAPTERS:
        raise ConfigError(f"count: expected 1 to {MOST_ADAPTERS:,}, got {section.count}")
    if section.model is not None and section.model not in models:
        raise UnknownNameError("model", section.model, models)
    size_bytes = _bytes(section, models)
    numbers = [""] if section.count is None else [f"-{k}" for k in range(1, section.count + 1)]
    for number in numbers:
        name = f"{section.name}{number}" if section.name else ""
        yield Adapter(name=name, size_bytes=size_bytes, model=section.model or "")


def _bytes(section: LowRank, models: Mapping[str, LanguageModel]) -> float:
    if (section.rank is None) == (section.bytes is None):
        raise ConfigError("rank, bytes: expected one of the two")
    if section.bytes is not None:
        return section.bytes
    if section.model is not None:
        model = models[section.model]
    elif len(models) == 1:
        (model,) = models.values()
    else:
        raise ConfigError("rank: of which model? engines have several, or none that is named")
    assert section.rank is not None
    return lora_bytes(model, section.rank)
