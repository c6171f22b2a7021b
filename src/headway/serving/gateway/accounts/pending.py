"""What has happened since the store was last written, gathered."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple


class Covered(NamedTuple):
    """What counts as spent if the gateway dies, in place of what did before; see `Exposure`."""

    tenant: str
    account: str
    hour: int
    cost: int


class Used(NamedTuple):
    """A request has ended; money in billionths."""

    hour: int
    tenant: str
    account: str
    model: str
    prompt_tokens: int
    cached_tokens: int
    output_tokens: int
    cost: int


Place = tuple[int, str, str, str]
"""Hour, tenant, account and model, by which usage is summed."""


@dataclass(slots=True)
class Pending:
    """Entries that one transaction writes.

    All are sums, or replace what was before: what waits for a store that fails does not grow with
    the requests that have been.

    Attributes
    ----------
    covers
        By tenant and account.
    used
        Sums of requests, tokens of prompts, cached, of answers, and costs.
    """

    covers: dict[tuple[str, str], Covered] = field(default_factory=dict)
    used: dict[Place, list[int]] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.covers or self.used)

    def add(self, entry: Covered | Used) -> None:
        """Gather an entry."""
        if isinstance(entry, Covered):
            self.covers[entry.tenant, entry.account] = entry
            return
        hour, tenant, account, model, prompt, cached, output, cost = entry
        sums = self.used.setdefault((hour, tenant, account, model), [0, 0, 0, 0, 0])
        sums[0] += 1
        sums[1] += prompt
        sums[2] += cached
        sums[3] += output
        sums[4] += cost
