"""Routers that a file must tell more than a name."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

from headway.errors import ConfigError, FormatError, UnknownNameError
from headway.serving.fleet.routing.profiled import Backend, profile_queue
from headway.serving.fleet.routing.queue import CAPACITY, GatewayQueue
from headway.serving.fleet.scaling.profile import read_profiles
from headway.serving.workload import ServiceClass


def queue_by_profiles(
    profiles: Mapping[str, str] = MappingProxyType({}),
    *,
    kinds: Collection[str],
    classes: Sequence[ServiceClass],
    backend: Backend = "pull",
    capacity: int = CAPACITY,
    home: Path = Path(),
    seed: int = 0,
) -> GatewayQueue:
    """Return `profile_queue` with profiles that are read from files.

    Parameters
    ----------
    profiles
        Paths of profiles with latencies, see `headway.serving.fleet.scaling.Profile.read`, by the
        kinds of engines that they are of.
    kinds
        Of engines that there are.
    classes
        With the times that were promised.
    backend, capacity, seed
        See `profile_queue`.
    home
        Folder that paths are relative to.

    Raises
    ------
    UnknownNameError
        If there are no engines of a kind.
    FormatError
        If a file holds no profile, or one without the times that requests take.
    ConfigError
        If no class has a limit that somebody could be late for, or a setting makes no sense.
    """
    if not profiles:
        raise ConfigError("with: expected 'profiles', paths by kind of engines")
    for kind in profiles:
        if kind not in kinds:
            raise UnknownNameError("kind of engines", kind, kinds)
    known = read_profiles(profiles, home)
    for profile in known:
        if profile.latency_s is None:
            raise FormatError(
                "a profile without 'e2e', the times that requests take at its rates: nobody could"
                " say who will be late",
                path=home / profiles[profile.kind],
            )
    if all(one.ttft_s is None and one.latency_s is None for one in classes):
        raise ConfigError("classes: expected a 'ttft_s' or a 'latency_s' that requests could miss")
    return profile_queue(known, classes, backend=backend, capacity=capacity, seed=seed)


DESCRIBED: Mapping[str, Callable[..., Any]] = {"profile-queue": queue_by_profiles}
"""By name; each has a queue of its own."""
