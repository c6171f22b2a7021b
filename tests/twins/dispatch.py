"""Dispatching read aloud: the twin of ``cpp/simulate/dispatch``."""

from __future__ import annotations

import math
import random
import struct
from collections.abc import Callable
from dataclasses import dataclass
from itertools import accumulate
from typing import NamedTuple

MASK = 2**64 - 1


class Random:
    """The random numbers of the searches (xoshiro256**, seeded by splitmix64)."""

    def __init__(self, seed: int) -> None:
        self.state = []
        for _ in range(4):
            seed = (seed + 0x9E3779B97F4A7C15) & MASK
            z = ((seed ^ (seed >> 30)) * 0xBF58476D1CE4E5B9) & MASK
            z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
            self.state.append(z ^ (z >> 31))

    def next(self) -> int:
        def turned(x: int, k: int) -> int:
            return ((x << k) | (x >> (64 - k))) & MASK

        s = self.state
        result = (turned((s[1] * 5) & MASK, 7) * 9) & MASK
        t = (s[1] << 17) & MASK
        s[2] ^= s[0]
        s[3] ^= s[1]
        s[1] ^= s[2]
        s[0] ^= s[3]
        s[2] ^= t
        s[3] = turned(s[3], 45)
        return result


def logarithm(x: float) -> float:
    """The natural logarithm by the four basic operations alone, in the order of the core."""
    (bits,) = struct.unpack("<Q", struct.pack("<d", x))
    exponent = (bits >> 52) - 1023
    (mantissa,) = struct.unpack("<d", struct.pack("<Q", (bits & (2**52 - 1)) | (1023 << 52)))
    if mantissa > 1.4142135623730951:
        mantissa /= 2
        exponent += 1
    t = (mantissa - 1) / (mantissa + 1)
    total = 0.0
    for k in range(23, 0, -2):
        total = total * (t * t) + 1.0 / k
    return exponent * 0.6931471805599453 + 2 * t * total


GUMBEL = [-logarithm(-logarithm((i + 0.5) / 4096)) for i in range(4096)]


class Next(NamedTuple):
    """The next operation of a job, and its earliest start."""

    job: int
    op: int
    start: int


@dataclass
class PlainShop:
    """Jobs are lists of (machine, duration, release)."""

    jobs: list[list[tuple[int, int, int]]]

    @property
    def n_machines(self) -> int:
        return 1 + max(machine for job in self.jobs for machine, _, _ in job)

    def work_left(self, job: int, op: int) -> int:
        return sum(duration for _, duration, _ in self.jobs[job][op:])

    @property
    def bound(self) -> int:
        load = [0] * self.n_machines
        for job in self.jobs:
            for machine, duration, _ in job:
                load[machine] += duration
        return max(load + [self.work_left(j, 0) for j in range(len(self.jobs))])


class PlainState:
    """What has been scheduled so far."""

    def __init__(self, shop: PlainShop, delta: float) -> None:
        self.shop, self.delta = shop, delta
        self.starts: list[list[int]] = [[] for _ in shop.jobs]

    def copy(self) -> PlainState:
        other = PlainState(self.shop, self.delta)
        other.starts = [list(row) for row in self.starts]
        return other

    def free(self, machine: int) -> int:
        """When the last operation on a machine ends."""
        ends = [0]
        for job, row in zip(self.shop.jobs, self.starts, strict=True):
            for (q, duration, _), start in zip(job, row, strict=False):
                if q == machine:
                    ends.append(start + duration)
        return max(ends)

    def load(self, machine: int) -> int:
        """Work on a machine that is not scheduled."""
        return sum(
            duration
            for job, row in zip(self.shop.jobs, self.starts, strict=True)
            for q, duration, _ in job[len(row) :]
            if q == machine
        )

    def ready(self, job: int) -> int:
        row, todo = self.starts[job], self.shop.jobs[job]
        release = todo[len(row)][2]
        return max(row[-1] + todo[len(row) - 1][1], release) if row else release

    def next_operations(self) -> list[Next]:
        found = []
        for j, row in enumerate(self.starts):
            if len(row) < len(self.shop.jobs[j]):
                machine = self.shop.jobs[j][len(row)][0]
                found.append(Next(j, len(row), max(self.ready(j), self.free(machine))))
        return found

    def duration(self, c: Next) -> int:
        return self.shop.jobs[c.job][c.op][1]

    def candidates(self) -> list[Next]:
        following = self.next_operations()
        begin = min(c.start for c in following)
        end = min(c.start + self.duration(c) for c in following)
        return [c for c in following if c.start - begin <= self.delta * (end - begin)]

    def add(self, c: Next) -> None:
        self.starts[c.job].append(c.start)

    def done(self) -> bool:
        return not self.next_operations()

    def makespan(self) -> int:
        return max(self.free(q) for q in range(self.shop.n_machines))

    def flat(self) -> list[int]:
        return [start for row in self.starts for start in row]


