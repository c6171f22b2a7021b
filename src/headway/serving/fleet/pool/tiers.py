"""Which blocks a bounded store keeps: the least recently used go, or what S3-FIFO lets go."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import ClassVar, Protocol

from headway.errors import ConfigError, UnknownNameError

SMALL_SHARE = 0.3
"""Of a store that S3-FIFO tries newcomers in; AIBrix's, the paper has 0.1."""

PROMOTE_AFTER = 1
"""Uses of a newcomer that make it stay; AIBrix's, the paper has 2."""

MOST_USES = 3
"""Uses that S3-FIFO remembers of a block."""


class Tier(Protocol):
    """A bounded store of blocks by their names."""

    name: ClassVar[str]

    def __len__(self) -> int: ...

    def __contains__(self, block: int) -> bool: ...

    def use(self, block: int) -> None:
        """Note that a block that is there was used."""
        ...

    def put(self, block: int) -> list[int]:
        """Take in a block that is not there; return which ones had to go, perhaps this one."""
        ...


class Lru:
    """The block goes that was used longest ago.

    Parameters
    ----------
    capacity
        Blocks that there is room for.

    Raises
    ------
    ConfigError
        If there is room for none.
    """

    name: ClassVar[str] = "lru"

    def __init__(self, capacity: int) -> None:
        _check(capacity)
        self._capacity = capacity
        self._order: OrderedDict[int, None] = OrderedDict()

    def __len__(self) -> int:
        return len(self._order)

    def __contains__(self, block: int) -> bool:
        return block in self._order

    def use(self, block: int) -> None:
        """Note that a block that is there was used."""
        self._order.move_to_end(block)

    def put(self, block: int) -> list[int]:
        """Take in a block that is not there; return which one had to go, if any."""
        self._order[block] = None
        return [self._order.popitem(last=False)[0]] if len(self) > self._capacity else []


class S3Fifo:
    """Three queues, first in, first out: what is used once only goes quickly.

    A newcomer waits in a small queue. At its end it moves on to the main queue if it was used, and
    goes if not; then its name is remembered for a while, and if it comes again by then, it comes
    to the main queue at once. At the end of the main queue, who was used goes round once more
    for each use. All in constant time, amortised.

    Parameters
    ----------
    capacity
        Blocks that there is room for; as many names are remembered as the main queue is long.
    small_share
        Of the capacity, for newcomers.
    promote_after
        Uses that move a newcomer on; 1 to 3.

    Raises
    ------
    ConfigError
        If there is room for none, or a setting cannot be.

    References
    ----------
    Yang, Zhang, Qiu, Yue, Rashmi, "FIFO queues are all you need for cache eviction", SOSP 2023.
    """

    name: ClassVar[str] = "s3-fifo"

    def __init__(
        self,
        capacity: int,
        small_share: float = SMALL_SHARE,
        promote_after: int = PROMOTE_AFTER,
    ) -> None:
        _check(capacity)
        if not 0 < small_share < 1:
            raise ConfigError(f"small_share: expected a share between 0 and 1, got {small_share}")
        if not 1 <= promote_after <= MOST_USES:
            raise ConfigError(f"promote_after: expected 1 to {MOST_USES}, got {promote_after}")
        self._capacity = capacity
        self._small_capacity = int(capacity * small_share)
        self._promote_after = promote_after
        self._small: OrderedDict[int, int] = OrderedDict()
        self._main: OrderedDict[int, int] = OrderedDict()
        self._ghosts: OrderedDict[int, None] = OrderedDict()

    def __len__(self) -> int:
        return len(self._small) + len(self._main)

    def __contains__(self, block: int) -> bool:
        return block in self._small or block in self._main

    def use(self, block: int) -> None:
        """Note that a block that is there was used."""
        queue = self._small if block in self._small else self._main
        queue[block] = min(queue[block] + 1, MOST_USES)

    def put(self, block: int) -> list[int]:
        """Take in a block that is not there; return which one had to go, if any."""
        if block in self._ghosts:
            del self._ghosts[block]
            self._main[block] = 0
        else:
            self._small[block] = 0
        gone: list[int] = []
        while len(self) > self._capacity:
            is_small = len(self._small) > self._small_capacity or not self._main
            gone += self._from_small() if is_small else self._from_main()
        return gone

    def _from_small(self) -> list[int]:
        block, uses = self._small.popitem(last=False)
        if uses >= self._promote_after:
            self._main[block] = 0
            return []
        self._ghosts[block] = None
        if len(self._ghosts) > self._capacity - self._small_capacity:
            self._ghosts.popitem(last=False)
        return [block]

    def _from_main(self) -> list[int]:
        block, uses = self._main.popitem(last=False)
        if uses:
            self._main[block] = uses - 1
            return []
        return [block]


_TIERS: Mapping[str, Callable[[int], Tier]] = {kind.name: kind for kind in (Lru, S3Fifo)}


def check_policy(name: str) -> None:
    """Refuse a policy that does not exist.

    Raises
    ------
    UnknownNameError
        With those there are.
    """
    if name not in _TIERS:
        raise UnknownNameError("policy", name, _TIERS)


def tier(name: str, capacity: int) -> Tier:
    """Return a store by the name of its policy.

    Raises
    ------
    UnknownNameError
        If there is no such policy.
    ConfigError
        If there is room for no block.
    """
    check_policy(name)
    return _TIERS[name](capacity)


def _check(capacity: int) -> None:
    if capacity < 1:
        raise ConfigError(f"capacity: expected room for at least one block, got {capacity}")
