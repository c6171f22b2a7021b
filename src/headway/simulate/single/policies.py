"""Policies for one preemptive machine, by the names they have in the literature.

Each is a small frozen record: its settings, and a rank computed from what is revealed of one job.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from headway.errors import ConfigError
from headway.simulate.single.view import JobView, Rank


def _shown(value: int | None, what: str, policy: str) -> int:
    if value is None:
        raise ConfigError(f"{policy} needs {what}, which the reveal model does not show")
    return value


def _positive(value: int, what: str) -> None:
    if value < 1:
        raise ConfigError(f"{what}: expected 1 or more, got {value}")


@dataclass(frozen=True, slots=True)
class Fifo:
    """First come, first served."""

    reveal = "none"

    def __call__(self, job: JobView) -> Rank:
        """Rank by release."""
        return job.release, None


@dataclass(frozen=True, slots=True)
class Srpt:
    """Shortest remaining processing time; optimal for total flow time if sizes are known.

    References
    ----------
    Schrage (1968), "A proof of the optimality of the shortest remaining processing time
    discipline".
    """

    reveal = "full"

    def __call__(self, job: JobView) -> Rank:
        """Rank by what is left of the job."""
        return _shown(job.total, "total sizes", "srpt") - job.attained, None


@dataclass(frozen=True, slots=True)
class OpSrpt:
    """The job whose current operation has the least left.

    2-competitive for jobs that are a test of common length and an operation whose size the test
    reveals, and no deterministic policy is better there.

    References
    ----------
    Lindermayr, Schäfer, Schlöter, Stougie (2026), "Online Flow Time Minimization with Gradually
    Revealed Jobs", arXiv 2602.12716.
    """

    reveal = "operations"

    def __call__(self, job: JobView) -> Rank:
        """Rank by what is left of the operation."""
        return _shown(job.left, "sizes of operations", "op_srpt"), None


@dataclass(frozen=True, slots=True)
class KnownSize:
    """The job whose revealed operations, ended or not, have the least work."""

    reveal = "operations"

    def __call__(self, job: JobView) -> Rank:
        """Rank by the work revealed so far."""
        _shown(job.size, "sizes of operations", "known_size")
        return job.known, None


@dataclass(frozen=True, slots=True)
class Chunked:
    """Operations gathered into chunks of a size that is known up to a constant.

    A chunk has an estimate e and known work a. The first operation, of size o, opens one with
    e = a = o. A newly revealed operation of size o > 2e opens the next chunk; otherwise a += o, and
    a chunk that has outgrown its estimate, a > 4e, takes e = a. The class of a job is ⌊log₂ e⌋; the
    lowest class runs. Inside a class chunks that have begun go first, latest release first; then
    the others, earliest release first.

    Notes
    -----
    In the spirit of the chunks of Lindermayr, Schäfer, Schlöter, Stougie (2026), arXiv 2602.12716,
    with constants of our own: their theorem is not claimed for it.
    """

    reveal = "operations"

    def __call__(self, job: JobView) -> Rank:
        """Rank by class, then chunks that have begun, then release."""
        size = _shown(job.size, "sizes of operations", "chunked")
        # Estimate and work of the chunk, the service before it began, and its last operation.
        estimate, work, begun, last = job.memory or (0, 0, 0, None)
        if job.operation != last:
            if size > 2 * estimate:
                estimate, work, begun = size, size, job.attained
            else:
                work += size
                if work > 4 * estimate:
                    estimate = work
            job.memory = (estimate, work, begun, job.operation)
        partial = job.attained > begun
        order = -job.release if partial else job.release
        return (estimate.bit_length() - 1, not partial, order), None


@dataclass(frozen=True, slots=True)
class ShortestLowerBound:
    """Shortest lower bound first, for ε-clairvoyant machines.

    A job whose rest is not yet revealed has at least ε / (1 − ε) times its attained service left;
    a revealed one has exactly its rest. ⌈1/ε⌉-competitive, and no deterministic policy is better.

    Parameters
    ----------
    epsilon
        The share that remains when the size is revealed, such as ``Fraction(1, 4)``.
    quantum
        Ticks a job runs before its bound is looked at again; total work / quantum events.

    References
    ----------
    Gupta, Kaplan, Lindermayr, Schlöter, Yingchareonthawornchai (2025), "A Little Clairvoyance Is
    All You Need".
    """

    epsilon: Fraction
    quantum: int = 1

    def __post_init__(self) -> None:
        object.__setattr__(self, "epsilon", Fraction(self.epsilon).limit_denominator(10**6))
        if not 0 < self.epsilon < 1:
            raise ConfigError(f"slf: expected an epsilon between 0 and 1, got {self.epsilon}")
        _positive(self.quantum, "slf: quantum")

    @property
    def reveal(self) -> str:
        """The reveal model the policy is made for."""
        return f"epsilon({self.epsilon})"

    def __call__(self, job: JobView) -> Rank:
        """Rank by the lower bound times (1 − ε) times ε's denominator, a whole number."""
        above, below = self.epsilon.numerator, self.epsilon.denominator
        if job.total is not None:
            return (below - above) * (job.total - job.attained), None
        over = job.attained % self.quantum
        return above * (job.attained - over), self.quantum - over


