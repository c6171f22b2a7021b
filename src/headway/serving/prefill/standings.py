"""Candidates side by side: requests that have not begun, batches that have, and who runs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from headway.serving.prefill.costs import Costs
from headway.serving.prefill.job import Job
from headway.serving.prefill.orders import Order, View
from headway.serving.prefill.preemption import Guards, Standing
from headway.serving.prefill.requests import Ints
from headway.serving.prefill.work import Floats

_LATE_S = 1e-9
"""Slack below minus this is late; less is rounding."""


@dataclass(frozen=True, slots=True)
class Standings:
    """How candidates rank at one instant.

    Attributes
    ----------
    view
        What is known of them.
    heads
        The request that ties are broken by, smaller first.
    keys
        Of the order.
    doomed
        Whether they come after all others as they come too late.
    """

    view: View
    heads: Ints
    keys: Floats
    doomed: np.ndarray

    def __len__(self) -> int:
        return len(self.keys)

    def __getitem__(self, k: int) -> Standing:
        return Standing(float(self.keys[k]), bool(self.doomed[k]))

    def best(self, n: int) -> int:
        """Return which of the first `n`, at least one, is the most urgent."""
        keys, doomed = self.keys[:n], self.doomed[:n]
        if doomed.any() and not doomed.all():
            keys = np.where(doomed, np.inf, keys)
        k = int(np.argmin(keys))
        equal = np.flatnonzero(keys == keys[k])
        return k if len(equal) == 1 else int(equal[np.argmin(self.heads[equal])])

    def ranked(self, n: int) -> Ints:
        """Return the first `n`, the most urgent first."""
        return np.lexsort((self.heads[:n], self.keys[:n], self.doomed[:n]))


class Ranking:
    """Ranks candidates by an order, with deadlines that may be extended by the guards.

    Parameters
    ----------
    order, guards
        Of the policy.
    costs
        What is believed of all requests.
    """

    def __init__(self, order: Order, guards: Guards, costs: Costs) -> None:
        self.order, self.guards = order, guards
        requests = costs.requests
        pairs = np.asarray(costs.loads.pairs, dtype=np.float64)
        self._columns = np.stack(
            [
                requests.arrival_s,
                requests.deadline_s,
                costs.believed_s,
                np.ones(len(requests)),
                pairs,
                pairs,
            ]
        )

    def standings(
        self,
        now_s: float,
        waiting: Ints,
        stopped: Sequence[Job],
        current: Job | None = None,
        *,
        runs: bool = False,
    ) -> Standings:
        """Return how they rank: those that wait, those that were stopped, and one more.

        Parameters
        ----------
        now_s
            The present.
        waiting, stopped
            Requests that have not begun, jobs that have and do not run.
        current
            Who has the instance, put last.
        runs
            Whether it runs, or stands at a boundary.
        """
        columns, heads = self._columns[:, waiting], waiting
        jobs = [*stopped, current] if current is not None else stopped
        if jobs:
            begun = [job.row(now_s, runs=runs and job is current) for job in jobs]
            columns = np.concatenate([columns, np.array(begun).T], axis=1)
            heads = np.concatenate([waiting, [job.head for job in jobs]])
        view = View(now_s, *columns)
        if not self.order.slack_aware:
            return Standings(view, heads, self.order.keys(view), np.zeros(len(heads), dtype=bool))
        slack = view.slack_s
        doomed = slack < -_LATE_S
        if self.guards.rescue_s and doomed.any():
            saved = doomed & (view.service_s <= self.guards.short_s)
            saved &= slack + self.guards.rescue_s >= -_LATE_S
            view = replace(view, deadline_s=view.deadline_s + saved * self.guards.rescue_s)
            doomed &= ~saved
        return Standings(view, heads, self.order.keys(view), doomed)
