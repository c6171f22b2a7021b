"""Decomposition: free a part of a solution, freeze the rest, solve the part, put it back.

Large-neighbourhood search and rolling windows are both this loop. They differ in what they free,
in how they write down what is left, and in who solves it.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Generic, TypeVar

State = TypeVar("State")
Choice = TypeVar("Choice")
Part = TypeVar("Part")
Answer = TypeVar("Answer")


class Window(ABC, Generic[State, Choice, Part, Answer]):
    """A way to improve a solution part by part."""

    @abstractmethod
    def select(self, state: State) -> Choice | None:
        """Return what is free in the next step, or None if nothing is worth freeing."""

    @abstractmethod
    def freeze(self, state: State, choice: Choice) -> Part:
        """Return the smaller problem: what is free, and what the rest demands of it."""

    @abstractmethod
    def solve(self, state: State, choice: Choice, part: Part) -> Answer | None:
        """Return an answer to the smaller problem, or None if no better one was found."""

    @abstractmethod
    def commit(self, answer: Answer) -> bool:
        """Put an answer back where it came from, and return whether the whole is better now."""

    def step(self, state: State) -> bool:
        """Try to improve one part, and return whether that worked."""
        choice = self.select(state)
        if choice is None:
            return False
        answer = self.solve(state, choice, self.freeze(state, choice))
        return answer is not None and self.commit(answer)
