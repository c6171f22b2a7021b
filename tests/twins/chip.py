"""A chip, tick by tick: the clearest statement of what the native event loop does."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from headway.simulate.chip import Fate, TaskGraph, Workload, upward_ranks


@dataclass(eq=False)
class Job:
    graph: TaskGraph
    kind: int
    arrival: int
    true: np.ndarray
    completion: int = -1

    def __post_init__(self) -> None:
        n = self.graph.n_tasks
        self.element, self.start, self.end = [-1] * n, [-1] * n, [-1] * n
        self.done = [False] * n

    def parents(self, task: int) -> list[tuple[int, int]]:
        """Pairs of an edge and the task it comes from."""
        graph = self.graph
        edges = [edge for edge in range(graph.n_edges) if graph.target[edge] == task]
        return [(edge, int(graph.source[edge])) for edge in edges]

    def data_there(self, task: int, element: int) -> int:
        times = [self.arrival]
        for edge, parent in self.parents(task):
            delay = self.graph.delay[edge, self.element[parent], element]
            times.append(self.end[parent] + int(delay))
        return max(times)


class Plan:
    """HEFT of each job when it arrives, around what is planned."""

    def __init__(self, n_elements: int) -> None:
        self.elements = range(n_elements)
        self.places: dict[tuple[Job, int], tuple[int, int, int]] = {}

    def add(self, job: Job, rank: np.ndarray) -> None:
        left = set(range(job.graph.n_tasks))
        while left:
            able = [i for i in left if not left & {parent for _, parent in job.parents(i)}]
            task = min(able, key=lambda i: (-rank[i], job.graph.order.index(i)))
            left.remove(task)
            self.places[job, task] = self.first_end(job, task)

    def first_end(self, job: Job, task: int) -> tuple[int, int, int]:
        found = []
        for p in self.elements:
            duration = int(job.graph.duration[task, p])
            if duration < 0:
                continue
            start = job.arrival
            for edge, parent in job.parents(task):
                element, _, end = self.places[job, parent]
                start = max(start, end + int(job.graph.delay[edge, element, p]))
            while (clash := self.clash(p, start, duration)) is not None:
                start = clash
            found.append((start + duration, p, start))
        end, p, start = min(found)
        return p, start, end

    def clash(self, p: int, start: int, duration: int) -> int | None:
        """When what an interval overlaps with ends."""
        for element, first, last in self.places.values():
            if element == p and first < last and start < last and first < start + duration:
                return last
            if element == p and first < start < last and duration == 0:
                return last
        return None


class Chip:
    """Runs `choose(columns)`, which returns the position of a candidate, to the end."""

    def __init__(self, workload: Workload, fate: Fate, choose, limit: float = float("inf")) -> None:
        self.workload, self.choose, self.limit = workload, choose, limit
        self.elements = range(workload.kinds[0].n_elements)
        self.now = 0
        self.jobs: list[Job] = []
        self.ready: list[tuple[Job, int]] = []
        self.queue: list[list[tuple[Job, int]]] = [[] for _ in self.elements]
        self.running: list[tuple[Job, int] | None] = [None for _ in self.elements]
        self.gaps = iter(fate.gap.tolist())
        self.fated = iter(self._fated(fate))
        self.next_arrival = next(self.gaps, float("inf"))
        self.ranks = [upward_ranks(kind) for kind in workload.kinds]
        self.plan = Plan(len(self.elements))
        durations = np.concatenate([kind.duration.ravel() for kind in workload.kinds])
        self.unit = max(durations[durations >= 0].mean(), 1.0)

    def _fated(self, fate: Fate):
        rows = fate.duration.reshape(-1, len(self.elements))
        first = 0
        for kind in fate.kind.tolist():
            n = self.workload.kinds[kind].n_tasks
            yield kind, rows[first : first + n]
            first += n

    def run(self) -> list[Job]:
        if self.workload.begins_full:
            for _ in range(self.workload.most_jobs):
                self.inject()
        for now in range(self.workload.length):
            self.now = now
            while True:
                self.end_tasks()
                self.arrive()
                self.decide()
                if not self.start_tasks():
                    break
        return self.jobs

    def in_system(self) -> int:
        return sum(job.completion < 0 for job in self.jobs)

    def inject(self) -> bool:
        fated = next(self.fated, None)
        if fated is None:
            return False
        kind, true = fated
        job = Job(self.workload.kinds[kind], kind, self.now, true)
        self.jobs.append(job)
        self.plan.add(job, self.ranks[kind])
        self.ready += [(job, i) for i in range(job.graph.n_tasks) if not job.parents(i)]
        return True

    def end_tasks(self) -> None:
        for p in self.elements:
            if self.running[p] is None:
                continue
            job, task = self.running[p]
            if job.start[task] + job.true[task, p] > self.now:
                continue
            self.running[p] = None
            job.end[task], job.done[task] = self.now, True
            graph = job.graph
            for follower in sorted({int(t) for t in graph.target[graph.source == task]}):
                if all(job.done[parent] for _, parent in job.parents(follower)):
                    self.ready.append((job, follower))
            if all(job.done):
                job.completion = self.now

    def arrive(self) -> None:
        while self.next_arrival <= self.now:
            lost = self.in_system() >= self.workload.most_jobs
            if lost and not self.workload.lost_gap:
                return
            if not lost and not self.inject():
                self.next_arrival = float("inf")
                return
            self.next_arrival = self.now + lost + next(self.gaps, float("inf"))

    def free(self, p: int) -> int:
        time = self.now
        if self.running[p] is not None:
            job, task = self.running[p]
            time = max(time + 1, job.start[task] + int(job.graph.duration[task, p]))
        for job, task in self.queue[p]:
            time = max(time, job.data_there(task, p)) + int(job.graph.duration[task, p])
        return time

    def decide(self) -> None:
        while self.ready:
            candidates, rows = self.candidates()
            if not candidates:
                return
            job, task, p = candidates[self.choose(rows)]
            self.ready.remove((job, task))
            job.element[task] = p
            self.queue[p].append((job, task))

    def finishes(self, job: Job, task: int) -> dict[int, int]:
        duration = job.graph.duration[task]
        return {
            p: max(job.data_there(task, p), self.free(p)) + int(duration[p]) - self.now
            for p in self.elements
            if duration[p] >= 0
        }

    def candidates(self):
        ranked = sorted(
            range(len(self.ready)),
            key=lambda k: (-self.ranks[self.ready[k][0].kind][self.ready[k][1]], k),
        )
        finishes = [self.finishes(job, task) for job, task in self.ready]
        bests = [min(finish, key=lambda p: (finish[p], p)) for finish in finishes]
        spares = [sorted(finish.values())[:2] for finish in finishes]
        spares = [ends[-1] - ends[0] for ends in spares]
        candidates, rows = [], []
        for order, (job, task) in enumerate(self.ready):
            duration, finish = job.graph.duration[task], finishes[order]
            planned, start, _ = self.plan.places[job, task]
            for p in finish:
                if self.free(p) - self.now > self.limit:
                    continue
                others = [s for k, s in enumerate(spares) if k != order and bests[k] == p]
                candidates.append((job, task, p))
                rows.append(
                    {
                        "duration": duration[p],
                        "excess": duration[p] - min(duration[q] for q in finish),
                        "delay": max(job.data_there(task, p) - self.now, 0),
                        "backlog": self.free(p) - self.now,
                        "finish": finish[p],
                        "regret": finish[p] - min(finish.values()),
                        "spare": spares[order],
                        "rival": max(others, default=0),
                        "rank": self.ranks[job.kind][task],
                        "left": job.done.count(False),
                        "age": self.now - job.arrival,
                        "order": order,
                        "precedence": ranked.index(order),
                        "elsewhere": int(planned != p),
                        "plan": start - self.now,
                        "jobs": self.in_system(),
                        "unit": self.unit,
                    }
                )
        span = 1 + max((row["finish"] for row in rows), default=0)
        return candidates, [row | {"span": span} for row in rows]

    def start_tasks(self) -> bool:
        """Return whether a task began that takes no time, so that more happens at this tick."""
        again = False
        for p in self.elements:
            if self.running[p] is not None:
                continue
            for job, task in self.queue[p]:
                if job.data_there(task, p) <= self.now:
                    self.queue[p].remove((job, task))
                    self.running[p] = (job, task)
                    job.start[task] = self.now
                    again |= job.true[task, p] == 0
                    break
        return again
