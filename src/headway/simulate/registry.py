"""Policies of other packages, by world and name."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import TYPE_CHECKING, Any

from headway.errors import UnknownNameError

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

    from headway.simulate.policy import Policy

GROUP = "headway.policies"
"""Entry-point group of policies.

An entry is named after its world and itself, ``shop.MYRULE``, and is a policy, or a function
without arguments that returns one.
"""


@cache
def _entry_points() -> dict[str, EntryPoint]:
    from importlib.metadata import entry_points

    return {entry.name: entry for entry in entry_points(group=GROUP)}


def policies(world: str) -> tuple[str, ...]:
    """Return the names of the policies that other packages add to a world, sorted."""
    prefix = f"{world}."
    return tuple(
        sorted(name.removeprefix(prefix) for name in _entry_points() if name.startswith(prefix))
    )


def entry(world: str, name: str, known: Iterable[str] = ()) -> Any:
    """Return what another package adds to a world under a name, as it is.

    Raises
    ------
    UnknownNameError
        If there is nothing; `known` are the names to suggest.
    """
    try:
        found = _entry_points()[f"{world}.{name}"]
    except KeyError:
        raise UnknownNameError(f"{world} rule", name, known) from None
    return found.load()


def load(world: str, name: str, known: Iterable[str] = ()) -> Policy:
    """Return a policy that another package adds to a world.

    Parameters
    ----------
    world, name
        Which one.
    known
        The names to suggest if there is no such policy.

    Raises
    ------
    UnknownNameError
        If there is none.
    """
    loaded = entry(world, name, known)
    policy: Policy = loaded if hasattr(loaded, "score") else loaded()
    return policy
