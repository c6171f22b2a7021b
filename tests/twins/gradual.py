"""One preemptive machine, tick by tick: everybody is ranked anew before each tick."""

from __future__ import annotations

from collections.abc import Callable

from headway.simulate.single import Chains


class Job:
    """All there is to know of a job."""

    def __init__(self, number: int, release: int, sizes: list[int], estimate: int = 1) -> None:
        self.number, self.release, self.sizes, self.estimate = number, release, sizes, estimate
        self.total, self.attained = sum(sizes), 0

    @property
    def current(self) -> int:
        """The first operation that is not over."""
        done = 0
        for k, size in enumerate(self.sizes):
            done += size
            if done > self.attained:
                return k
        raise AssertionError("the job is over")

    @property
    def known(self) -> int:
        return sum(self.sizes[: self.current + 1])


def chunk(job: Job) -> tuple[int, int]:
    """Return the estimate of the present chunk and the service before it."""
    estimate = work = begun = 0
    for k, size in enumerate(job.sizes[: job.current + 1]):
        if size == 0:
            continue
        if size > 2 * estimate:
            estimate, work, begun = size, size, sum(job.sizes[:k])
        else:
            work += size
            if work > 4 * estimate:
                estimate = work
    return estimate, begun


def chunk_key(job: Job) -> tuple[int, int, int]:
    estimate, begun = chunk(job)
    level = 0
    while 2 ** (level + 1) <= estimate:
        level += 1
    if job.attained > begun:
        return level, 0, -job.release
    return level, 1, job.release


def estimate_key(job: Job) -> int:
    believed = job.estimate
    while believed <= job.attained:
        believed *= 2
    return believed - job.attained


def slf_key(job: Job) -> float:
    """ε = 1/4: the rest shows once no more than a quarter of the work, rounded down, is left."""
    left = job.total - job.attained
    return left if left <= job.total // 4 else job.attained / 3


KEYS: dict[str, Callable[[Job], object]] = {
    "fifo": lambda job: job.release,
    "srpt": lambda job: job.total - job.attained,
    "op_srpt": lambda job: job.known - job.attained,
    "known_size": lambda job: job.known,
    "chunked": chunk_key,
    "slf(0.25)": slf_key,
    "srpt_estimate": estimate_key,
    "las": lambda job: job.attained,
}


def completions(jobs: Chains, key: Callable[[Job], object]) -> list[int]:
    """Return when each job ends if the smallest (key, release, number) runs in every tick."""
    estimates = jobs.estimate if jobs.estimate is not None else [1] * len(jobs)
    everybody = [
        Job(j, int(jobs.release[j]), jobs.sizes(j).tolist(), int(estimates[j]))
        for j in range(len(jobs))
    ]
    ends = [job.release for job in everybody]
    pending = [job for job in everybody if job.total]
    now = 0
    while pending:
        here = [job for job in pending if job.release <= now]
        if here:
            job = min(here, key=lambda job: (key(job), job.release, job.number))
            job.attained += 1
            if job.attained == job.total:
                ends[job.number] = now + 1
                pending.remove(job)
        now += 1
    return ends
