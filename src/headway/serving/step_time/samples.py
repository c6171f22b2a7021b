"""Measured steps: what step times are fitted to, and judged by."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from os import PathLike

import numpy as np
from numpy.typing import NDArray

from headway.errors import ConfigError, FormatError, HeadwayError
from headway.serving.hardware import Deployment, Gpu
from headway.serving.models import LanguageModel
from headway.serving.step_time.columns import Columns, read_columns
from headway.serving.step_time.shape import FIELDS, Floats, Shape

_LISTS = ("prefills_qc", "decodes_c")
_PLACES = ("model", "gpu", "dtype")
_COUNTS = ("tp", "pp")
COLUMNS = ("seconds", *FIELDS, *_LISTS, *_PLACES, *_COUNTS, "group")
"""The columns that a file of measured steps may have."""


@dataclass(frozen=True)
class Samples:
    """Steps and how long they took.

    Parameters
    ----------
    shape
        Their shapes; every field an array of shape (n,).
    seconds
        Their durations, shape (n,), positive.
    deployments
        What they ran on; only step times that know models and GPUs ask for it.
    deployment
        Index into `deployments` per step, shape (n,).
    groups
        Labels per step, each of shape (n,), by the name of the grouping: what errors are told by,
        and what is left out in turn.

    Raises
    ------
    ConfigError
        If lengths differ or a duration is not positive.
    """

    shape: Shape
    seconds: Floats
    deployments: tuple[Deployment, ...] = ()
    deployment: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))
    groups: Mapping[str, NDArray[np.str_]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        n = len(self.seconds)
        if n == 0 or not (np.isfinite(self.seconds) & (self.seconds > 0)).all():
            raise ConfigError("samples: expected at least one, all of positive seconds")
        lengths = {"shape": len(self.shape.rows())}
        lengths |= {f"groups.{name}": len(labels) for name, labels in self.groups.items()}
        if self.deployments:
            lengths["deployment"] = len(self.deployment)
        for name, length in lengths.items():
            if length != n:
                raise ConfigError(f"samples: {name}: expected {n} entries, got {length}")

    def __len__(self) -> int:
        return len(self.seconds)

    @classmethod
    def read(cls, path: str | PathLike[str], *, deployment: Deployment | None = None) -> Samples:
        """Return the steps of a CSV file.

        Every row is a step: ``seconds``, and its shape. That is either a column per field of
        `Shape` (missing ones count as 0; without ``prefill_pairs`` all prefills of a step are taken
        to be alike, without ``decode_longest`` all decodes, and without ``sequences`` every segment
        emits a token), or ``prefills_qc``, segments of tokens and context such as
        ``512:0 64:2048``, and ``decodes_c``, contexts such as ``100 300``. Columns ``model``,
        ``gpu``, ``tp``, ``pp``, ``dtype`` say what ran it, and ``group`` is a label.

        Parameters
        ----------
        path
            The file.
        deployment
            What all steps ran on, if the file does not say it.

        Raises
        ------
        FormatError
            If the file holds no such steps; names file and line.
        """
        table = read_columns(path, maybe_texts=(*_LISTS, *_PLACES, "group"))
        for name in (*table.texts, *table.numbers):
            if name not in COLUMNS:
                raise FormatError(
                    f"unknown column {name!r}; known: {', '.join(COLUMNS)}", path=path, line=1
                )
        if "seconds" not in table.numbers:
            raise FormatError("no column 'seconds'", path=path, line=1)
        for value, line in zip(table.numbers["seconds"], table.lines, strict=True):
            if value <= 0:
                raise FormatError("seconds: expected more than 0", path=path, line=line)
        told, index = _deployments(table)
        if not told and deployment is not None:
            told, index = (deployment,), np.zeros(len(table), np.int64)
        groups: dict[str, NDArray[np.str_]] = {
            name: np.array(table.texts[name])
            for name in ("model", "gpu", "group")
            if name in table.texts
        }
        return cls(_shapes(table), table.numbers["seconds"], told, index, groups)

    def select(self, which: NDArray[np.bool_] | NDArray[np.int64]) -> Samples:
        """Return some of the steps.

        Raises
        ------
        ConfigError
            If there are none.
        """
        return Samples(
            Shape.from_rows(self.shape.rows()[which]),
            self.seconds[which],
            self.deployments,
            self.deployment[which] if self.deployments else self.deployment,
            {name: labels[which] for name, labels in self.groups.items()},
        )

    def by_deployment(self) -> Iterator[tuple[Deployment | None, NDArray[np.int64]]]:
        """Yield what ran some of the steps, and which these are; None if it is not known."""
        if not self.deployments:
            yield None, np.arange(len(self))
            return
        for index, deployment in enumerate(self.deployments):
            which = np.flatnonzero(self.deployment == index)
            if len(which):
                yield deployment, which


def _shapes(table: Columns) -> Shape:
    lists = [name for name in _LISTS if name in table.texts]
    given = [name for name in FIELDS if name in table.numbers]
    if lists and given:
        raise FormatError(
            f"either {', '.join(_LISTS)} or fields of a shape are expected, not both",
            path=table.path,
            line=1,
        )
    if lists:
        return _listed(table)
    if not given:
        raise FormatError(
            f"expected columns of the shape: {', '.join((*_LISTS, *FIELDS))}",
            path=table.path,
            line=1,
        )
    zero = np.zeros(len(table))
    own = {name: table.numbers.get(name, zero) for name in FIELDS}
    prefills, decodes = np.maximum(own["prefills"], 1), np.maximum(own["decodes"], 1)
    if "prefills" not in given:
        own["prefills"] = (own["prefill_tokens"] > 0).astype(np.float64)
    if "prefill_pairs" not in given:
        each = own["prefill_tokens"] / prefills
        context = own["prefill_context"] / prefills
        own["prefill_pairs"] = own["prefill_tokens"] * (context + (each + 1) / 2)
    if "decode_longest" not in given:
        own["decode_longest"] = own["decode_context"] / decodes
    if "sequences" not in given:
        own["sequences"] = own["prefills"] + own["decodes"]
    return Shape(**own)


def _listed(table: Columns) -> Shape:
    none = [""] * len(table)
    rows = []
    for prefills, decodes, line in zip(
        table.texts.get("prefills_qc", none),
        table.texts.get("decodes_c", none),
        table.lines,
        strict=True,
    ):
        try:
            chunks = [_pair(part) for part in prefills.split()]
            contexts = [_count(part, 0) for part in decodes.split()]
        except ValueError as error:
            raise FormatError(str(error), path=table.path, line=line) from None
        rows.append(Shape.of(chunks, contexts).rows())
    return Shape.from_rows(np.concatenate(rows))


def _pair(text: str) -> tuple[int, int]:
    tokens, colon, context = text.partition(":")
    if not colon:
        raise ValueError(f"prefills_qc: expected tokens:context, found {text!r}")
    return _count(tokens, 1), _count(context, 0)


def _count(text: str, least: int) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 10 and int(text) >= least):
        raise ValueError(f"expected a whole number of at least {least}, found {text!r}")
    return int(text)


def _deployments(table: Columns) -> tuple[tuple[Deployment, ...], NDArray[np.int64]]:
    if not {"model", "gpu"} <= set(table.texts):
        return (), np.zeros(0, np.int64)
    ones, none = np.ones(len(table)), [""] * len(table)
    columns = (
        table.texts["model"],
        table.texts["gpu"],
        table.texts.get("dtype", none),
        table.numbers.get("tp", ones).tolist(),
        table.numbers.get("pp", ones).tolist(),
    )
    found: dict[tuple[str, str, str, float, float], int] = {}
    made: list[Deployment] = []
    index = []
    for *key, line in zip(*columns, table.lines, strict=True):
        model, gpu, dtype, tp, pp = key
        name = (model, gpu, dtype, tp, pp)
        if name not in found:
            found[name] = len(made)
            try:
                made.append(
                    Deployment(
                        LanguageModel.named(model),
                        Gpu.named(gpu),
                        int(tp),
                        int(pp),
                        dtype=dtype or None,
                    )
                )
            except HeadwayError as error:
                raise FormatError(str(error), path=table.path, line=line) from None
        index.append(found[name])
    return tuple(made), np.array(index, np.int64)
