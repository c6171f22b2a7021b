"""Many machines: one portfolio per node of a Ray cluster, all of them over one board.

``headway.solve(problem, workers="ray")`` comes here. An actor, the exchange, keeps the best
schedule of every node and the best bound; nodes look at it several times a second. A node that
dies takes nothing with it: what it found stands in the exchange.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from hashlib import blake2b
from typing import Any, Self

from headway.errors import ConfigError, MissingExtraError
from headway.model.problem import Problem
from headway.model.schedule import Schedule
from headway.model.tables import Ints
from headway.solve.portfolio.board import Board
from headway.solve.portfolio.crew import RulesWorker, Stint
from headway.solve.portfolio.solver import Portfolio
from headway.solve.result import MOST_WORKERS, Budget, Progress, Result, Status, Stop, Values

_SWAP_S = 0.25
"""How often nodes and the driver look at the exchange."""

_ENDING_S = 10.0
"""How long the driver waits for nodes to end once they have been told to."""

_SHARE_OF_RULES = 0.1
_SEED_STEP = 7_919


@dataclass(frozen=True, slots=True)
class Entry:
    """What a node has found: its best schedule in columns, and who found it."""

    value: Values
    start: Ints
    end: Ints
    mode: Ints
    author: str

    @staticmethod
    def of(schedule: Schedule, author: str) -> Entry:
        """Return the entry of a schedule, without its problem, which every node has."""
        value = schedule.objective_values
        return Entry(value, schedule.start, schedule.end, schedule.mode, author)

    def schedule(self, problem: Problem) -> Schedule:
        """Return the schedule."""
        return Schedule(problem, self.start, self.end, self.mode)


@dataclass(slots=True)
class Exchange:
    """The best schedule of every node and the best bound of all; lives in an actor."""

    entries: dict[str, Entry] = field(default_factory=dict)
    bound: Values | None = None
    over: bool = False

    def swap(
        self, node: str, entry: Entry | None, bound: Values | None
    ) -> tuple[list[Entry], Values | None, bool]:
        """Take what a node knows; return what the others know and whether to end."""
        if entry is not None and (
            node not in self.entries or entry.value < self.entries[node].value
        ):
            self.entries[node] = entry
        if bound is not None and (self.bound is None or bound > self.bound):
            self.bound = bound
        others = [entry for other, entry in self.entries.items() if other != node]
        return others, self.bound, self.over

    def end(self) -> None:
        """Ask all nodes to end."""
        self.over = True


class _Link:
    """Keeps a board and the exchange in step from a thread of its own."""

    def __init__(self, board: Board, exchange: Any, node: str) -> None:
        self._board = board
        self._exchange = exchange
        self._node = node
        self._seen: set[bytes] = set()
        self._sent: Schedule | None = None
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="headway-link", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._over.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._over.wait(_SWAP_S):
            self.swap()
        self.swap()

    def swap(self) -> None:
        """Tell the exchange what is new here, and the board what is new there."""
        import ray

        board = self._board
        entry = None
        if board.best is not None and board.best is not self._sent:
            self._sent = board.best
            entry = Entry.of(board.best, board.author)
        try:
            others, bound, over = ray.get(
                self._exchange.swap.remote(self._node, entry, board.bound)
            )
        except ray.exceptions.RayError:
            # Without the driver's node nobody waits for an answer.
            board.stop.set()
            return
        for other in others:
            key = blake2b(other.start.tobytes() + other.mode.tobytes()).digest()
            if key not in self._seen:
                self._seen.add(key)
                board.suggest(other.schedule(board.problem), other.author)
        if bound is not None:
            board.raise_bound(bound, "cluster")
        if over:
            board.stop.set()


def solve(
    problem: Problem,
    budget: Budget,
    *,
    warm_start: Schedule | None,
    seed: int,
    on_progress: Callable[[Progress], None],
    stop: Stop,
) -> Result:
    """Solve on every node of a Ray cluster at once; see `headway.solve.solve`.

    Connects to the cluster that ``ray.init`` finds (``RAY_ADDRESS``, or one that runs on this
    machine) unless the program is connected already, and starts one of a single node otherwise.
    Every node runs the portfolio on all of its processors, each with a seed of its own. The
    answer depends on which node is faster, so it differs from run to run.

    Parameters
    ----------
    problem, warm_start, seed, on_progress, stop
        As for every solver.
    budget
        Its workers are not looked at. The time to start or join a cluster counts.

    Raises
    ------
    MissingExtraError
        If Ray is not installed.
    ConfigError
        If no node of the cluster has a processor.
    """
    try:
        import ray
    except ImportError:
        raise MissingExtraError(
            "workers: 'ray' needs Ray; install it with: pip install 'headway[ray]'"
        ) from None
    board = Board(problem, budget.gap, on_progress, stop)
    if warm_start is not None:
        board.offer(warm_start, "warm start")
    began = time.perf_counter()
    # Joining or starting a cluster takes seconds, which count; this much is there at once.
    RulesWorker().work(board, Stint(1, _SHARE_OF_RULES * budget.time_limit_s, seed), stop)
    if board.over:
        return _together(board, [], "no node was needed", began, seed)
    connected = ray.is_initialized()
    if not connected:
        ray.init(log_to_driver=False, logging_level=logging.ERROR, include_dashboard=False)
    try:
        left = budget.time_limit_s - (time.perf_counter() - began)
        if board.stop.is_set() or left <= 0:
            return _together(board, [], "no node was needed", began, seed)
        return _on_all_nodes(board, replace(budget, time_limit_s=left), began, seed)
    finally:
        if not connected:
            ray.shutdown()


def _on_all_nodes(board: Board, budget: Budget, began: float, seed: int) -> Result:
    import ray

    until = time.perf_counter() + budget.time_limit_s
    listed: Any = ray.nodes
    nodes = [node for node in listed() if node["Alive"] and node["Resources"].get("CPU", 0) >= 1]
    if not nodes:
        raise ConfigError("workers: no node of the Ray cluster has a processor to offer")
    here = _on_node(ray.get_runtime_context().get_node_id())
    exchange: Any = ray.remote(Exchange).options(num_cpus=0, scheduling_strategy=here).remote()
    shared = ray.put(board.problem)
    work = ray.remote(_work)
    pending = {}
    for k, node in enumerate(nodes):
        threads = min(int(node["Resources"]["CPU"]), MOST_WORKERS)
        options = {
            "num_cpus": threads,
            "scheduling_strategy": _on_node(node["NodeID"]),
            "max_retries": 0,
        }
        share = replace(budget, workers=threads)
        task = work.options(**options).remote(
            shared, share, seed + _SEED_STEP * k, exchange, node["NodeID"]
        )
        pending[task] = node["NodeID"]
    try:
        results, lost = _wait(board, exchange, pending, until)
    finally:
        ray.kill(exchange)
    reason = f"{len(nodes)} Ray node{'' if len(nodes) == 1 else 's'}"
    if lost:
        reason += f", {lost} of them lost"
    return _together(board, results, reason, began, seed)


def _on_node(node: str) -> Any:
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

    return NodeAffinitySchedulingStrategy(node_id=node, soft=False)


def _work(problem: Problem, budget: Budget, seed: int, exchange: Any, node: str) -> Result:
    """Run the portfolio on one node; runs there."""
    board = Board(problem, budget.gap, lambda _: None, Stop())
    with _Link(board, exchange, node) as link:
        link.swap()
        result = Portfolio(board, budget, seed).run()
    # The schedule stands in the exchange already, and the driver has the problem.
    return replace(result, schedule=None, trajectory=())


def _wait(
    board: Board, exchange: Any, pending: dict[Any, str], until: float
) -> tuple[list[Result], int]:
    """Keep the driver's board up to date until all nodes have ended; count those that died."""
    import ray

    results: list[Result] = []
    lost = 0
    told = False
    with _Link(board, exchange, "driver"):
        while pending:
            done, _ = ray.wait(list(pending), timeout=_SWAP_S)
            for task in done:
                del pending[task]
                try:
                    results.append(ray.get(task))
                except ray.exceptions.RayTaskError:
                    raise  # a defect of ours, not of the cluster; carries the node's traceback
                except ray.exceptions.RayError:
                    lost += 1
            if any(result.status is Status.INFEASIBLE for result in results):
                board.close()
            now = time.perf_counter()
            if not told and (board.over or now >= until):
                told = True
                exchange.end.remote()
                until = min(until, now)
            if told and now >= until + _ENDING_S:
                for task in pending:
                    ray.cancel(task, force=True)
                lost += len(pending)
                break
    return results, lost


def _together(board: Board, results: list[Result], reason: str, began: float, seed: int) -> Result:
    """Return what all nodes found and proved together."""
    infeasible = next((r for r in results if r.status is Status.INFEASIBLE), None)
    if board.best is not None:
        status = Status.OPTIMAL if board.settled else Status.FEASIBLE
    else:
        status = Status.UNKNOWN if infeasible is None else Status.INFEASIBLE
    return Result(
        problem=board.problem,
        schedule=board.best,
        status=status,
        bound=None if status is Status.INFEASIBLE else board.bound,
        trajectory=board.trajectory,
        method=f"ray({results[0].method})" if results else "ray",
        reason=f"{reason}; {results[0].reason}" if results else reason,
        time_s=time.perf_counter() - began,
        conflict=infeasible.conflict if infeasible is not None and board.best is None else (),
        seed=seed,
    )
