"""What has happened since the store was last written, gathered."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple


class Opened(NamedTuple):
    """A lease was taken; money in billionths."""

    number: int
    hour: int
    tenant: str
    account: str
    model: str
    prompt_tokens: int
    limit_tokens: int
    cost: int


class Used(NamedTuple):
    """A request has ended; `number` is that of its lease, 0 if that was not kept."""

    number: int
    hour: int = 0
    tenant: str = ""
    account: str = ""
    model: str = ""
    requests: int = 0
    prompt_tokens: int = 0
    cached_tokens: int = 0
    output_tokens: int = 0
    cost: int = 0


_Place = tuple[int, str, str, str]


@dataclass(slots=True)
class Pending:
    """Entries that one transaction writes.

    A lease that was opened and closed meanwhile leaves only its usage, and usage is summed by hour,
    tenant, account and model: what waits for a store that fails grows with the requests under way,
    not with those that have been.

    Attributes
    ----------
    opened
        Leases by number.
    closed
        Numbers of leases opened before.
    used
        Sums of requests, tokens of prompts, cached, of answers, and costs; by hour, tenant,
        account and model.
    """

    opened: dict[int, Opened] = field(default_factory=dict)
    closed: list[int] = field(default_factory=list)
    used: dict[_Place, list[int]] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.opened or self.closed or self.used)

    def add(self, entry: Opened | Used) -> None:
        """Gather an entry."""
        if isinstance(entry, Opened):
            self.opened[entry.number] = entry
            return
        if entry.number and self.opened.pop(entry.number, None) is None:
            self.closed.append(entry.number)
        if entry.requests:
            _, hour, tenant, account, model, requests, prompt, cached, output, cost = entry
            sums = self.used.setdefault((hour, tenant, account, model), [0, 0, 0, 0, 0])
            sums[0] += requests
            sums[1] += prompt
            sums[2] += cached
            sums[3] += output
            sums[4] += cost
