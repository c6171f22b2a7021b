"""What routers are made of: filters leave engines out, scorers rank those that are left."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar

from headway.serving.fleet.lessons import Lessons
from headway.serving.fleet.view import ClusterView, Floats, Mask, RequestView


class Scorer(ABC):
    """Ranks engines for a request; one way of looking at them.

    `score` only reads. What a scorer remembers it learns from `sent`, which is called once with the
    final choice, whoever's score decided it, from `ended`, from `learned` and from `gone`.
    """

    name: ClassVar[str]
    """What specifications call it."""

    largest: ClassVar[bool] = False
    """Whether the largest score is the best one."""

    @abstractmethod
    def score(self, cluster: ClusterView, request: RequestView) -> Floats:
        """Return a number for each engine, nan for those that it says nothing of; shape (m,)."""

    def sent(self, cluster: ClusterView, request: RequestView, engine: int) -> None:
        """Learn where a request went."""

    def ended(self, request: int, engine: int, output_tokens: int, at_s: float) -> None:
        """Learn that a request has left an engine."""

    def learned(self, lessons: Lessons) -> None:
        """Learn where others have sent requests, and what has left engines."""

    def gone(self, engine: int, at_s: float) -> None:
        """Learn that an engine has lost all that it held."""


class Filter(ABC):
    """Leaves engines out."""

    name: ClassVar[str]
    """What specifications call it."""

    @abstractmethod
    def keep(self, cluster: ClusterView, request: RequestView, among: Mask) -> Mask:
        """Return which of some engines stay; if none would, all do."""
