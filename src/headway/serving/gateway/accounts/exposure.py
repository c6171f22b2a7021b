"""How much may be spent that the store does not know of yet, and how much of that it allows for."""

from __future__ import annotations

from headway.serving.gateway.accounts.pending import Covered

_AHEAD = 16
"""For how many more requests like the last one a cover has room."""

_TOO_MUCH = 4
"""By how many times a cover may be larger than it has to be before it is made smaller."""


class Exposure:
    """What one account may have spent beyond what is written, and its cover in the store.

    The cover is an amount that the store counts as spent if the gateway dies. As long as what is
    set aside and what is not written yet stay below it, a request need not wait for the store; if
    they would not, a larger cover is written first. So most requests of an account with a budget
    cost no write, and a crash never forgets what was spent.

    Parameters
    ----------
    tenant, account
        Whose it is.

    Attributes
    ----------
    held
        Set aside for requests under way, in billionths.
    unwritten
        Spent, but perhaps not in the store yet.
    noted, safe
        The cover that was last asked for, and the one that the store is certain to have.
    version
        Counts covers.
    """

    __slots__ = (
        "_hour", "_is_used", "_last",
        "account", "held", "noted", "safe", "tenant", "unwritten", "version",
    )  # fmt: skip

    def __init__(self, tenant: str, account: str) -> None:
        self.tenant = tenant
        self.account = account
        self.held = 0
        self.unwritten = 0
        self.noted = 0
        self.safe = 0
        self.version = 0
        self._hour = -1
        self._is_used = False
        self._last = 0

    @property
    def is_covered(self) -> bool:
        """Whether nothing would be forgotten if the gateway died now."""
        return self.held + self.unwritten <= self.safe

    def hold(self, cost: int, left: int, hour: int) -> Covered | None:
        """Set an amount aside, and return the cover to be written for it, if it needs another.

        Parameters
        ----------
        cost
            The amount.
        left
            What the budgets have left after it: a cover for more than that is never used.
        hour
            In which it counts; each hour has a cover of its own, so that what is spent today is
            not found in yesterday.
        """
        self.held += cost
        self._last = cost
        self._is_used = True
        exposed = self.held + self.unwritten
        if hour != self._hour:
            self._hour = hour
            self.noted = self.safe = 0
        if exposed <= self.noted:
            return None
        return self._note(exposed + min(exposed + _AHEAD * cost, max(left, 0)))

    def close(self, held: int, spent: int) -> None:
        """Count what was spent in place of what was set aside."""
        self.held -= held
        self.unwritten += spent

    def covered(self, version: int) -> None:
        """Take note that a cover is in the store."""
        if version == self.version:
            self.safe = self.noted

    def written(self, spent: int) -> Covered | None:
        """Take note that an amount is in the store, and return a smaller cover if that is due."""
        self.unwritten -= spent
        enough = 2 * (self.held + self.unwritten) + _AHEAD * self._last
        return self._note(enough) if self.noted > _TOO_MUCH * enough else None

    def rest(self) -> Covered | None:
        """Return the cover for when nobody has asked since the last time this was called."""
        if self._is_used or self.unwritten:
            self._is_used = False
            return None
        return self.end()

    def end(self) -> Covered | None:
        """Return the cover for when everything spent is written, and nothing more is asked for."""
        return self._note(self.held) if self.noted > self.held else None

    def _note(self, cover: int) -> Covered:
        self.version += 1
        self.noted = cover
        # A smaller one counts from now on, as nobody knows when it is written.
        self.safe = min(self.safe, cover)
        return Covered(self.tenant, self.account, self._hour, cover)
