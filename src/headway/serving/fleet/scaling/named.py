"""Scalers as files of fleets name them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from headway.errors import UnknownNameError
from headway.serving.fleet.scaling.load import LoadMonitor
from headway.serving.fleet.scaling.profile import read_profiles
from headway.serving.fleet.scaling.rules import Apa, Hpa, Kpa, Rule
from headway.serving.fleet.scaling.scaler import (
    Metric,
    OptimizerScaler,
    Scaler,
    in_flight,
    kv_usage,
)

METRICS: Mapping[str, Metric] = {"in-flight": in_flight, "kv-usage": kv_usage}

_OF_SCALER = ("kind", "least", "most", "period_s", "up_calm_s", "down_calm_s")


def kpa(target: float, *, metric: str = "in-flight", **settings: Any) -> Scaler:
    """Return a scaler by `Kpa`, which looks every two seconds and has its own calm.

    Parameters
    ----------
    target
        Load that one engine should have.
    metric
        ``"in-flight"`` or ``"kv-usage"``.
    settings
        Of `Scaler` and of `Kpa`.

    Raises
    ------
    UnknownNameError
        If there is no such metric.
    ConfigError
        If a setting cannot be.
    """
    return _scaler(Kpa, target, metric, {"period_s": 2.0, "down_calm_s": 0.0, **settings})


def apa(target: float, *, metric: str = "in-flight", **settings: Any) -> Scaler:
    """Return a scaler by `Apa`; see `kpa`.

    Raises
    ------
    UnknownNameError
        If there is no such metric.
    ConfigError
        If a setting cannot be.
    """
    return _scaler(Apa, target, metric, settings)


def hpa(target: float, *, metric: str = "in-flight", **settings: Any) -> Scaler:
    """Return a scaler by `Hpa`, which looks every 15 seconds; see `kpa`.

    Raises
    ------
    UnknownNameError
        If there is no such metric.
    ConfigError
        If a setting cannot be.
    """
    return _scaler(Hpa, target, metric, {"period_s": 15.0, **settings})


def optimizer(
    profiles: Mapping[str, str],
    *,
    costs: Mapping[str, float] = MappingProxyType({}),
    window_s: float = 240.0,
    home: Path = Path(),
    **settings: Any,
) -> OptimizerScaler:
    """Return a scaler that keeps the cheapest mix of kinds for what comes; see `OptimizerScaler`.

    Parameters
    ----------
    profiles
        Paths of profiles, see `Profile.read`, by the kinds of engines that they are of.
    costs
        Of an engine for an hour, in place of those in the profiles, by kind.
    window_s
        How far it looks back.
    home
        Folder that paths are relative to.
    settings
        Of `OptimizerScaler`.

    Raises
    ------
    ConfigError
        If a setting cannot be.
    FormatError
        If a file holds no profile.
    """
    known = read_profiles(profiles, home, costs)
    return OptimizerScaler(known, LoadMonitor(window_s), **settings)


def _scaler(
    rule: Callable[..., Rule], target: float, metric: str, settings: dict[str, Any]
) -> Scaler:
    if metric not in METRICS:
        raise UnknownNameError("metric", metric, METRICS)
    outer = {name: settings.pop(name) for name in _OF_SCALER if name in settings}
    return Scaler(rule(target, **settings), metric=METRICS[metric], **outer)
