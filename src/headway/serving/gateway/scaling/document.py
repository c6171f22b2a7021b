"""``serve.scaling``: whether what controllers decide is carried out, by whom, and how far."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Literal, Protocol

import msgspec

from headway.errors import ConfigError
from headway.serving.traffic import key

Act = Literal["none", "processes", "kubernetes", "ray"]


class Scaled(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """How engines of one kind are started and stopped."""

    least: int = 0
    """Fewer are never left, whatever a controller says."""
    most: int | None = None
    """More are never started; by default as many as the kind's ``count``."""
    command: tuple[str, ...] = ()
    """Of ``processes`` and ``ray``; ``{port}``, ``{host}``, ``{name}`` and ``{number}`` are filled
    in. By default ``headway engine`` with this very file."""
    env: dict[str, str] = {}
    """Variables of its environment, besides those of the gateway."""
    deployment: str | None = None
    """Of ``kubernetes``: whose replicas they are."""
    namespace: str | None = None
    """Of the deployment; that of the gateway by default."""
    gpus: float = 0.0
    """Of ``ray``: of one engine."""
    cpus: float = 1.0
    resources: dict[str, float] = {}
    """Of ``ray``: others, by name."""
    strategy: Literal["DEFAULT", "SPREAD"] = "DEFAULT"
    """Of ``ray``: ``SPREAD`` puts engines on different nodes where it can."""


class Scaling(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The whole section."""

    act: Act = "none"
    """Who carries out starts and stops; with ``none`` they are recommendations."""
    dry_run: bool = False
    """Whether nothing at all is carried out, only logged and counted."""
    changes_per_min: int = 10
    """Most starts and stops; further ones wait for the next look of their controller."""
    engines: dict[str, Scaled] = {}
    """By kind."""
    host: str = "127.0.0.1"
    """Where ``processes`` listen."""
    start_s: float = 600.0
    """Longest wait for an engine to be well; then it is stopped and tried once more."""
    drain_s: float = 300.0
    """Longest wait for requests in flight before an engine is stopped."""
    stop_s: float = 30.0
    """From the request to end to the end by force."""
    address: str | None = None
    """Of a running Ray cluster; by default the one that Ray finds, or a new one."""
    pause_s: float = 1.0
    """Before an engine that has ended is started again; longer from try to try."""
    look_s: float = 5.0
    """Between two looks at the deployments of ``kubernetes``."""


class _Section(Protocol):
    """What is to be known of ``serve.engines`` here."""

    @property
    def urls(self) -> tuple[str, ...]: ...
    @property
    def dns(self) -> str | None: ...
    @property
    def kubernetes(self) -> object | None: ...


def runs(scaling: Scaling, section: _Section | None) -> bool:
    """Return whether the gateway itself runs the engines of a kind."""
    if scaling.act not in ("processes", "ray"):
        return False
    return section is None or not (section.urls or section.dns or section.kubernetes)


def check(
    scaling: Scaling, kinds: Collection[str], sections: Mapping[str, _Section], workers: int
) -> None:
    """Refuse what cannot be.

    Parameters
    ----------
    scaling
        The section.
    kinds
        Of the fleet.
    sections
        Of ``serve.engines``.
    workers
        Processes of the gateway.

    Raises
    ------
    ConfigError
        With the key.
    """
    for name in ("changes_per_min", "start_s", "drain_s", "stop_s", "pause_s", "look_s"):
        if not getattr(scaling, name) > 0:
            raise ConfigError(f"{name}: must be positive, got {getattr(scaling, name)}")
    if scaling.act != "none" and workers > 1:
        raise ConfigError(f"act: only one worker can start engines, not {workers}")
    for kind, own in scaling.engines.items():
        with key(f"engines.{kind}"):
            if kind not in kinds:
                raise ConfigError(f"the fleet has no such kind: {', '.join(kinds)}")
            _check_kind(own, scaling.act, sections.get(kind))


def _check_kind(own: Scaled, act: Act, section: _Section | None) -> None:
    if own.least < 0 or (own.most is not None and own.most < max(own.least, 1)):
        raise ConfigError(f"least, most: expected 0 <= least <= most, got {own.least}, {own.most}")
    if act == "kubernetes":
        if own.command:
            raise ConfigError("command: a deployment has its own")
        if own.deployment and (section is None or section.kubernetes is None):
            raise ConfigError("deployment: serve.engines must say of which service its pods are")
    elif own.deployment and act != "none":
        raise ConfigError(f"deployment: of no use where act is {act}")
    if own.command:
        if section is not None and (section.urls or section.dns or section.kubernetes):
            raise ConfigError("command: serve.engines says already where engines are")
        _check_command(own.command)
    for name, value in (("gpus", own.gpus), ("cpus", own.cpus), *own.resources.items()):
        if not value >= 0:
            raise ConfigError(f"{name}: must not be negative, got {value}")


def _check_command(command: tuple[str, ...]) -> None:
    if not any("{port}" in word for word in command):
        raise ConfigError("command: expected {port} in one of its words")
    for word in command:
        try:
            word.format(port=0, host="", name="", number=0)
        except (KeyError, IndexError, ValueError, AttributeError) as error:
            raise ConfigError(
                f"command: {word!r}: {error}; known are {{port}}, {{host}}, {{name}} and"
                " {number}, and braces are written twice"
            ) from None
