"""The truth about the jobs of one machine, and what of it is shown."""

from __future__ import annotations

from fractions import Fraction
from typing import Self

from headway.errors import ConfigError
from headway.simulate.single.jobs import Chains
from headway.simulate.single.reveal import Reveal
from headway.simulate.single.view import JobView
from headway.simulate.streams import Streams


def believed(jobs: Chains, reveal: Reveal, seed: int) -> Chains:
    """Return jobs with the estimates that a reveal model asks for; others as they are.

    Raises
    ------
    ConfigError
        If they are to bring estimates of their own and have none.
    """
    if reveal.kind != "estimate":
        return jobs
    if reveal.value is not None:
        return jobs.estimated(float(reveal.value), Streams(seed).of("estimates"))
    if jobs.estimate is None:
        raise ConfigError("reveal model 'estimate': the jobs have no estimates; give a factor")
    return jobs


class Hidden:
    """The truth about one job, which no view leads to.

    Attributes
    ----------
    rest
        Ticks of work left.
    """

    __slots__ = (
        "_attained",
        "_by_operation",
        "_left",
        "_operation",
        "_reveal_at",
        "_sizes",
        "rest",
    )

    def __init__(self, sizes: list[int], reveal: Reveal) -> None:
        self._sizes = sizes
        self._by_operation = reveal.kind in ("full", "operations")
        self.rest = sum(sizes)
        # The attained service at which the total shows, where it shows late.
        self._reveal_at: int | None = None
        if reveal.kind == "epsilon" and reveal.value is not None:
            self._reveal_at = self.rest - int(Fraction(self.rest) * reveal.value)
        self._attained = 0
        self._operation = 0
        self._left = sizes[0]
        self.serve(0)

    def next_change(self) -> int:
        """Return the ticks of service until something is revealed or the job ends."""
        ticks = self._left if self._by_operation else self.rest
        if self._reveal_at is not None and self._attained < self._reveal_at:
            return min(ticks, self._reveal_at - self._attained)
        return ticks

    def serve(self, ticks: int) -> None:
        """Do so much of the job, and pass over operations without work."""
        self._attained += ticks
        self.rest -= ticks
        while ticks >= self._left and self._operation + 1 < len(self._sizes):
            ticks -= self._left
            self._operation += 1
            self._left = self._sizes[self._operation]
        self._left -= ticks

    def show(self, view: JobView) -> None:
        """Put into a view what is revealed by now."""
        view.attained = self._attained
        if self._by_operation:
            view.operation, view.left = self._operation, self._left
            view.size = self._sizes[self._operation]
            done = self._attained + self._left
            view.known = done if view.total is None else view.total
        elif self._reveal_at is not None and self._attained >= self._reveal_at:
            view.total = self._attained + self.rest

    def copy(self) -> Self:
        """Return a copy that goes on by itself."""
        other = object.__new__(type(self))
        for name in Hidden.__slots__:
            setattr(other, name, getattr(self, name))
        return other


def first_view(jobs: Chains, job: int, truth: Hidden, reveal: Reveal) -> JobView:
    """Return what is shown of a job when it arrives."""
    view = JobView(int(jobs.release[job]))
    if reveal.kind == "full":
        view.total = truth.rest
    elif reveal.kind == "estimate" and jobs.estimate is not None:
        view.estimate = int(jobs.estimate[job])
    truth.show(view)
    return view