Score = Callable[[PlainState, Next], float]


def key(name: str) -> Score:
    """The score of a classic rule; the largest wins."""

    def score(state: PlainState, c: Next) -> float:
        shop = state.shop
        p, left = state.duration(c), shop.work_left(c.job, c.op)
        count = len(shop.jobs[c.job]) - c.op
        done = shop.work_left(c.job, 0) - left + p
        return {
            "SPT": -p,
            "LPT": p,
            "MWKR": left,
            "LWKR": -left,
            "LTAIL": left - p,
            "MOPNR": count,
            "LOPNR": -count,
            "FDD_MWKR": -done / max(left, 1),
            "FIFO": -state.ready(c.job),
            "RANDOM": 0,
        }[name]

    return score


def features(state: PlainState, c: Next) -> list[float]:
    """The twelve features in order."""
    shop, job = state.shop, state.shop.jobs[c.job]
    following = state.next_operations()
    begin = min(other.start for other in following)
    longest = max(shop.work_left(other.job, other.op) for other in following)
    work = max(sum(shop.work_left(j, 0) for j in range(len(shop.jobs))), 1)
    per_tick = 1 / (work / sum(map(len, shop.jobs)))
    per_work = 1 / (work / len(shop.jobs))
    per_load = 1 / (work / shop.n_machines)
    machine, d, _ = job[c.op]
    left = shop.work_left(c.job, c.op)

    def queue(q: int) -> int:
        return sum(
            state.ready(other.job) <= begin and shop.jobs[other.job][other.op][0] == q
            for other in following
        )

    def of_next() -> list[float]:
        if c.op + 1 == len(job):
            return [-3.0, -1.0, -1.0, -1.0]
        q, duration, _ = job[c.op + 1]
        return [
            max(-3.0, min((state.free(q) - c.start - d) * per_tick, 3.0)),
            2 * state.load(q) * per_load - 1,
            duration * per_tick - 1,
            queue(q) / 3 - 1,
        ]

    return [
        d * per_tick - 1,
        4 * (left - d - longest / 2) * per_work,
        2 * (len(job) - c.op) / len(job) - 1,
        min((begin - state.ready(c.job)) * per_tick, 3.0),
        (c.start - begin) * per_tick,
        2 * state.load(machine) * per_load - 1,
        queue(machine) / 3 - 1,
        *of_next(),
        2 * left * (1 / max(longest, 1.0)) - 1,
    ]


def weighted(weights: list[float]) -> Score:
    """The score of a linear rule."""

    def score(state: PlainState, c: Next) -> float:
        total = 0.0
        for weight, x in zip(weights, features(state, c), strict=True):
            total += weight * x
        return total

    return score


def greedy(state: PlainState, score: Score) -> PlainState:
    """Go on to the end; `max` keeps the first of equals."""
    while not state.done():
        state.add(max(state.candidates(), key=lambda c: score(state, c)))
    return state


