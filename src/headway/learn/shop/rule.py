"""The rules for shops that come with the package."""

from __future__ import annotations

from headway.learn.trained import trained
from headway.simulate.policy import Linear
from headway.simulate.shop.features import BLOCKING, DYNAMIC, FLOW


def tardiness() -> Linear:
    """Return the shipped rule for little tardiness."""
    return trained("shop-tardiness", DYNAMIC).policy


def flow() -> Linear:
    """Return the shipped rule for short flow times."""
    return trained("shop-flow", FLOW).policy


def blocking() -> Linear:
    """Return the shipped rule for shops without buffers; it holds jobs back."""
    return trained("shop-blocking", BLOCKING).policy
