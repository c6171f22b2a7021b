"""The one door of the cluster world: a workload and a policy in, a verified trace out."""

from __future__ import annotations

from enum import StrEnum

import numpy as np

from headway.errors import ConfigError
from headway.model.tables import ints
from headway.simulate.cluster import placed
from headway.simulate.cluster.core import Core, preempts
from headway.simulate.cluster.nodes import Nodes
from headway.simulate.cluster.placement import Placement, find
from headway.simulate.cluster.realise import Pieces
from headway.simulate.cluster.rules import RULES
from headway.simulate.cluster.trace import ClusterTrace
from headway.simulate.cluster.workload import Workload
from headway.simulate.policy import Policy


class Backfill(StrEnum):
    """Who may start before a job that is in front but does not fit."""

    NONE = "none"
    """Nobody: the first job that does not fit blocks all behind it."""
    GREEDY = "greedy"
    """Whoever fits, in order; large jobs may starve."""
    EASY = "easy"
    """Whoever does not delay the first job that does not fit, by the requested times.

    That job has a reservation at the earliest instant at which enough units will be free.
    """
    CONSERVATIVE = "conservative"
    """Whoever does not delay anybody.

    Each job has a reservation from its submission on, as early as those before it allow. When
    somebody ends early, reservations move forward one after another, in the order of the policy.
    With exact requested times nobody does, and the order no longer matters.
    """


def run(
    workload: Workload,
    policy: str | Policy = "FCFS",
    *,
    backfill: str | Backfill = Backfill.NONE,
    nodes: Nodes | None = None,
    placement: str | Placement = Placement.BEST_FIT,
    seed: int = 0,
) -> ClusterTrace:
    """Run a workload on its pool.

    At one instant, first jobs end, then jobs are submitted, then jobs start. A job that outlives
    its requested time is not killed (make it so with `SwfLog.workload`), and is expected to take
    twice as long, then twice that.

    Parameters
    ----------
    workload
        The jobs.
    policy
        The order of the queue: a name in `RULES` or of another package, a rule, or any policy that
        scores candidates by the columns in `headway.simulate.cluster.rules`. Rules that look at
        what jobs have received (SRPT, SRSF, LAS) take jobs off again, at no cost.
    backfill
        See `Backfill`. Rules that take jobs off fill all gaps by themselves.
    nodes
        Where jobs are placed, each on one node; by default all units of the pool are alike.
    placement, seed
        Which of the nodes with room gets a job; see `Placement`.

    Returns
    -------
    ClusterTrace
        Verified.

    Raises
    ------
    UnknownNameError
        If there is no such policy.
    ConfigError
        If there is no such backfilling or placement, or the policy or nodes have no use for it.
    ProblemError
        If jobs are to be placed that fit on no node, or do not say what they need.

    Notes
    -----
    Takes O(n log n) steps for n jobs plus what backfilling looks at: at each event, the jobs that
    wait (EASY), or their reservations (conservative, when a job ends early).

    References
    ----------
    Lifka (1995), "The ANL/IBM SP scheduling system" (EASY). Mu'alem, Feitelson (2001),
    "Utilization, predictability, workloads, and user runtime estimates in scheduling the IBM SP2
    with backfilling" (both kinds).
    """
    chosen = RULES.find(policy)
    try:
        how = Backfill(backfill)
    except ValueError:
        known = ", ".join(Backfill)
        raise ConfigError(f"backfill: expected one of {known}, got {backfill!r}") from None
    if nodes is not None:
        return _placed(workload, chosen, how, nodes, find(placement), seed)
    core = Core(workload, chosen)
    if preempts(chosen):
        if how is not Backfill.NONE:
            raise ConfigError(f"backfill: {chosen.name} takes jobs off and needs none, got {how}")
        return ClusterTrace.of(workload, Pieces.of(*core.stretches()), chosen.name)
    start, promised = core.starts(list(Backfill).index(how))
    pieces = Pieces.of(np.arange(len(workload)), start, start + workload.run)
    name = chosen.name if how is Backfill.NONE else f"{chosen.name} + {how}"
    return ClusterTrace.of(workload, pieces, name, promised=ints(promised))


def _placed(
    workload: Workload,
    policy: Policy,
    how: Backfill,
    nodes: Nodes,
    placement: Placement,
    seed: int,
) -> ClusterTrace:
    if preempts(policy):
        raise ConfigError(f"policy: {policy.name} takes jobs off, but placed jobs stay")
    if how in (Backfill.EASY, Backfill.CONSERVATIVE):
        raise ConfigError(f"backfill: {how} reserves units of a pool, not places on nodes")
    greedy = how is Backfill.GREEDY
    where = placed.pieces(workload, policy, nodes, placement, greedy=greedy, seed=seed)
    name = f"{policy.name}{' + greedy' if greedy else ''}, {placement}"
    return ClusterTrace.of(workload, where, name, seed=seed)
