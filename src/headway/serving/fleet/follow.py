"""Requests that wait for the answers to others."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from headway.errors import ConfigError
from headway.serving.fleet.view import Floats, Ints


@dataclass(frozen=True, slots=True, eq=False)
class Follow:
    """Turns of a conversation, steps of an agent: each comes some time after an answer.

    Parameters
    ----------
    parent
        The request that each one follows, -1 for those that come at their own time; shape (n,).
    delay_s
        Time from the parent's last token to its arrival; shape (n,).

    Raises
    ------
    ConfigError
        If a request does not stand behind its parent, or a delay is not a time.
    """

    parent: Ints
    delay_s: Floats
    _children: dict[int, list[int]] = field(default_factory=dict, init=False, repr=False)

    def __post_init__(self) -> None:
        if self.parent.shape != self.delay_s.shape or not (self.delay_s >= 0).all():
            raise ConfigError("follow.delay_s: expected a time from 0 on for each request")
        if (self.parent >= np.arange(len(self.parent))).any():
            raise ConfigError("follow.parent: a request must stand behind the one it follows")
        for child in np.flatnonzero(self.parent >= 0).tolist():
            self._children.setdefault(int(self.parent[child]), []).append(child)

    @property
    def first(self) -> Ints:
        """Requests that come at their own time."""
        return np.flatnonzero(self.parent < 0)

    def after(self, request: int) -> Iterator[tuple[int, float]]:
        """Yield who follows a request, and how long after."""
        for child in self._children.get(request, ()):
            yield child, float(self.delay_s[child])

    def descendants(self, request: int) -> Iterator[int]:
        """Yield all that would have followed a request."""
        for child in self._children.get(request, ()):
            yield child
            yield from self.descendants(child)
