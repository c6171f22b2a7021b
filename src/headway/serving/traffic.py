"""The traffic of an experiment: read once, then cut, spread, promised and scaled by the seed."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import msgspec
import numpy as np

from headway.errors import ConfigError, UnknownNameError
from headway.serving.document import Promise, Traffic
from headway.serving.results import metrics
from headway.serving.workload import ServiceClass, Workload, obtain, synthetic
from headway.simulate import Streams


@dataclass(frozen=True, eq=False)
class Source:
    """Where the requests of an experiment come from.

    Parameters
    ----------
    settings
        The section of the file.
    classes
        What requests are promised; those of the trace if empty.
    recorded
        The trace, if there is one.
    home
        Folder that paths are relative to.
    """

    settings: Traffic
    classes: tuple[Promise, ...]
    recorded: Workload | None = field(default=None, repr=False)
    home: Path = Path()

    @classmethod
    def of(cls, settings: Traffic, classes: tuple[Promise, ...], home: Path) -> Source:
        """Return the source that a file describes.

        Parameters
        ----------
        settings, classes
            Sections of the file.
        home
            Folder that paths are relative to.

        Raises
        ------
        ConfigError
            If they contradict themselves; the message begins with the key.
        FormatError
            If the trace cannot be read.
        """
        if settings.rate_per_s is not None and settings.scale != 1:
            raise ConfigError("workload: expected 'rate_per_s' or 'scale', not both")
        for number, promise in enumerate(classes):
            if not 0 <= promise.share < float("inf"):
                raise ConfigError(f"classes[{number}].share: expected a number from 0 on")
        if sum(promise.share for promise in classes) <= 0 and classes:
            raise ConfigError("classes: expected shares of which one at least is above 0")
        if (settings.trace is None) == (settings.synthetic is None):
            raise ConfigError("workload: expected either a 'trace' or a 'synthetic' one")
        recorded = None
        if settings.trace is not None:
            with key("workload.trace"):
                recorded = obtain(settings.trace, home=home, format=settings.format)
        source = cls(settings, classes, recorded, home)
        source.workload(0)  # whatever cannot be is refused here
        return source

    @property
    def promises(self) -> bool:
        """Whether any request has limits that it could miss."""
        kinds = self.workload(0).classes
        return any(getattr(kind, name) is not None for kind in kinds for name in metrics.LIMITED)

    def replaying(self, trace: str) -> Source:
        """Return the same source with all requests of another trace, at their own times.

        Promises, and the most tokens that requests ask for, stay those of the file.

        Raises
        ------
        FormatError
            If it cannot be read.
        """
        settings = Traffic(trace=trace, limit_tokens=self.settings.limit_tokens)
        return replace(self, settings=settings, recorded=obtain(trace))

    def workload(self, seed: int, load: float = 1.0) -> Workload:
        """Return the requests that come with a seed.

        Parameters
        ----------
        seed
            Of everything that is drawn.
        load
            Times the rate of arrivals that the file asks for.
        """
        settings = self.settings
        traffic = self._drawn(seed) if self.recorded is None else self.recorded
        if settings.window_s is not None:
            with key("workload.window_s"):
                traffic = traffic.window(*settings.window_s)
        if settings.requests is not None:
            if settings.requests < 1:
                raise ConfigError("workload.requests: expected at least 1")
            traffic = traffic.select(slice(settings.requests))
        if not len(traffic):
            raise ConfigError("workload: no request is left")
        if settings.spread_s:
            with key("workload.spread_s"):
                traffic = traffic.spread(settings.spread_s, seed)
        if settings.limit_tokens is not None:
            with key("workload.limit_tokens"):
                traffic = traffic.with_limit(settings.limit_tokens)
        with key("workload.scale" if settings.rate_per_s is None else "workload.rate_per_s"):
            traffic = traffic.scaled(load * self._scale(traffic))
        return self._promised(traffic, seed)

    def _scale(self, traffic: Workload) -> float:
        """Return how many times as fast as in the trace requests arrive at load 1."""
        rate_per_s = self.settings.rate_per_s
        if rate_per_s is None:
            return self.settings.scale
        if math.isnan(traffic.rate_per_s):
            raise ConfigError("requests that all come at once have no rate")
        return rate_per_s / traffic.rate_per_s

    def _drawn(self, seed: int) -> Workload:
        assert self.settings.synthetic is not None
        with key("workload.synthetic"):
            return synthetic(self.settings.synthetic, seed=seed, home=self.home)

    def _promised(self, traffic: Workload, seed: int) -> Workload:
        if not self.classes:
            return traffic
        kinds = promised(self.classes)
        share = np.array([promise.share for promise in self.classes])
        draw = Streams(seed).of("classes")
        chosen = draw.choice(len(kinds), size=len(traffic), p=share / share.sum())
        return traffic.with_classes(kinds, chosen.astype(np.int32))


def promised(classes: Sequence[Promise]) -> tuple[ServiceClass, ...]:
    """Return the classes that sections of a file describe.

    Raises
    ------
    ConfigError
        If a limit cannot be; with the key.
    """
    kinds = []
    for number, promise in enumerate(classes):
        limits = msgspec.structs.asdict(promise)
        del limits["share"]
        with key(f"classes[{number}]"):
            kinds.append(ServiceClass(**limits))
    return tuple(kinds)


@contextmanager
def key(path: str) -> Iterator[None]:
    """Let what is refused inside name the key that it stands under."""
    try:
        yield
    except (ConfigError, UnknownNameError) as error:
        raise ConfigError(f"{path}: {error}") from None
