"""Which engine holds which adapters, which it is loading, and which are in use."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from headway.errors import ConfigError, UnknownNameError
from headway.serving.fleet.adapters.catalogue import Catalogue
from headway.serving.fleet.member import Member
from headway.serving.fleet.view import Adapters


@dataclass(frozen=True, slots=True)
class Loading:
    """A load that has begun.

    Attributes
    ----------
    end_s
        When the adapter is there.
    evicted
        Who had to go for it, if anybody.
    """

    end_s: float
    evicted: str | None


class Shelves:
    """The adapters of the engines of a fleet, simulated or live: the one place that counts them.

    It carries nothing out; it says what a load means: whether there is room, who goes for it, and
    when it is done if the catalogue's store is to be believed.

    Parameters
    ----------
    catalogue
        The adapters there are.
    members
        The engines, with the adapters that they come up with.

    Raises
    ------
    ConfigError
        If an engine comes up with adapters that do not exist, are of another model, or are more
        than it can hold.
    """

    def __init__(self, catalogue: Catalogue, members: Sequence[Member]) -> None:
        self.catalogue = catalogue
        a, m = len(catalogue), len(members)
        self._held = np.zeros((a, m), dtype=np.bool_)
        self._loading = np.zeros((a, m), dtype=np.bool_)
        self._in_use = np.zeros((a, m), dtype=np.int64)
        self._used_s = np.zeros((a, m))
        self._ends: dict[tuple[int, int], float] = {}
        self._users: set[tuple[int, int, int]] = set()
        self._busy_until_s = np.zeros(m)
        limits = [a if one.max_adapters is None else one.max_adapters for one in members]
        models = [adapter.model for adapter in catalogue.adapters]
        fits = [[model in ("", member.model) for member in members] for model in models]
        self.view = Adapters(
            index=catalogue.index,
            fits=np.array(fits, dtype=np.bool_).reshape(a, m),
            most=np.array(limits, dtype=np.int64),
            held=_only_to_read(self._held),
            loading=_only_to_read(self._loading),
            in_use=_only_to_read(self._in_use),
            used_s=_only_to_read(self._used_s),
        )
        self._at_start = [self._known(member, k) for k, member in enumerate(members)]

    def has(self, engine: int, adapter: str) -> bool:
        """Return whether an engine holds an adapter."""
        return bool(self._held[self.catalogue.index[adapter], engine])

    def come_up(self, engine: int) -> list[str]:
        """Let an engine have what it comes up with, and nothing else; return what that is."""
        self.clear(engine)
        self._held[self._at_start[engine], engine] = True
        return [self.catalogue.adapters[row].name for row in self._at_start[engine]]

    def clear(self, engine: int) -> None:
        """Let an engine have nothing, as it is gone."""
        for table in (self._held, self._loading, self._in_use, self._used_s):
            table[:, engine] = 0
        self._ends = {key: end_s for key, end_s in self._ends.items() if key[1] != engine}
        self._users = {user for user in self._users if user[2] != engine}
        self._busy_until_s[engine] = 0.0

    def load(self, engine: int, adapter: str, now_s: float) -> Loading | None:
        """Begin to load an adapter; in a full engine the idle one goes that was used longest ago.

        Returns
        -------
        Loading or None
            None if it is there, or on its way, or is of another model, or if all that the engine
            holds is in use.

        Raises
        ------
        UnknownNameError
            If there is no such adapter.
        """
        row = self.view.row(adapter)
        if self._held[row, engine] or self._loading[row, engine] or not self.view.fits[row, engine]:
            return None
        evicted = None
        if self.view.room[engine] <= 0:
            victim = self.view.victim(engine)
            if victim < 0:
                return None
            evicted = self.catalogue.adapters[victim].name
            self._held[victim, engine] = False
        begin_s = max(now_s, float(self._busy_until_s[engine]))
        end_s = begin_s + self.catalogue.seconds(adapter)
        self._busy_until_s[engine] = end_s
        self._loading[row, engine] = True
        self._ends[row, engine] = end_s
        return Loading(end_s, evicted)

    def loaded(self, engine: int, adapter: str, at_s: float) -> bool:
        """Hear that a load ends that was to end now; return whether the engine was still at it."""
        row = self.catalogue.index[adapter]
        if self._ends.get((row, engine)) != at_s:
            return False
        del self._ends[row, engine]
        self._loading[row, engine] = False
        self._held[row, engine] = True
        self._used_s[row, engine] = at_s
        return True

    def unload(self, engine: int, adapter: str) -> bool:
        """Give up an adapter, unless it is in use or not there; return whether it was given up.

        Raises
        ------
        UnknownNameError
            If there is no such adapter.
        """
        row = self.view.row(adapter)
        if not self._held[row, engine] or self._in_use[row, engine]:
            return False
        self._held[row, engine] = False
        return True

    def found(self, engine: int, held: Collection[str], now_s: float) -> None:
        """Take over what a live engine says it has, whatever was believed; O(adapters)."""
        index = self.catalogue.index
        rows = {index[name] for name in held if name in index}
        for row in np.flatnonzero(self._held[:, engine]).tolist():
            self._held[row, engine] = row in rows
        for row in rows:
            if not self._held[row, engine]:
                self._held[row, engine] = True
                self._loading[row, engine] = False
                self._ends.pop((row, engine), None)
                self._used_s[row, engine] = now_s

    def use(self, request: int, engine: int, adapter: str, now_s: float) -> None:
        """Note that a request needs an adapter on an engine from now on, until it is released."""
        row = self.catalogue.index[adapter]
        if (request, row, engine) not in self._users:
            self._users.add((request, row, engine))
            self._in_use[row, engine] += 1
        self._used_s[row, engine] = now_s

    def release(self, request: int, engine: int, adapter: str, at_s: float) -> None:
        """Note that a request does not need it there any more."""
        row = self.catalogue.index[adapter]
        if (request, row, engine) in self._users:
            self._users.remove((request, row, engine))
            self._in_use[row, engine] -= 1
            self._used_s[row, engine] = max(self._used_s[row, engine], at_s)

    def _known(self, member: Member, engine: int) -> list[int]:
        """Return the rows of the adapters that an engine comes up with."""
        if len(member.adapters) > self.view.most[engine]:
            raise ConfigError(
                f"{member.name}: adapters: expected at most {self.view.most[engine]},"
                f" got {len(member.adapters)}"
            )
        try:
            rows = sorted(self.view.row(name) for name in member.adapters)
        except UnknownNameError as error:
            raise ConfigError(f"{member.name}: {error}") from None
        for row in rows:
            if not self.view.fits[row, engine]:
                adapter = self.catalogue.adapters[row]
                raise ConfigError(
                    f"{member.name}: adapter {adapter.name!r} is of {adapter.model},"
                    f" not of {member.model or 'no model that is named'}"
                )
        return rows


def _only_to_read(table: NDArray[Any]) -> NDArray[Any]:
    view = table.view()
    view.flags.writeable = False
    return view
