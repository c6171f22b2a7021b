"""Fitted step times as small JSON files."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from os import PathLike
from typing import Any

from headway import files
from headway.errors import ConfigError, FormatError, HeadwayError
from headway.serving.step_time.affine import Affine
from headway.serving.step_time.corrections import Corrected, Corrections
from headway.serving.step_time.described import as_object, describe, described
from headway.serving.step_time.padded import Padded
from headway.serving.step_time.protocol import StepTime
from headway.serving.step_time.roofline import Efficiency, Roofline


def to_document(step_time: StepTime) -> dict[str, Any]:
    """Return a step time as a JSON object; see `from_document`.

    Raises
    ------
    ConfigError
        If it is of a kind that has no such form.
    """
    match step_time:
        case Affine():
            return {
                "kind": "affine",
                "constant_s": step_time.constant_s,
                "per": dict(step_time.per),
            }
        case Roofline():
            return {
                "kind": "roofline",
                "efficiency": asdict(step_time.efficiency),
                "deployment": describe(step_time.deployment),
            }
        case Corrected():
            return {
                "kind": "corrections",
                "weights": list(step_time.corrections.weights),
                "deployment": describe(step_time.deployment),
            }
        case Padded():
            return {
                "kind": "padded",
                "sizes": list(step_time.sizes),
                "graph_s": step_time.graph_s,
                "eager_s": step_time.eager_s,
                "inner": to_document(step_time.inner),
            }
        case _:
            raise ConfigError(f"{type(step_time).__name__}: no such step time can be saved")


def from_document(document: Mapping[str, Any]) -> StepTime:
    """Return the step time that a JSON object describes.

    Its ``kind`` is ``affine`` (``constant_s``, ``per``), ``roofline`` (``efficiency``,
    ``deployment``), ``corrections`` (``weights``, ``deployment``) or ``padded`` (``sizes``,
    ``graph_s``, ``eager_s``, ``inner``). A deployment has ``model`` and ``gpu``, names or all their
    figures, and maybe ``tp``, ``pp``, ``dtype``, ``activation_dtype``, ``kv_dtype``. Further keys
    are ignored.

    Raises
    ------
    ConfigError
        If it describes none; names the key.
    """
    kind = document.get("kind")
    readers = {
        "affine": _affine,
        "roofline": _roofline,
        "corrections": _corrections,
        "padded": _padded,
    }
    if not isinstance(kind, str) or kind not in readers:
        raise ConfigError(f"kind: expected one of {', '.join(readers)}, got {kind!r}")
    return readers[kind](document)


def save(
    step_time: StepTime, path: str | PathLike[str], *, notes: Mapping[str, Any] | None = None
) -> None:
    """Write a step time as JSON, atomically.

    Parameters
    ----------
    step_time
        See `to_document`.
    path
        The file.
    notes
        More keys, such as errors of the fit; they are ignored when the file is read.

    Raises
    ------
    ConfigError
        If it has no such form.
    FormatError
        If the file cannot be written.
    """
    document = {**to_document(step_time), **(notes or {})}
    files.write_text(path, json.dumps(document, indent=2) + "\n")


def load(path: str | PathLike[str]) -> StepTime:
    """Return the step time in a JSON file.

    Raises
    ------
    FormatError
        If the file cannot be read or is not JSON.
    ConfigError
        If it describes no step time; names file and key.
    """
    try:
        document = json.loads(files.read_bytes(path))
    except (json.JSONDecodeError, UnicodeDecodeError, RecursionError) as error:
        line = getattr(error, "lineno", None)
        raise FormatError(f"not JSON: {error}", path=path, line=line) from None
    if not isinstance(document, dict):
        raise FormatError("expected a JSON object", path=path, line=1)
    try:
        return from_document(document)
    except HeadwayError as error:
        raise ConfigError(f"{path}: {error}") from None


def _affine(document: Mapping[str, Any]) -> StepTime:
    per = {
        name: _number(value, f"per.{name}")
        for name, value in as_object(document.get("per", {}), "per").items()
    }
    return Affine(_number(document.get("constant_s"), "constant_s"), per)


def _roofline(document: Mapping[str, Any]) -> StepTime:
    given = as_object(document.get("efficiency", {}), "efficiency")
    known = asdict(Efficiency())
    for name in given:
        if name not in known:
            raise ConfigError(f"efficiency.{name}: no such part; known: {', '.join(known)}")
    own = {name: _number(value, f"efficiency.{name}") for name, value in given.items()}
    return Roofline(described(document.get("deployment")), Efficiency(**own))


def _corrections(document: Mapping[str, Any]) -> StepTime:
    given = document.get("weights")
    if not isinstance(given, list):
        raise ConfigError(f"weights: expected a list of numbers, got {given!r}")
    own = Corrections(tuple(_number(value, "weights") for value in given))
    return own.on(described(document.get("deployment")))


def _padded(document: Mapping[str, Any]) -> StepTime:
    sizes = document.get("sizes")
    if not isinstance(sizes, list) or not all(type(size) is int for size in sizes):
        raise ConfigError(f"sizes: expected a list of whole numbers, got {sizes!r}")
    return Padded(
        from_document(as_object(document.get("inner"), "inner")),
        tuple(sizes),
        _number(document.get("graph_s", 0.0), "graph_s"),
        _number(document.get("eager_s", 0.0), "eager_s"),
    )


def _number(value: object, key: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ConfigError(f"{key}: expected a number, got {value!r}")
    return float(value)
