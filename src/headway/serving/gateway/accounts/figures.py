"""How accounts are doing, for metrics."""

from __future__ import annotations

import msgspec


class Figures(msgspec.Struct, frozen=True, array_like=True):
    """What an operator wants to know of accounts.

    Attributes
    ----------
    healthy
        Whether the store took what was last written, and the ledger is there.
    failures
        How often the store failed.
    overdrawn
        Requests that cost more than was set aside for them.
    unbooked
        Requests that were served while the ledger was away.
    """

    healthy: bool = True
    failures: int = 0
    overdrawn: int = 0
    unbooked: int = 0
