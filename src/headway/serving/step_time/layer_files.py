"""Reading measured layer tables: the files that LLMServingSim's profiler writes."""

from __future__ import annotations

from collections.abc import Sequence
from os import PathLike
from pathlib import Path

import numpy as np
import yaml

from headway import files
from headway.errors import FormatError
from headway.serving.models import Experts
from headway.serving.step_time.columns import Columns, read_columns
from headway.serving.step_time.interpolation import Curve, Grid, prolonged
from headway.serving.step_time.shape import Floats

AXES = ("prefill_chunk", "kv_prefill", "n_decode", "kv_decode")
"""The axes of an attention table: tokens of the chunk, tokens in the cache before it, decodes, and
tokens in the cache of each."""


def read_curves(path: str | PathLike[str], key: str, known: Sequence[str]) -> dict[str, Curve]:
    """Return one curve per layer, in seconds, from a file of ``layer,<key>,time_us``.

    Parameters
    ----------
    path
        The file.
    key
        What the curves depend on: ``tokens`` or ``sequences``.
    known
        Names that a layer can have.

    Raises
    ------
    FormatError
        If the file is no such table; names file and line.
    """
    table = read_columns(path, texts=("layer",), numbers=(key, "time_us"))
    names = table.texts["layer"]
    for name, line in zip(names, table.lines, strict=True):
        if name not in known:
            raise FormatError(
                f"unknown layer {name!r}; known: {', '.join(known)}", path=path, line=line
            )
    _refuse_repeats(table, list(zip(names, table.numbers[key], strict=True)))
    rows = np.array(names)
    return {
        name: Curve.through(
            table.numbers[key][rows == name], table.numbers["time_us"][rows == name] * 1e-6
        )
        for name in dict.fromkeys(names)
    }


def read_experts(path: str | PathLike[str], experts: Experts) -> Curve:
    """Return the seconds of a layer of experts over tokens, from a file by tokens and experts.

    Tokens are taken to touch as many experts as they do on average.

    Parameters
    ----------
    path
        A file of ``tokens,activated_experts,time_us``.
    experts
        Those of the model.

    Raises
    ------
    FormatError
        If the file is no such table; names file and line.
    """
    table = read_columns(path, numbers=("tokens", "activated_experts", "time_us"))
    points = np.stack([table.numbers["activated_experts"], table.numbers["tokens"]], axis=1)
    _refuse_repeats(table, list(map(tuple, points.tolist())))
    grid = Grid(*_fill(points, table.numbers["time_us"] * 1e-6))
    most = int(points[:, 1].max())
    tokens = np.unique(np.concatenate([np.arange(1, 65), np.geomspace(1, most, 200), points[:, 1]]))
    touched = np.array([experts.touched(count) for count in tokens.tolist()])
    return Curve.through(tokens, grid(touched, tokens))


def read_attention(path: str | PathLike[str]) -> Grid:
    """Return the grid of an attention table, in seconds.

    Rows need not fill a grid: each pair of chunk and decodes may have its own points. Missing ones
    are interpolated along the last axes first, and beyond the last point prolonged.

    Raises
    ------
    FormatError
        If the file is no such table; names file and line.
    """
    table = read_columns(path, numbers=(*AXES, "time_us"))
    points = np.stack([table.numbers[axis] for axis in AXES], axis=1)
    _refuse_repeats(table, list(map(tuple, points.tolist())))
    return attention_grid(points, table.numbers["time_us"] * 1e-6)


def attention_grid(points: Floats, seconds: Floats) -> Grid:
    """Return the grid through scattered measurements of attention.

    Parameters
    ----------
    points
        Shape (n, 4), columns as in `AXES`.
    seconds
        Shape (n,).
    """
    # Chunks before decodes before contexts: every chunk was measured with its own numbers of
    # decodes, and every such pair with its own contexts.
    order = [0, 2, 1, 3]
    axes, values = _fill(points[:, order], seconds)
    values = np.moveaxis(values, 1, 2)
    chunk, decodes, context, decode_context = axes
    if chunk[0] == 0 and decodes[0] == 0 and len(chunk) > 1:
        # No step has neither; a chunk shorter than the shortest measured costs as much as it.
        values[0, :, 0] = values[1, :, 0]
    return Grid((chunk, context, decodes, decode_context), values)


def read_skew(folder: Path) -> float:
    """Return how far batches of unequal contexts were measured to lie from mean to longest.

    That is ``skew_fit.per_tp.<n>.alpha_default`` of ``meta.yaml``; 0 if it was not measured.

    Raises
    ------
    FormatError
        If the file exists and is not YAML, or the value is not a number.
    """
    path = folder / "meta.yaml"
    if not path.exists():
        return 0.0
    try:
        meta = yaml.safe_load(files.read_bytes(path))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise FormatError(f"not YAML: {' '.join(str(error).split())}", path=path) from None
    found: object = meta
    for key in ("skew_fit", "per_tp", 1, "alpha_default"):
        found = found.get(key) if isinstance(found, dict) else None
    if found is None:
        return 0.0
    if isinstance(found, bool) or not isinstance(found, int | float) or not 0 <= found <= 1:
        raise FormatError(
            f"skew_fit.per_tp.1.alpha_default: expected a number in [0, 1], found {found!r}",
            path=path,
        )
    return float(found)


def _fill(points: Floats, seconds: Floats) -> tuple[tuple[Floats, ...], Floats]:
    """Return the axes of all points, prolonged, and values on their grid."""
    axis = np.unique(points[:, 0])
    if points.shape[1] == 1:
        by_point = seconds[np.argsort(points[:, 0])]
        longer, values = prolonged(axis, by_point)
        return (longer,), values
    parts = [_fill(points[points[:, 0] == x, 1:], seconds[points[:, 0] == x]) for x in axis]
    axes = tuple(
        np.unique(np.concatenate([own[i] for own, _ in parts])) for i in range(len(parts[0][0]))
    )
    mesh = np.meshgrid(*axes, indexing="ij")
    rows = np.stack([Grid(own, values)(*mesh) for own, values in parts])
    longer, rows = prolonged(axis, rows, axis=0)
    return (longer, *axes), rows


def _refuse_repeats(table: Columns, keys: Sequence[object]) -> None:
    seen: dict[object, int] = {}
    for key, line in zip(keys, table.lines, strict=True):
        if key in seen:
            raise FormatError(f"repeats the point of line {seen[key]}", path=table.path, line=line)
        seen[key] = line
