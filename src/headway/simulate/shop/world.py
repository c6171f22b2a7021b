"""The shop as a world: it goes from decision to decision and carries out what is chosen."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Self

import numpy as np

from headway import _core
from headway.errors import UnknownNameError
from headway.model import FOREVER
from headway.model.tables import Ints
from headway.simulate.policy import Candidates, Floats, Policy, best
from headway.simulate.shop.columns import COLUMNS, PLACE
from headway.simulate.shop.layout import Layout
from headway.simulate.shop.measures import Outcome, objective_value
from headway.simulate.shop.native import score_of
from headway.simulate.shop.realisation import Realisation


class _Columns(Mapping[str, Floats]):
    """Columns of the candidates, computed when asked for."""

    def __init__(self, compute: Callable[[int, int], Floats], decision: int) -> None:
        self._compute, self._decision = compute, decision
        self._known: dict[str, Floats] = {}

    def __getitem__(self, name: str) -> Floats:
        if name not in self._known:
            if name not in PLACE:
                raise UnknownNameError("column", name, COLUMNS)
            values = self._compute(PLACE[name], self._decision)
            values.setflags(write=False)
            self._known[name] = values
        return self._known[name]

    def __iter__(self) -> Iterator[str]:
        return iter(COLUMNS)

    def __len__(self) -> int:
        return len(COLUMNS)


class ShopDecision(Candidates):
    """Which job goes to which machine now.

    Attributes
    ----------
    time
        Now, in ticks.
    columns
        See `headway.simulate.shop.COLUMNS`. A column that was not read before the decision
        was carried out is a `ValueError`.
    may_wait
        Whether jobs outside may be held back: with no choice, they are not asked for again
        until something else happens, and those inside are decided upon without them.
    """


class ShopWorld:
    """A shop that meets one course of events.

    Whatever happens at one instant takes effect in a fixed order: completions, then machines
    that go down or come up, then arrivals and news, then decisions. Candidates are all pairs of a
    waiting job and a machine that is free and up; one is chosen, and the rest is looked at again.
    Jobs that block one another in a cycle, of whatever length, change places at once.

    Parameters
    ----------
    realisation
        What will happen.
    per_machine
        Decide machine by machine, the first one first, instead of among all pairs: faster, and
        the same for rules that look at nothing but the queue they choose from.
    trapped
        Whether a job that has finished cannot leave its machine while that is down or has a break.

    Raises
    ------
    UnsupportedError
        If the problem is no shop: jobs are to be chains of tasks, each mode with one machine and
        perhaps renewable resources of constant capacity.
    ProblemError
        If numbers are too large.

    Notes
    -----
    A decision takes time proportional to the number of candidates, an event O(log n).

    References
    ----------
    Swaps in blocking shops: Mascis, Pacciarelli (2002), "Job-shop scheduling with blocking and
    no-wait constraints".
    """

    def __init__(
        self, realisation: Realisation, *, per_machine: bool = False, trapped: bool = True
    ) -> None:
        self._realisation = realisation
        self._layout = Layout.of(realisation)
        shop = self._layout.native(
            revealed_when_ready=realisation.revealed_when_ready, trapped=trapped
        )
        self._shop = shop
        self._per_machine = per_machine
        self._play(_core.ShopWorld(shop, per_machine))

    def reset(self) -> None:
        """Go back to the beginning."""
        self._play(_core.ShopWorld(self._shop, self._per_machine))

    def _play(self, native: _core.ShopWorld) -> None:
        self._native = native
        # A bound method would lead policies back to the world, and that to the future.
        self._column = native.reader()

    def clone(self) -> Self:
        """Return a copy that goes on by itself."""
        copy = object.__new__(type(self))
        copy.__dict__.update(self.__dict__)
        copy._play(self._native.clone())
        return copy

    def decision(self, until: int = FOREVER) -> ShopDecision | None:
        """Move on to the next instant at which something must be chosen; None at the end.

        Parameters
        ----------
        until
            No event after this one takes place.
        """
        native = self._native
        if not native.advance(until):
            return None
        columns = _Columns(self._column, native.n_decisions)
        return ShopDecision(native.now, columns, native.n_candidates, may_wait=native.may_hold)

    def apply(self, choice: int | None) -> None:
        """Carry out a candidate of the present decision, or None to hold jobs outside back.

        Raises
        ------
        ValueError, IndexError
            If there is no such choice.
        """
        if choice is None:
            self._native.hold()
        else:
            self._native.choose(choice)

    def play(
        self,
        policy: Policy,
        until: int = FOREVER,
        stop: _core.StopFlag | None = None,
    ) -> bool:
        """Let a policy decide to the end; natively if it is made of expressions.

        Parameters
        ----------
        policy
            Who decides.
        until
            No event after this one takes place.
        stop
            Ends a native run soon once it is set.

        Returns
        -------
        bool
            False if it was stopped.
        """
        score = score_of(policy)
        waits = bool(getattr(policy, "waits", False))
        if score is not None:
            return self._native.play(score, waits, until, stop or _core.StopFlag())
        while (decision := self.decision(until)) is not None:
            scores = policy.score(decision)
            self.apply(best(scores, may_wait=waits and decision.may_wait))
        return True

    @property
    def now(self) -> int:
        """Time of the last event, in ticks."""
        return int(self._native.now)

    @property
    def n_events(self) -> int:
        """Events that have taken place."""
        return int(self._native.n_events)

    @property
    def n_decisions(self) -> int:
        """Decisions that have been asked for."""
        return int(self._native.n_decisions)

    @property
    def outcome(self) -> Outcome:
        """When jobs were done, and the due dates that were in force at last."""
        return Outcome(self._realisation.problem, self._native.completion(), self._native.due())

    @property
    def value(self) -> float:
        """The problem's objective, its first level; final once `decision` has returned None."""
        return objective_value(self.outcome)

    @property
    def record(self) -> dict[str, Ints]:
        """Columns of what happened, one row per attempt; see `headway.simulate.shop.realised`."""
        return {name: np.asarray(column) for name, column in self._native.record().items()}

    @property
    def realisation(self) -> Realisation:
        """What the shop meets; for reports, not for policies, which never see the world."""
        return self._realisation

    @property
    def layout(self) -> Layout:
        """How the problem lies in the core."""
        return self._layout
