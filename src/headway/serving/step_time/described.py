"""A model on GPUs as part of a JSON file: by name where it has one, else by its figures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, fields
from typing import Any, TypeVar

from headway.errors import ConfigError, UnknownNameError
from headway.serving.hardware import Deployment, Gpu
from headway.serving.models import (
    Experts,
    FeedForward,
    GroupedAttention,
    LanguageModel,
    LatentAttention,
)

_Made = TypeVar("_Made")
_SHARING = ("tp", "pp", "dtype", "activation_dtype", "kv_dtype")


def describe(deployment: Deployment) -> dict[str, Any]:
    """Return a deployment as a JSON object: model, GPU, and what is not as usual."""
    model, gpu = deployment.model, deployment.gpu
    usual = Deployment(model, gpu)
    own = {key: getattr(deployment, key) for key in _SHARING}
    return {
        "model": model.name if _is_named(model, LanguageModel.named) else asdict(model),
        "gpu": gpu.name if _is_named(gpu, Gpu.named) else asdict(gpu),
        **{key: value for key, value in own.items() if value != getattr(usual, key)},
    }


def described(document: object) -> Deployment:
    """Return the deployment that a JSON object describes.

    Raises
    ------
    ConfigError
        If it describes none; names the key.
    UnknownNameError
        If a model or GPU is not known.
    """
    given = as_object(document, "deployment")
    for key, value in given.items():
        if key not in ("model", "gpu", *_SHARING):
            known = ", ".join(("model", "gpu", *_SHARING))
            raise ConfigError(f"deployment.{key}: no such key; known: {known}")
        if key in _SHARING and type(value) is not (int if key in ("tp", "pp") else str):
            raise ConfigError(f"deployment.{key}: cannot be {value!r}")
    own = {key: value for key, value in given.items() if key in _SHARING}
    return Deployment(_model(given.get("model")), _gpu(given.get("gpu")), **own)


def as_object(value: object, key: str) -> Mapping[str, Any]:
    """Return a JSON object.

    Raises
    ------
    ConfigError
        If it is something else.
    """
    if not isinstance(value, Mapping):
        raise ConfigError(f"{key}: expected an object, got {value!r}")
    return value


def _is_named(thing: LanguageModel | Gpu, named: Any) -> bool:
    try:
        return bool(named(thing.name) == thing)
    except UnknownNameError:
        return False


def _model(value: object) -> LanguageModel:
    if isinstance(value, str):
        return LanguageModel.named(value)
    place = "deployment.model"
    given = dict(as_object(value, place))
    attention = as_object(given.get("attention"), f"{place}.attention")
    latent = "kv_rank" in attention
    inner: dict[str, Any] = {
        "attention": _made(
            LatentAttention if latent else GroupedAttention, attention, f"{place}.attention"
        ),
        "feed_forward": _made(FeedForward, given.get("feed_forward"), f"{place}.feed_forward"),
    }
    if given.get("experts") is not None:
        inner["experts"] = _made(Experts, given["experts"], f"{place}.experts")
    return _made(LanguageModel, {**given, **inner}, place)


def _gpu(value: object) -> Gpu:
    return Gpu.named(value) if isinstance(value, str) else _made(Gpu, value, "deployment.gpu")


def _made(kind: type[_Made], value: object, place: str) -> _Made:
    """Return a record of plain figures, each of the type that its field says."""
    given = as_object(value, place)
    types = {field.name: str(field.type) for field in fields(kind)}  # type: ignore[arg-type]
    plain = {"int": (int,), "float": (int, float), "bool": (bool,), "str": (str,)}
    for key, item in given.items():
        if key not in types:
            raise ConfigError(f"{place}.{key}: no such key; known: {', '.join(types)}")
        wanted = plain.get(types[key])
        if wanted is not None and type(item) not in wanted:
            raise ConfigError(f"{place}.{key}: expected {types[key]}, got {item!r}")
        if types[key].startswith("Mapping"):
            _numbers(item, f"{place}.{key}")
    try:
        return kind(**given)
    except TypeError as error:
        raise ConfigError(f"{place}: {error}") from None


def _numbers(value: object, place: str) -> None:
    for key, item in as_object(value, place).items():
        if isinstance(item, bool) or not isinstance(item, int | float):
            raise ConfigError(f"{place}.{key}: expected a number, got {item!r}")
