"""Machines with queues, written plainly: time passes event by event, everything is recomputed."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

from headway.simulate.servers import Tasks, Workload
from tests.twins.xoshiro import Random


class Server:
    def __init__(self, speed: int, declared: float, mean: float) -> None:
        self.speed, self.declared = speed, declared
        self.queue: list[int] = []
        self.left, self.since = 0, 0  # thousandths of work of the first task, at that instant
        self.work, self.time = declared * mean, mean
        self.credit = 0.0


class Farm:
    """What the native farm does; `choose` maps columns, a list of dictionaries, to a machine."""

    def __init__(self, workload: Workload, tasks: Tasks, seed: int) -> None:
        self.tasks = tasks
        self.mean = workload.mean_size
        self.servers = [
            Server(round(speed * 1000), round(told * 1000) / 1000, self.mean)
            for speed, told in zip(workload.speeds, workload.told, strict=True)
        ]
        last = len(tasks) - 1
        self.changes = sorted(
            (
                int(tasks.arrival[min(int(c.share * len(tasks)), last)]),
                k,
                c.machine,
                round(c.speed * 1000),
            )
            for k, c in enumerate(workload.changes)
        )
        self.random = Random(seed)
        self.outcomes = [[-1, -1, -1] for _ in range(len(tasks))]
        self.ended: list[int] = []
        self.recent_work = self.recent_time = 0.0
        self.now = 0

    def end(self, server: Server) -> int | None:
        if not server.queue:
            return None
        return server.since + -(-server.left // server.speed)

    def begin(self, server: Server) -> None:
        task = server.queue[0]
        server.left = int(self.tasks.size[task]) * 1000
        self.outcomes[task][1] = server.since

    def pass_until(self, until: float) -> None:
        while True:
            ends = [
                (end, k) for k, s in enumerate(self.servers) if (end := self.end(s)) is not None
            ]
            first = min(ends, default=None)
            if first and first[0] <= until and (not self.changes or first[0] <= self.changes[0][0]):
                server = self.servers[first[1]]
                task = server.queue.pop(0)
                self.outcomes[task][2] = first[0]
                self.ended.append(task)
                server.work = 0.98 * server.work + float(self.tasks.believed[task])
                server.time = 0.98 * server.time + float(first[0] - self.outcomes[task][1])
                server.since = first[0]
                if server.queue:
                    self.begin(server)
            elif self.changes and self.changes[0][0] <= until:
                time, _, k, speed = self.changes.pop(0)
                server = self.servers[k]
                if server.queue:
                    server.left -= (time - server.since) * server.speed
                    server.since = time
                server.speed = speed
            else:
                return

    def backlog(self, server: Server) -> float:
        if not server.queue:
            return 0.0
        first, *rest = server.queue
        served = self.now - self.outcomes[first][1]
        left = float(self.tasks.believed[first]) - served * server.declared
        return float(sum(int(self.tasks.believed[task]) for task in rest)) + max(left, 0.0)

    def columns(self, task: int) -> list[dict[str, float]]:
        n = len(self.servers)
        first = self.random.below(n)
        second = self.random.below(n - 1) if n > 1 else 0
        second += n > 1 and second >= first
        total = 0.0
        for server in self.servers:
            total += server.work / server.time
        told = sum(server.declared for server in self.servers)
        order = sorted(range(n), key=lambda k: (-self.servers[k].declared, k))
        rows = []
        for k, server in enumerate(self.servers):
            server.credit += server.work / server.time / total
            rows.append(
                {
                    "n": len(server.queue),
                    "backlog": self.backlog(server),
                    "size": float(self.tasks.believed[task]),
                    "speed": server.declared,
                    "measured": server.work / server.time,
                    "rank": order.index(k),
                    "home": float(self.tasks.home[task] == k),
                    "turn": (k - task) % n,
                    "pair": float(k in (first, second)),
                    "luck": (self.random.next() >> 11) * 2.0**-53,
                    "credit": server.credit,
                    "load": self.recent_work / (self.recent_time * told) if self.recent_time else 0,
                    "t": self.now,
                }
            )
        return rows

    def run(self, choose: Callable[[Farm, int, list[dict[str, float]]], int]) -> list[list[int]]:
        for task, arrival in enumerate(self.tasks.arrival.tolist()):
            self.ended = []
            self.pass_until(arrival)
            self.recent_work = 0.998 * self.recent_work + float(self.tasks.believed[task])
            self.recent_time = 0.998 * self.recent_time + float(arrival - self.now)
            self.now = arrival
            chosen = choose(self, task, self.columns(task))
            server = self.servers[chosen]
            server.credit -= 1
            server.queue.append(task)
            self.outcomes[task][0] = chosen
            if len(server.queue) == 1:
                server.since = arrival
                self.begin(server)
        self.ended = []
        self.pass_until(float("inf"))
        return self.outcomes


def smallest(key: Callable[[dict[str, float]], float]):
    """Return the choice of the first machine with the smallest key."""
    return lambda farm, task, rows: min(range(len(rows)), key=lambda k: (key(rows[k]), k))


KEYS: dict[str, Callable[[dict[str, float]], float]] = {
    "ROUND-ROBIN": lambda c: c["turn"],
    "RANDOM": lambda c: c["luck"],
    "JSQ": lambda c: c["n"],
    "LWL": lambda c: c["backlog"],
    "SED": lambda c: (c["backlog"] + c["size"]) / c["speed"],
    "SED-MEASURED": lambda c: (c["backlog"] + c["size"]) / c["measured"],
    "POWER-OF-TWO": lambda c: (not c["pair"], c["n"]),
    "PRIORITY": lambda c: (max(c["n"] - 3, 0), c["rank"]),
    "SITA": lambda c: -c["home"],
    "DRA": lambda c: -c["credit"],
}


def exact_end(start: int, size: int, speed: float) -> int:
    """Return when a task ends that is served at one speed throughout."""
    return start + -(-Fraction(size) // Fraction(round(speed * 1000), 1000))
