"""A shop's state read aloud: every number that a policy sees, counted afresh.

Takes the columns that the native core takes; operations, modes and machines are numbered as there.
"""

from __future__ import annotations

import heapq
from collections.abc import Mapping
from dataclasses import dataclass, field

FOREVER = 2**60
ABSENT = -1

FINISH, OFF, DOWN, ON, UP, ARRIVE, RELEASE, CHANGE, CANCEL, READY, JOIN, TRAVELLED = range(12)
RESUME, RESTART, SCRAP = range(3)
DUE, DURATION, OPEN, CLOSE = range(4)


def event_class(kind: int) -> int:
    return 0 if kind == FINISH else 1 if kind < ARRIVE else 2


@dataclass
class Job:
    op: int
    stage: str = "unknown"
    outside: bool = True
    admitted: bool = False
    leaving: bool = False
    machine: int = ABSENT
    row: int = ABSENT
    since: int = 0
    entered: int = 0
    stamp: int = 0


@dataclass
class Machine:
    places: int
    phase: str = "free"
    off: int = 0
    family: int = ABSENT
    members: list[int] = field(default_factory=list)
    queue: list[int] = field(default_factory=list)
    ready: int = 0
    need: int = 0
    worked: int = 0
    since: int = 0
    stopped: int = 0
    stamp: int = 0
    held: bool = False


