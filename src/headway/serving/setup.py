"""From the sections of an experiment to a deployment, step times and settings of the engine."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

import msgspec

from headway.errors import ConfigError, UnknownNameError
from headway.serving.document import Machine, StepTimes
from headway.serving.engine import EngineConfig, preset
from headway.serving.hardware import Deployment, Gpu
from headway.serving.models import LanguageModel
from headway.serving.step_time import (
    Affine,
    Efficiency,
    Kernels,
    KernelTables,
    LayerTables,
    Padded,
    Roofline,
    StepTime,
    load,
)
from headway.serving.traffic import key

_WAYS = ("roofline", "layer_tables", "affine", "saved", "kernels")
"""Keys of the section on step times of which one is there."""

_UTILISATION = 0.9
"""Share of a GPU's memory that an engine takes, as vLLM does."""

_MOST_TOKENS = 8192
"""Tokens of a step for which memory is kept free where an engine knows no limit."""

_OWN = ("preset", "utilisation")
"""Keys of the section on the engine that are no settings of it."""


def deployment(file: Machine, home: Path) -> Deployment | None:
    """Return the model on its GPUs, None if the file names no model.

    Raises
    ------
    ConfigError, UnknownNameError, FormatError
        If it names one that does not exist, or GPUs that cannot hold it so; with the key.
    """
    if file.model is None:
        return None
    if file.gpu is None:
        raise ConfigError("gpu: expected one, as there is a model")
    with key("model"):
        path = home / file.model
        model = LanguageModel.read(path) if path.exists() else LanguageModel.named(file.model)
    with key("gpu"):
        gpu = Gpu.named(file.gpu) if isinstance(file.gpu, str) else _gpu(file.gpu)
    with key("parallel"):
        return Deployment(
            model,
            gpu,
            tp=file.parallel.tp,
            pp=file.parallel.pp,
            dtype=file.dtype,
            kv_dtype=file.kv_dtype,
        )


def step_time(file: Machine, home: Path, deployed: Deployment | None) -> StepTime:
    """Return how long steps take.

    Raises
    ------
    ConfigError
        If the section contradicts itself; with the key.
    FormatError
        If a file of measurements cannot be read.
    """
    settings = file.step_time
    if isinstance(settings, str):
        if settings != "roofline":
            raise ConfigError(f"step_time: {UnknownNameError('way', settings, _WAYS)}")
        settings = StepTimes(roofline={})
    ways = {name: getattr(settings, name) for name in _WAYS}
    if sum(way is not None for way in ways.values()) != 1:
        raise ConfigError(f"step_time: expected one of {', '.join(_WAYS)}")
    found = _step_time(settings, home, deployed)
    if settings.cuda_graphs is None:
        return found
    with key("step_time.cuda_graphs"):
        return Padded(found, **msgspec.structs.asdict(settings.cuda_graphs))


def engine_config(settings: Mapping[str, Any], deployed: Deployment | None) -> EngineConfig:
    """Return the settings of an engine; blocks that are not given follow from the memory.

    Parameters
    ----------
    settings
        Fields of `EngineConfig`, ``preset`` and ``utilisation``.
    deployed
        The model on its GPUs.

    Raises
    ------
    ConfigError, UnknownNameError
        If a key is unknown or cannot have its value; with the key.
    """
    known = {field.name for field in fields(EngineConfig)}
    for name in settings:
        if name not in known and name not in _OWN:
            raise ConfigError(f"engine: {UnknownNameError('key', name, {*known, *_OWN})}")
    own = {name: value for name, value in settings.items() if name not in _OWN}
    base, share = settings.get("preset", "vllm"), settings.get("utilisation", _UTILISATION)
    if not isinstance(base, str):
        raise ConfigError(f"engine.preset: expected a name, got {base!r}")
    if isinstance(share, bool) or not isinstance(share, int | float):
        raise ConfigError(f"engine.utilisation: expected a share, got {share!r}")
    with key("engine"):
        if deployed is None:
            if "blocks" not in own:
                raise ConfigError("blocks: expected a number, as no model says what fits")
            if "utilisation" in settings:
                raise ConfigError("utilisation: of no use without a model and a GPU")
            return preset(base, **own)
        own.setdefault("pipeline", deployed.pp)
        trial = preset(base, **{"blocks": 1, **own})
        own.setdefault("bytes_per_block", trial.block_tokens * deployed.kv_bytes_per_token)
        if "blocks" not in own:
            own["blocks"] = deployed.blocks(
                block_tokens=trial.block_tokens,
                utilisation=share,
                token_budget=min(trial.token_budget, _MOST_TOKENS),
                max_sequences=trial.max_sequences,
            )
        elif "utilisation" in settings:
            raise ConfigError("utilisation: of no use where the number of blocks is given")
        return preset(base, **own)


def _gpu(figures: Mapping[str, Any]) -> Gpu:
    known = [field.name for field in fields(Gpu)]
    for name in figures:
        if name not in known:
            raise UnknownNameError("key", name, known)
    try:
        return msgspec.convert({"name": "GPU", **figures}, Gpu)
    except msgspec.ValidationError as error:
        raise ConfigError(str(error).replace("`$.", "`")) from None


def _step_time(settings: StepTimes, home: Path, deployed: Deployment | None) -> StepTime:
    if settings.roofline is not None:
        with key("step_time.roofline"):
            return _roofline(settings.roofline, deployed)
    if settings.affine is not None:
        per = dict(settings.affine)
        with key("step_time.affine"):
            return Affine(per.pop("constant_s", 0.0), per)
    if settings.saved is not None:
        with key("step_time.saved"):
            return load(home / settings.saved)
    if settings.kernels is not None:
        with key("step_time.kernels"):
            return _kernels(settings.kernels, deployed)
    return _measured(settings, home, deployed)


def _kernels(engine: str, deployed: Deployment | None) -> StepTime:
    if deployed is None:
        raise ConfigError("measured kernels need 'model' and 'gpu'")
    return KernelTables.of(deployed, Kernels.of(deployed.gpu.name, engine))


def _roofline(efficiency: Mapping[str, float], deployed: Deployment | None) -> StepTime:
    if deployed is None:
        raise ConfigError("a roofline needs 'model' and 'gpu'")
    known = [field.name for field in fields(Efficiency)]
    for name in efficiency:
        if name not in known:
            raise UnknownNameError("key", name, known)
    return Roofline(deployed, Efficiency(**efficiency))


def _measured(settings: StepTimes, home: Path, deployed: Deployment | None) -> StepTime:
    assert settings.layer_tables is not None
    layers: int | Deployment | None = settings.layers
    if layers is None and deployed is not None:
        layers = deployed
    if layers is None:
        raise ConfigError("step_time.layers: expected a number, as no model says it")
    return LayerTables.read(home / settings.layer_tables, layers)
