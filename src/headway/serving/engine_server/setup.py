"""From a file, or a few flags, to what a server serves."""

from __future__ import annotations

from os import PathLike
from pathlib import Path
from typing import Any

from headway.errors import ConfigError, UnknownNameError
from headway.serving.document import EngineFile
from headway.serving.engine_server.settings import Settings
from headway.serving.fleet.document import FleetFile, Group
from headway.serving.fleet.setup import Kind
from headway.simulate.document import document, record


def described(path: str | PathLike[str], kind: str | None = None) -> Settings:
    """Return the engine that a file describes: ``engine.yaml``, or a kind in ``fleet.yaml``.

    Parameters
    ----------
    path
        The file.
    kind
        Name of one of the engines of a fleet; the first by default.

    Raises
    ------
    FormatError
        If the file cannot be read.
    ConfigError, UnknownNameError
        If a key is unknown or has a value it cannot have, or there is no such kind.
    """
    try:
        return _served(_group(document(path), kind), Path(path).parent)
    except ConfigError as error:
        raise ConfigError(f"{path}: {error}") from None


def flagged(
    model: str, gpu: str, *, tp: int = 1, engine: str | dict[str, Any] = "vllm"
) -> Settings:
    """Return an engine with a model on a GPU.

    Parameters
    ----------
    model
        By name, or the path of a ``config.json``.
    gpu
        By name.
    tp
        GPUs that share each layer.
    engine
        A preset, or settings.

    Raises
    ------
    ConfigError, UnknownNameError
        If one of them does not exist, or they do not fit together.
    """
    given = {"name": "engine", "model": model, "gpu": gpu, "parallel": {"tp": tp}}
    return _served(record({**given, "engine": engine}, Group, "an engine"), Path())


def _group(text: dict[str, Any], kind: str | None) -> Group:
    if text.get("kind") == "fleet":
        groups = {group.name: group for group in record(text, FleetFile, "a fleet").engines}
        if not groups:
            raise ConfigError("engines: expected at least one kind")
        if kind is not None and kind not in groups:
            raise UnknownNameError("kind", kind, groups)
        return groups[kind or next(iter(groups))]
    if kind is not None:
        raise ConfigError("kind: of no use, as the file describes one engine and no fleet")
    file = record(text, EngineFile, "an engine")
    shared = {
        name: getattr(file, name)
        for name in ("name", "model", "gpu", "parallel", "dtype", "kv_dtype", "step_time", "engine")
    }
    return Group(**shared)


def _served(group: Group, home: Path) -> Settings:
    if group.policy is not None:
        raise ConfigError(
            f"policy: an engine that serves decides by its own rules, found {group.policy!r}"
        )
    if group.role != "both":
        raise ConfigError(f"role: an engine that serves answers whole requests, got {group.role}")
    built = Kind.of(group, home)
    model = group.name if group.model is None else group.model
    return Settings(
        name=group.name,
        model=model,
        config=built.config,
        step_time=built.step_time,
        adapters=group.adapters,
    )