def sampled(
    shop: PlainShop,
    delta: float,
    score: Score,
    *,
    passes: int,
    temperature: float = 0.0,
    spread: float = 0.0,
    noisy_first: bool = False,
    seed: int = 0,
) -> PlainState:
    """The best of independent passes, made to their ends; one that would lose draws as much."""
    best: PlainState | None = None
    for k in range(passes):
        dice = Random((seed + k * 0x9E3779B97F4A7C15) & MASK)

        def noisy(state: PlainState, c: Next, dice: Random = dice) -> float:
            value = score(state, c)
            if spread > 0:
                bits = dice.next()
                signed = bits - 2**64 if bits >> 63 else bits
                value *= 1 + spread * ((signed >> 11) * 2.0**-52)
            return value + temperature * GUMBEL[dice.next() >> 52]

        found = greedy(PlainState(shop, delta), noisy if k or noisy_first else score)
        if best is None or found.makespan() < best.makespan():
            best = found
        if best.makespan() == shop.bound:
            break
    assert best is not None
    return best


def around_best(
    shop: PlainShop,
    delta: float,
    score: Score,
    *,
    passes: int,
    temperature: float,
    share: float,
    seed: int = 0,
) -> PlainState:
    """Passes that keep most of the noise of the best one."""
    dice = Random(seed)
    first = [0, *accumulate(len(job) for job in shop.jobs)]
    noise = [0.0] * first[-1]
    best: PlainState | None = None
    for k in range(passes):
        trial = list(noise)
        for op in range(len(trial)):
            if k and (dice.next() >> 11) < int(share * 2**53):
                trial[op] = GUMBEL[dice.next() >> 52]

        def noisy(state: PlainState, c: Next, trial: list[float] = trial) -> float:
            return score(state, c) + temperature * trial[first[c.job] + c.op]

        found = greedy(PlainState(shop, delta), noisy)
        if best is None or found.makespan() <= best.makespan():
            noise = trial
            if best is None or found.makespan() < best.makespan():
                best = found
        if best.makespan() == shop.bound:
            break
    assert best is not None
    return best


def beam(shop: PlainShop, delta: float, score: Score, *, width: int, breadth: int) -> PlainState:
    """Partial schedules side by side, ranked by their greedy ends; the best end of all."""
    level = [PlainState(shop, delta)]
    best = greedy(level[0].copy(), score)
    while not level[0].done():
        following: list[tuple[int, PlainState]] = []
        for state in level:
            ranked = sorted(state.candidates(), key=lambda c: -score(state, c))
            for c in ranked[:breadth]:
                child = state.copy()
                child.add(c)
                if any(child.starts == other.starts for _, other in following):
                    continue
                end = greedy(child.copy(), score)
                best = min(best, end, key=PlainState.makespan)
                following.append((end.makespan(), child))
        following.sort(key=lambda entry: entry[0])
        level = [state for _, state in following[:width]]
    return best


def random_shop(seed: int) -> PlainShop:
    """A small shop: jobs of different lengths, some machines visited twice, some late releases."""
    rng = random.Random(seed)
    machines = rng.randint(1, 4)
    longest = rng.choice([4, 99])
    shop = PlainShop(
        [
            [
                (
                    rng.randrange(machines),
                    rng.randint(0 if seed % 3 == 0 else 1, longest),
                    rng.choice([0, 0, longest]) if seed % 4 == 0 else 0,
                )
                for _ in range(rng.randint(1, 5))
            ]
            for _ in range(rng.randint(1, 6))
        ]
    )
    used = sorted({machine for job in shop.jobs for machine, _, _ in job})
    return PlainShop([[(used.index(q), d, r) for q, d, r in job] for job in shop.jobs])


def is_close_to_log(x: float) -> bool:
    """Whether the core's logarithm is the logarithm, within a few units in the last place."""
    return math.isclose(logarithm(x), math.log(x), rel_tol=1e-15, abs_tol=1e-15)
