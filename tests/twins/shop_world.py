"""The shop read aloud: what happens, event by event, and who is chosen."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Mapping

from tests.twins.shop_state import (
    ABSENT,
    ARRIVE,
    CANCEL,
    CHANGE,
    DOWN,
    DUE,
    DURATION,
    FINISH,
    FOREVER,
    JOIN,
    OFF,
    ON,
    OPEN,
    READY,
    RELEASE,
    RESTART,
    RESUME,
    TRAVELLED,
    UP,
    Job,
    PlainShopState,
)

Score = Callable[[Mapping[str, float]], float]


class PlainShop(PlainShopState):
    """A shop that is played by one score; the largest wins, the first of equals."""

    # What happens.

    def play(self, score: Score, *, waits: bool) -> None:
        while True:
            self.settle(score, waits)
            if not self.events:
                return
            self.now = self.events[0][0]
            while self.events and self.events[0][0] == self.now:
                _, _, _, kind, subject, stamp = heapq.heappop(self.events)
                self.n_events += 1
                self.handle(kind, subject, stamp)
            self.release_holds()

    def handle(self, kind: int, s: int, stamp: int) -> None:
        if kind in (OFF, DOWN):
            self.fall(s, outage=kind == DOWN)
        elif kind in (ON, UP):
            self.rise(s)
        elif kind == FINISH and stamp == self.machines[s].stamp:
            self.finish(s)
        elif kind == READY and stamp == self.machines[s].stamp:
            if self.machines[s].off:
                self.machines[s].phase = "ready"
            else:
                self.begin(s)
        elif kind == ARRIVE:
            self.jobs[s].stage = "known"
        elif kind == RELEASE and self.jobs[s].stage == "known":
            self.jobs[s].stage = "waiting"
            self.make_next(s)
        elif kind == CANCEL:
            self.cancel(s)
        elif kind == CHANGE:
            self.change(s)
        elif kind in (JOIN, TRAVELLED):
            job = self.jobs[self.job_of[self.op_of[s]]]
            if stamp == job.stamp:
                job.stage = "waiting"
                self.join(s, self.now)

    def cancel(self, j: int) -> None:
        job = self.jobs[j]
        if job.stage == "on machine":
            job.leaving = True
        elif job.stage != "gone":
            self.withdraw(j)
            if job.stage == "blocked":
                self.depart(j)
            job.stage, job.admitted = "gone", False

    def change(self, k: int) -> None:
        kind, subject, value = (
            self.change_kind[k], self.change_subject[k], self.change_value[k]
        )  # fmt: skip
        if kind == DUE:
            if self.completion[subject] == ABSENT:
                self.due[subject] = value
            return
        o = self.op_of[subject]
        j = self.job_of[o]
        job = self.jobs[j]
        if not self.unstarted(o):
            self.missed.setdefault(j, []).append(k)
            return
        sought = o == job.op and not job.admitted and job.stage in ("waiting", "blocked")
        if sought and kind != DURATION:
            self.withdraw(j)
        self.change_mode(k)
        if sought and kind != DURATION:
            self.seek(j)

    def change_mode(self, k: int) -> None:
        subject = self.change_subject[k]
        if self.change_kind[k] == DURATION:
            self.known[subject] = self.truth[subject] = self.change_value[k]
        else:
            self.is_open[subject] = int(self.change_kind[k] == OPEN)

    def finish(self, q: int) -> None:
        m = self.machines[q]
        m.phase = "holding"
        members = list(m.members)
        for j in members:
            job = self.jobs[j]
            self.rows[job.row] |= {"end": self.now, "work": m.need, "outcome": 0}
            self.take(self.rows[job.row]["mode"], -1)
            self.reveal(job.op)
        for j in members:
            job = self.jobs[j]
            job.op += 1
            done = job.op == self.op_ptr[j + 1]
            if done or job.leaving:
                if done:
                    self.completion[j] = self.now
                self.depart(j)
                job.stage = "gone"
            else:
                self.make_next(j)

    def fall(self, q: int, *, outage: bool) -> None:
        m = self.machines[q]
        m.off += 1
        if m.off == 1 and m.phase == "processing":
            m.worked += self.now - m.since
            m.stopped = self.now
            m.stamp += 1
        if not (outage and m.phase == "processing") or self.effect[q] == RESUME:
            return
        members, batch = list(m.members), None
        if self.effect[q] == RESTART:
            m.phase = "preparing"
            m.ready = self.now + self.setup_time(q, m.family, m.family)
            self.push(m.ready, READY, q, m.stamp)
        for j in members:
            job = self.jobs[j]
            row = self.rows[job.row]
            counts = m.worked > 0
            row["start"] = row["start"] if counts else ABSENT
            if counts:
                row |= {"end": m.stopped, "work": m.worked, "outcome": self.effect[q]}
            if self.effect[q] == RESTART:
                if counts:
                    row["left"] = m.stopped
                    fresh = self.open_row(j, row["mode"])
                    batch = fresh if batch is None else batch
                    self.rows[fresh] |= {"entered": m.stopped, "chosen": m.stopped, "batch": batch}
                continue
            self.take(row["mode"], -1)
            self.depart(j)
            if job.leaving:
                job.stage = "gone"
                continue
            job.stage, job.outside, job.machine = "waiting", True, ABSENT
            job.op = self.op_ptr[j]
            for k in self.missed.pop(j, []):
                self.change_mode(k)
            self.make_next(j)

    def rise(self, q: int) -> None:
        m = self.machines[q]
        m.off -= 1
        if m.off == 0 and m.phase == "processing":
            m.since = self.now
            self.push(self.now + m.need - m.worked, FINISH, q, m.stamp)
        elif m.off == 0 and m.phase == "ready":
            self.begin(q)

    # The ways of jobs.

    def make_next(self, j: int) -> None:
        self.jobs[j].since = self.now
        if self.revealed_when_ready:
            self.reveal(self.jobs[j].op)
        self.seek(j)

    def seek(self, j: int) -> None:
        job = self.jobs[j]
        open_modes = self.open_modes(job.op)
        if job.stage in ("on machine", "blocked"):
            stores = open_modes or self.modes(job.op)
            if any(self.buffer[self.machine[i]] == FOREVER for i in stores):
                self.depart(j)
                job.stage = "waiting"
            else:
                job.stage = "blocked"
        for i in open_modes:
            trip = 0 if job.stage == "blocked" else self.trip(job.machine, self.machine[i])
            if job.since + trip <= self.now:
                self.join(i, job.since + trip)
            else:
                self.push(job.since + trip, JOIN, i, job.stamp)

    def join(self, mode: int, since: int) -> None:
        self.machines[self.machine[mode]].queue.append(mode)
        self.joined[mode] = since

    def withdraw(self, j: int) -> None:
        self.jobs[j].stamp += 1
        for i in self.modes(self.jobs[j].op):
            if i in self.machines[self.machine[i]].queue:
                self.machines[self.machine[i]].queue.remove(i)

    def depart(self, j: int) -> None:
        m = self.machines[self.jobs[j].machine]
        m.members.remove(j)
        self.rows[self.jobs[j].row]["left"] = self.now
        if not m.members:
            m.phase = "free"
            m.stamp += 1

    def let_go(self, j: int) -> int:
        self.withdraw(j)
        if self.jobs[j].stage != "blocked":
            return ABSENT
        self.depart(j)
        self.jobs[j].stage = "waiting"
        return self.jobs[j].machine

    def admit(self, mode: int, origin: int) -> None:
        job = self.jobs[self.job_of[self.op_of[mode]]]
        job.admitted, job.entered, job.machine = True, self.now, self.machine[mode]
        trip = self.trip(origin, job.machine)
        if trip:
            job.stage = "travelling"
            self.push(self.now + trip, TRAVELLED, mode, job.stamp)
        else:
            self.join(mode, self.joined[mode])

    def put(self, mode: int, origin: int) -> None:
        o, q = self.op_of[mode], self.machine[mode]
        j = self.job_of[o]
        job, m = self.jobs[j], self.machines[q]
        self.take(mode, 1)
        if not job.admitted:
            job.entered = self.now
        job.outside = job.admitted = False
        job.stage, job.machine = "on machine", q
        row = self.open_row(j, mode)
        if m.members:
            self.rows[row]["batch"] = self.rows[self.jobs[m.members[0]].row]["batch"]
        m.members.append(j)
        if m.phase == "free":
            m.phase = "gathering"
            m.ready = self.now + self.setup_time(q, m.family, self.family[o])
        m.ready = max(m.ready, self.now + self.trip(origin, q))
        if self.batch[q] == 1:
            self.launch(q)

    def launch(self, q: int) -> None:
        m = self.machines[q]
        m.phase = "preparing"
        if m.ready == self.now:
            self.begin(q)
        else:
            self.push(m.ready, READY, q, m.stamp)

    def begin(self, q: int) -> None:
        m = self.machines[q]
        m.phase, m.worked, m.since = "processing", 0, self.now
        m.need = max(
            self.truth[self.rows[self.jobs[j].row]["mode"]] + self.pause[self.jobs[j].op]
            for j in m.members
        )
        for j in m.members:
            m.family = self.family[self.jobs[j].op]
            self.rows[self.jobs[j].row]["start"] = self.now
        m.stamp += 1
        self.push(self.now + m.need, FINISH, q, m.stamp)

    def open_row(self, j: int, mode: int) -> int:
        row = len(self.rows)
        self.rows.append(
            {"op": self.op_of[mode], "mode": mode, "machine": self.machine[mode], "batch": row,
             "entered": self.jobs[j].entered, "chosen": self.now, "start": ABSENT, "end": ABSENT,
             "left": ABSENT, "work": 0, "outcome": ABSENT}
        )  # fmt: skip
        self.jobs[j].row = row
        return row

    # Decisions.

    def settle(self, score: Score, waits: bool) -> None:
        while True:
            if self.admit_waiting() or self.decide(score, waits) or self.launch_all():
                continue
            if self.rotate():
                self.release_holds()
                continue
            if self.idle() and any(m.held for m in self.machines):
                candidates = self.candidates(range(len(self.machines)), forced=True)
                if candidates:
                    self.choose(candidates, score)
                    continue
            return

    def idle(self) -> bool:
        at_work = any(m.phase not in ("free", "holding") for m in self.machines)
        return not at_work and not any(job.stage == "travelling" for job in self.jobs)

    def decide(self, score: Score, waits: bool) -> bool:
        everywhere = range(len(self.machines))
        groups = [[q] for q in everywhere] if self.per_machine else [everywhere]
        for group in groups:
            candidates = self.candidates(group, forced=False)
            if not candidates:
                continue
            allowed = [
                mode
                for mode in candidates
                if not waits
                or not self.jobs[self.job_of[self.op_of[mode]]].outside
                or score(self.columns(mode)) > 0
            ]
            if allowed:
                self.choose(allowed, score)
            else:
                self.n_decisions += 1
                for mode in candidates:
                    self.machines[self.machine[mode]].held = True
            return True
        return False

    def choose(self, candidates: list[int], score: Score) -> None:
        self.n_decisions += 1
        mode = max(candidates, key=lambda mode: (score(self.columns(mode)), -mode))
        self.put(mode, self.let_go(self.job_of[self.op_of[mode]]))
        self.release_holds()

    def release_holds(self) -> None:
        for m in self.machines:
            m.held = False

    def candidates(self, group: object, *, forced: bool) -> list[int]:
        found = []
        for q in group:
            m = self.machines[q]
            gathers = m.phase == "gathering" and len(m.members) < self.batch[q]
            if m.off == 0 and (m.phase == "free" or gathers):
                found += [mode for mode in m.queue if self.possible(mode, forced=forced)]
        return sorted(found)

    def possible(self, mode: int, *, forced: bool) -> bool:
        o, q = self.op_of[mode], self.machine[mode]
        job, m = self.jobs[self.job_of[o]], self.machines[q]
        if m.held and job.outside and not forced:
            return False
        if job.stage == "blocked" and (self.buffer[q] > 0 or self.stuck(job)):
            return False
        if not job.admitted and self.room(q) <= 0:
            return False
        if m.phase == "gathering":
            mate = self.jobs[m.members[0]].op
            if self.family[o] != self.family[mate]:
                return False
        return self.has_units(mode)

    def stuck(self, job: Job) -> bool:
        return self.trapped and self.machines[job.machine].off > 0

    def admit_waiting(self) -> bool:
        for q, m in enumerate(self.machines):
            if not 0 < self.buffer[q] < FOREVER:
                continue
            waiting = []
            for mode in m.queue:
                job = self.jobs[self.job_of[self.op_of[mode]]]
                free = self.room(q) > 0 or job.machine == q
                if job.stage == "blocked" and not self.stuck(job) and free:
                    waiting.append((self.joined[mode], mode))
            if waiting:
                mode = min(waiting)[1]
                self.admit(mode, self.let_go(self.job_of[self.op_of[mode]]))
                self.release_holds()
                return True
        return False

    def launch_all(self) -> bool:
        gathering = [q for q, m in enumerate(self.machines) if m.phase == "gathering"]
        for q in gathering:
            self.launch(q)
        return bool(gathering)

    def rotate(self) -> bool:
        stuck = {q for q, m in enumerate(self.machines) if m.phase == "holding" and m.off == 0}
        seen: set[int] = set()

        def cycle(q: int, path: list[int], on_path: list[int]) -> list[int] | None:
            for j in self.machines[q].members:
                for i in self.modes(self.jobs[j].op):
                    to = self.machine[i]
                    if not self.is_open[i] or to not in stuck or to in seen:
                        continue
                    if to in on_path:
                        return [*path, i][on_path.index(to) :]
                    found = cycle(to, [*path, i], [*on_path, to])
                    if found:
                        return found
            seen.add(q)
            return None

        for q in sorted(stuck):
            found = None if q in seen else cycle(q, [], [q])
            if found:
                origins = [self.let_go(self.job_of[self.op_of[mode]]) for mode in found]
                for mode, origin in zip(found, origins, strict=True):
                    to = self.machine[mode]
                    if self.buffer[to] == 0 and self.batch[to] == 1 and self.has_units(mode):
                        self.put(mode, origin)
                    else:
                        self.admit(mode, origin)
                return True
        return False

    def demands(self, mode: int) -> list[tuple[int, int]]:
        rows = range(self.demand_ptr[mode], self.demand_ptr[mode + 1])
        return [(self.demand_resource[k], self.demand_amount[k]) for k in rows]

    def has_units(self, mode: int) -> bool:
        return all(self.left[r] >= amount for r, amount in self.demands(mode))

    def take(self, mode: int, sign: int) -> None:
        for r, amount in self.demands(mode):
            self.left[r] -= sign * amount
