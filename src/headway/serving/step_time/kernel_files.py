"""Reading measured kernels: the tables of the package aiconfigurator-core."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from importlib.util import find_spec
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from headway.errors import FormatError, MissingExtraError, UnknownNameError
from headway.serving.step_time.shape import Floats

SYSTEMS = {
    "NVIDIA A100 80GB SXM": "a100_sxm",
    "NVIDIA A100 80GB PCIe": "a100_pcie",
    "NVIDIA A30": "a30",
    "NVIDIA L4": "l4",
    "NVIDIA L40S": "l40s",
    "NVIDIA H100 SXM": "h100_sxm",
    "NVIDIA H100 PCIe": "h100_pcie",
    "NVIDIA H200 SXM": "h200_sxm",
    "NVIDIA B200 SXM": "b200_sxm",
    "NVIDIA GB200": "gb200",
    "NVIDIA RTX PRO 6000 Blackwell Server Edition": "rtx_pro_6000_server",
}
"""Names of folders by name of the GPU."""

_FILES = {
    "gemm": ("gemm", "gemm_perf"),
    "context": ("attention", "context_attention_perf"),
    "generation": ("attention", "generation_attention_perf"),
    "moe": ("moe", "moe_perf"),
    "all_reduce": ("comm", "custom_allreduce_perf"),
}


@dataclass(frozen=True)
class Kernels:
    """Measured kernels of one GPU under one engine.

    Parameters
    ----------
    folder
        Holds ``<kind>/<engine>/<version>/<kernel>_perf.parquet``.
    engine
        As in ``vllm``.
    """

    folder: Path
    engine: str = "vllm"

    @classmethod
    def of(
        cls, gpu: str, engine: str = "vllm", *, root: str | PathLike[str] | None = None
    ) -> Kernels:
        """Return the kernels of a GPU that the installed package holds.

        Parameters
        ----------
        gpu
            Name as in the catalogue of GPUs, or of its folder.
        engine
            ``vllm``, ``sglang`` or ``trtllm``.
        root
            Folder of all GPUs; that of the installed package by default.

        Raises
        ------
        MissingExtraError
            If the package or pyarrow is not installed.
        UnknownNameError
            If it holds nothing of this GPU or engine.
        """
        home = Path(root) if root is not None else _installed()
        known = {path.name for path in home.iterdir() if path.is_dir()} if home.is_dir() else set()
        name = SYSTEMS.get(gpu, gpu)
        if name not in known:
            raise UnknownNameError("GPU with measured kernels", gpu, sorted({*known, *SYSTEMS}))
        engines = {path.name for path in (home / name / "gemm").glob("*")}
        if engine not in engines:
            raise UnknownNameError(f"engine with kernels on {name}", engine, engines)
        return cls(home / name, engine)

    @cached_property
    def gemm(self) -> Mapping[str, Any]:
        """Matrix products: ``gemm_dtype``, ``m``, ``n``, ``k``, and ``seconds``."""
        return self._table("gemm", texts=("gemm_dtype",), numbers=("m", "n", "k"))

    @cached_property
    def context(self) -> Mapping[str, Any]:
        """Attention of prompts without context, by batch, length and heads."""
        return self._attention("context")

    @cached_property
    def generation(self) -> Mapping[str, Any]:
        """Attention of decodes, by batch, context (``isl`` + ``step``) and heads."""
        return self._attention("generation")

    @cached_property
    def moe(self) -> Mapping[str, Any]:
        """Experts, by tokens and dimensions."""
        numbers = ("num_tokens", "hidden_size", "inter_size", "topk", "num_experts")
        shared = ("moe_tp_size", "moe_ep_size")
        return self._table("moe", texts=("moe_dtype", "distribution"), numbers=(*numbers, *shared))

    @cached_property
    def all_reduce(self) -> Mapping[str, Any]:
        """Sums over GPUs, by their number and bytes."""
        return self._table("all_reduce", texts=(), numbers=("num_gpus", "message_size"))

    def _attention(self, name: str) -> Mapping[str, Any]:
        heads = ("num_heads", "num_key_value_heads", "head_dim")
        table = self._table(
            name,
            texts=("kv_cache_dtype",),
            numbers=("batch_size", "isl", *heads, "step", "window_size"),
        )
        full = table["window_size"] == 0
        return {key: column[full] for key, column in table.items()}

    def _table(
        self, name: str, *, texts: tuple[str, ...], numbers: tuple[str, ...]
    ) -> dict[str, NDArray[Any]]:
        kind, stem = _FILES[name]
        found = sorted((self.folder / kind / self.engine).glob(f"*/{stem}.parquet"), key=_version)
        if not found:
            raise FormatError(f"no {stem}.parquet of {self.engine}", path=self.folder / kind)
        return _columns(found[-1], texts, numbers)


def _columns(
    path: Path, texts: tuple[str, ...], numbers: tuple[str, ...]
) -> dict[str, NDArray[Any]]:
    """Return columns of a parquet file, and ``latency`` of milliseconds as ``seconds``."""
    try:
        from pyarrow import ArrowException
        from pyarrow.parquet import read_table
    except ImportError as error:
        raise MissingExtraError("kernel tables need: pip install 'headway[kernels]'") from error
    try:
        table = read_table(path, columns=[*texts, *numbers, "latency"])
        columns = {name: table.column(name).to_numpy() for name in table.column_names}
        own: dict[str, NDArray[Any]] = {name: columns[name].astype(np.str_) for name in texts}
        own |= {name: columns[name].astype(np.float64) for name in numbers}
        seconds = columns["latency"].astype(np.float64) * 1e-3
    except (ArrowException, KeyError, ValueError, OSError) as error:
        raise FormatError(f"not such a table: {error}", path=path) from None
    sound = np.isfinite(seconds) & (seconds > 0)
    return {name: column[sound] for name, column in {**own, "seconds": seconds}.items()}


def _installed() -> Path:
    spec = find_spec("aiconfigurator_core")
    if spec is None or not spec.submodule_search_locations:
        raise MissingExtraError("measured kernels need: pip install 'headway[kernels]'")
    return Path(next(iter(spec.submodule_search_locations))) / "systems" / "data"


def _version(path: Path) -> tuple[int, ...]:
    """Return the numbers of the version that a file's folder is named by, for sorting."""
    return tuple(int(part) if part.isdigit() else -1 for part in path.parent.name.split("."))


def nearest(points: Floats, wanted: tuple[float, ...]) -> Floats:
    """Return the row of `points`, shape (n, m), that is nearest in ratio to what is wanted."""
    distance = np.abs(np.log(points) - np.log(np.asarray(wanted))).sum(axis=1)
    return np.asarray(points[int(np.argmin(distance))])