class PlainShopState:
    """Jobs, machines and events to come, before anything has happened."""

    def __init__(
        self, columns: Mapping[str, object], *, revealed_when_ready: bool, trapped: bool,
        per_machine: bool,
    ) -> None:  # fmt: skip
        for name, values in columns.items():
            setattr(self, name, [int(value) for value in values])
        self.n_families = self.n_families[0]
        self.revealed_when_ready, self.trapped = revealed_when_ready, trapped
        self.per_machine = per_machine
        self.job_of = [j for j in range(len(self.arrival)) for _ in self.ops(j)]
        self.op_of = [o for o in range(len(self.family)) for _ in self.modes(o)]
        self.known, self.truth = list(self.estimate), list(self.duration)
        self.jobs = [Job(self.op_ptr[j]) for j in range(len(self.arrival))]
        self.machines = [
            Machine(FOREVER if buffer == FOREVER else buffer + batch)
            for buffer, batch in zip(self.buffer, self.batch, strict=True)
        ]
        self.left = list(self.capacity)
        self.joined: dict[int, int] = {}
        self.missed: dict[int, list[int]] = {}  # news of operations that had begun, by job
        self.completion = [ABSENT] * len(self.jobs)
        self.rows: list[dict[str, int]] = []
        self.now = 0
        self.events: list[tuple[int, int, int, int, int, int]] = []
        self.number = 0
        self.n_events = self.n_decisions = 0
        self.fix_events()

    def ops(self, j: int) -> range:
        return range(self.op_ptr[j], self.op_ptr[j + 1])

    def modes(self, o: int) -> range:
        return range(self.mode_ptr[o], self.mode_ptr[o + 1])

    def fix_events(self) -> None:
        fixed = []
        for m in range(len(self.machines)):
            for k in range(self.break_ptr[m], self.break_ptr[m + 1]):
                fixed += [(self.break_start[k], OFF, m), (self.break_end[k], ON, m)]
            for k in range(self.down_ptr[m], self.down_ptr[m + 1]):
                fixed += [(self.down_start[k], DOWN, m), (self.down_end[k], UP, m)]
        for j, arrival in enumerate(self.arrival):
            if arrival < self.cancelled[j]:
                fixed += [(arrival, ARRIVE, j), (self.release[j], RELEASE, j)]
                if self.cancelled[j] != FOREVER:
                    fixed.append((self.cancelled[j], CANCEL, j))
        fixed += [(time, CHANGE, k) for k, time in enumerate(self.change_time)]
        for time, kind, subject in sorted(fixed, key=lambda e: (e[0], event_class(e[1]), *e[1:])):
            self.push(time, kind, subject)

    def push(self, time: int, kind: int, subject: int, stamp: int = 0) -> None:
        heapq.heappush(self.events, (time, event_class(kind), self.number, kind, subject, stamp))
        self.number += 1

    def unstarted(self, o: int) -> bool:
        job = self.jobs[self.job_of[o]]
        return (
            job.stage != "gone"
            and not job.leaving
            and (
                job.stage in ("unknown", "known")
                or o > job.op
                or (o == job.op and job.stage != "on machine")
            )
        )

    def room(self, q: int) -> int:
        inside = sum(job.admitted and job.machine == q for job in self.jobs)
        return self.machines[q].places - inside - len(self.machines[q].members)

    def trip(self, origin: int, to: int) -> int:
        if origin == ABSENT or not self.transfers:
            return 0
        return self.transfers[origin * len(self.machines) + to]

    def setup_time(self, q: int, before: int, after: int) -> int:
        if self.setup[q] == ABSENT:
            return 0
        n = self.n_families
        row = n if before == ABSENT else before
        return self.setup_times[(self.setup[q] * (n + 1) + row) * n + after]

    def reveal(self, o: int) -> None:
        for i in self.modes(o):
            self.known[i] = self.truth[i]

    def open_modes(self, o: int) -> list[int]:
        return [i for i in self.modes(o) if self.is_open[i]]

    def best_mode(self, o: int) -> int:
        return min(self.open_modes(o) or self.modes(o), key=lambda i: (self.known[i], i))

    def shortest(self, o: int) -> int:
        return self.known[self.best_mode(o)]

    def expected_finish(self, q: int) -> int:
        m = self.machines[q]
        if m.phase in ("free", "holding"):
            return self.now
        if m.phase != "processing":
            left = max(self.known[self.rows[self.jobs[j].row]["mode"]] for j in m.members)
            return max(self.now, m.ready) + left
        worked = m.worked + (0 if m.off else self.now - m.since)
        return self.now + max(
            0,
            *(
                self.known[self.rows[self.jobs[j].row]["mode"]]
                + min(self.pause[self.jobs[j].op], worked)
                - worked
                for j in m.members
            ),
        )

    def load(self, q: int) -> int:
        return sum(
            self.known[i]
            for i, machine in enumerate(self.machine)
            if machine == q
            and self.is_open[i]
            and self.jobs[self.job_of[self.op_of[i]]].stage != "unknown"
            and self.unstarted(self.op_of[i])
        )

    def work(self, q: int) -> int:
        return sum(self.known[i] for i in self.machines[q].queue)

    def blocked_for(self, q: int) -> int:
        return sum(
            1
            for job in self.jobs
            if job.stage == "blocked"
            for i in self.modes(job.op)
            if self.machine[i] == q and self.is_open[i]
        )

    def columns(self, mode: int) -> dict[str, float]:
        o, q = self.op_of[mode], self.machine[mode]
        j = self.job_of[o]
        job, m = self.jobs[j], self.machines[q]
        p, t = self.known[mode], self.now
        tail = sum(self.shortest(x) for x in self.ops(j) if x > o)
        done = sum(self.shortest(x) for x in self.ops(j) if x < o)
        total = done + self.shortest(o) + tail
        share = (done + self.shortest(o)) / max(total, 1)
        arrived = [x for x, other in enumerate(self.jobs) if other.stage != "unknown"]
        work = [self.shortest(x) for a in arrived for x in self.ops(a)]
        columns = {
            "t": t, "p": p, "R": p + tail, "tail": tail, "k": self.op_ptr[j + 1] - o,
            "done": o - self.op_ptr[j], "joined": self.joined[mode],
            "wait": t - self.joined[mode], "a": self.release[j], "d": self.due[j],
            "w": self.weight[j], "total": total, "work_done": done,
            "odd": self.release[j] + (self.due[j] - self.release[j]) * share,
            "slack": self.due[j] - t - p - tail, "last": o + 1 == self.op_ptr[j + 1],
            "p_mean": self.work(q) / max(len(m.queue), 1), "queue": len(m.queue),
            "load": self.load(q), "blocked": job.stage == "blocked", "outside": job.outside,
            "relief": self.blocked_for(job.machine) if job.stage == "blocked" else 0,
            "wip": sum(not x.outside and x.stage != "gone" for x in self.jobs),
            "in_system": sum(x.stage not in ("unknown", "gone") for x in self.jobs),
            "jobs": len(arrived), "machines": len(self.machines),
            "shop_p": sum(work) / max(len(work), 1),
            "setup": self.setup_time(q, m.family, self.family[o]),
            "transfer": self.trip(job.machine, q) if job.stage == "blocked" else 0,
            "mates": sum(self.family[self.op_of[i]] == self.family[o] for i in m.queue),
            "choices": len(self.open_modes(o)), "p_best": self.shortest(o), "job": j, "machine": q,
        }  # fmt: skip
        following = ("npt", "winq", "queue_next", "load_next", "next_occupied", "next_blocked",
                     "next_finish")  # fmt: skip
        if columns["last"]:
            columns |= dict.fromkeys(following, 0)
        else:
            x = self.machine[self.best_mode(o + 1)]
            other = self.machines[x]
            columns |= {
                "npt": self.shortest(o + 1), "winq": self.work(x), "queue_next": len(other.queue),
                "load_next": self.load(x),
                "next_occupied": other.phase != "free" or self.room(x) <= 0,
                "next_blocked": other.phase == "holding", "next_finish": self.expected_finish(x),
            }  # fmt: skip
        return {name: float(value) for name, value in columns.items()}
