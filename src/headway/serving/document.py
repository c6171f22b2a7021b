"""``engine.yaml``: an engine, its traffic and the policies to compare, as written by people.

What a key means stands beside it. Keys that do not exist are refused, with their path.
"""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from headway.serving.step_time import VLLM_SIZES


class Parallel(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How GPUs share a model."""

    tp: int = 1
    pp: int = 1


class Graphs(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Steps that replay captured graphs, see `Padded`; by default those of vLLM."""

    sizes: tuple[int, ...] = VLLM_SIZES
    graph_s: float = 0.0
    eager_s: float = 0.0


class StepTimes(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How long a step takes; one of the first five."""

    roofline: dict[str, float] | None = None
    """Shares of the peaks that are reached and overheads, see `Efficiency`."""
    layer_tables: str | None = None
    """Folder of measured layers, see `LayerTables.read`."""
    affine: dict[str, float] | None = None
    """Seconds per unit of the fields of a shape, and ``constant_s``; see `Affine`."""
    saved: str | None = None
    """A file that ``headway calibrate`` wrote."""
    kernels: str | None = None
    """Measured kernels of this engine on the same GPU, see `KernelTables`."""
    cuda_graphs: Graphs | None = None
    """Whether small batches run as captured graphs."""
    layers: int | None = None
    """Number of decoder layers of measured ones, where no model says it."""


class Traffic(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the engine is asked to do; one of the first two."""

    trace: str | None = None
    """A file, or the name of a public trace."""
    synthetic: dict[str, Any] | list[dict[str, Any]] | None = None
    """Arrivals and lengths by laws, see `headway.serving.workload.synthetic`.

    The seed is that of the run.
    """
    format: str | None = None
    """Of the file; found by its content."""
    window_s: tuple[float, float] | None = None
    """Only what arrives between these times, the clock set to 0 at the first."""
    requests: int | None = None
    """Only so many, the first."""
    spread_s: float = 0.0
    """Put each request at random into so many seconds after its stamp: see `Workload.spread`."""
    rate_per_s: float | None = None
    """Arrivals per second; by default those of the trace."""
    scale: float = 1.0
    """Times the rate of arrivals."""
    limit_tokens: int | None = None
    """Most output tokens that each request asks for; longer answers are cut."""


class Promise(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A service class, see `ServiceClass`."""

    name: str
    share: float = 1.0
    """Of the requests, drawn at random; relative to the other classes."""
    ttft_s: float | None = None
    tpot_s: float | None = None
    max_gap_s: float | None = None
    latency_s: float | None = None
    weight: float = 1.0


class Contender(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename={"with_": "with"}):
    """A policy with settings of its own."""

    name: str
    policy: str | None = None
    """A registered one, or ``FILE.py:CLASS``; by default the engine decides itself."""
    with_: dict[str, Any] = {}
    """Arguments of the policy."""
    engine: str | dict[str, Any] = {}
    """Settings that differ from those of the file: a preset, or keys."""


class Machine(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A model on GPUs, and how long its steps take there."""

    model: str | None = None
    """By name, or the path of a Hugging Face ``config.json``."""
    gpu: str | dict[str, Any] | None = None
    """By name, or the fields of `Gpu`."""
    parallel: Parallel = Parallel()
    dtype: str | None = None
    """Number format of the weights; that of the model by default."""
    kv_dtype: str = "bfloat16"
    step_time: str | StepTimes = "roofline"


class EngineFile(Machine, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A whole file."""

    kind: Literal["engine"]
    name: str = "engine"
    engine: str | dict[str, Any] = "vllm"
    """A preset, or fields of `EngineConfig`, ``preset`` and ``utilisation`` (of the memory)."""
    workload: Traffic
    classes: tuple[Promise, ...] = ()
    policies: tuple[str | Contender, ...] | None = None
    """Presets, registered policies, ``FILE.py:CLASS``, or those with settings of their own.

    What makes another preset what it is takes precedence over ``engine``. By default, what
    ``engine`` says decides itself.
    """
    loads: tuple[float, ...] = (1.0,)
    """Times the rate of arrivals; what ``headway compare`` runs."""