@dataclass(frozen=True, slots=True)
class SrptEstimate:
    """Shortest remaining estimate, doubled whenever a job outlives it.

    Parameters
    ----------
    doubling
        If false, a job that has outlived its estimate has nothing left and keeps the machine to
        its end: what goes wrong without re-classing.
    """

    doubling: bool = True
    reveal = "estimate"

    def __call__(self, job: JobView) -> Rank:
        """Rank by what is believed to be left."""
        believed = _shown(job.estimate, "estimates", "srpt_estimate")
        if job.attained < believed:
            return believed - job.attained, believed - job.attained
        if not self.doubling:
            return 0, None
        believed <<= (job.attained // believed).bit_length()
        return believed - job.attained, believed - job.attained


@dataclass(frozen=True, slots=True)
class LeastAttained:
    """Least attained service first, also called foreground-background.

    Parameters
    ----------
    quantum
        Jobs of equal attained service take turns of so many ticks; total work / quantum events.
    """

    quantum: int = 1
    reveal = "none"

    def __post_init__(self) -> None:
        _positive(self.quantum, "las: quantum")

    def __call__(self, job: JobView) -> Rank:
        """Rank by attained service in quanta."""
        level, over = divmod(job.attained, self.quantum)
        return level, self.quantum - over


@dataclass(frozen=True, slots=True)
class RoundRobin:
    """Turns of a quantum each, in the order of a queue; processor sharing in the limit.

    Parameters
    ----------
    quantum
        Ticks of a turn; total work / quantum events.
    """

    quantum: int = 1
    reveal = "none"

    def __post_init__(self) -> None:
        _positive(self.quantum, "round_robin: quantum")

    def __call__(self, job: JobView) -> Rank:
        """Rank by the instant the job joined the queue."""
        joined, begun = job.memory or (job.now, 0)
        if job.attained - begun >= self.quantum:
            joined, begun = job.now, job.attained
        job.memory = (joined, begun)
        # Who arrives at the same instant goes before whoever joins again.
        return (joined, begun > 0), self.quantum - (job.attained - begun)


@dataclass(frozen=True, slots=True)
class Mlfq:
    """Multi-level feedback queue.

    A job begins in the top queue; having used up the quantum of its queue it joins the end of the
    next one, whose quantum is twice as long; in the last one it joins the end again. The first
    queue that is not empty is served.

    Parameters
    ----------
    levels
        Number of queues.
    base
        Ticks of the top queue's quantum.
    """

    levels: int = 8
    base: int = 1
    reveal = "none"

    def __post_init__(self) -> None:
        _positive(self.levels, "mlfq: levels")
        _positive(self.base, "mlfq: base")

    def __call__(self, job: JobView) -> Rank:
        """Rank by queue, then by the instant the job joined it."""
        level, joined, begun = job.memory or (0, job.now, 0)
        if job.attained - begun >= self.base << level:
            level, joined, begun = min(level + 1, self.levels - 1), job.now, job.attained
        job.memory = (level, joined, begun)
        return (level, joined, begun > 0), (self.base << level) - (job.attained - begun)
