"""Who joins the request that is about to run, in the same pass."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np

from headway.errors import ConfigError
from headway.serving.prefill.predictors import Predictor
from headway.serving.prefill.work import Floats, Load


@dataclass(frozen=True, slots=True)
class Candidates:
    """Requests that have not begun, the most urgent first.

    Attributes
    ----------
    loads
        What each costs, arrays of shape (n,).
    slack_s
        Deadline − now − predicted time of each alone.
    service_s
        Predicted time of each alone.
    error
        By what factor the belief about each is off; see `Predictor.errors`.
    predictor
        What believes the time of a batch.
    """

    loads: Load
    slack_s: Floats
    service_s: Floats
    error: Floats
    predictor: Predictor

    def __len__(self) -> int:
        return len(self.slack_s)

    def load(self, k: int) -> Load:
        """Return what one of them costs."""
        return self.loads.taken(k)


class Batching(Protocol):
    """Chooses a batch."""

    def choose(self, candidates: Candidates) -> list[int]:
        """Return positions of the batch; its head, which the batch is ranked by, first."""
        ...


@dataclass(frozen=True, slots=True)
class Alone:
    """One request at a time."""

    def choose(self, candidates: Candidates) -> list[int]:  # noqa: ARG002
        """Return the most urgent one."""
        return [0]


@dataclass(frozen=True, slots=True)
class Fill:
    """The most urgent ones in order, as long as a number of tokens is not exceeded.

    Parameters
    ----------
    tokens
        Most tokens of a batch of more than one.
    requests
        Most requests of a batch.
    """

    tokens: int = 4096
    requests: int = 64

    def __post_init__(self) -> None:
        _positive(self.tokens, self.requests)

    def choose(self, candidates: Candidates) -> list[int]:
        """Return the first ones that fit together; the first one always does."""
        total = np.cumsum(candidates.loads.tokens)
        fit = int(np.searchsorted(total[: self.requests], self.tokens, side="right"))
        return list(range(max(fit, 1)))


class _Batch(NamedTuple):
    """A batch that could be run, and what it would be worth."""

    score: int
    seconds: float
    members: list[int]


@dataclass(frozen=True, slots=True)
class SloAware:
    """The most urgent request, and further ones as long as it stays within its deadline.

    Batches grow from a seed in the order of the queue; a request that would make the seed late, or
    the batch too large, is passed over. Of all batches on the way that with the most requests in
    time wins, the shortest of equals. With `harm` the requests outside that could still keep their
    deadline now, and could not after the batch, are subtracted; and batches may grow from other
    seeds than the most urgent one, so that short ones that keep their deadline are preferred.

    Parameters
    ----------
    tokens
        Most tokens of a batch of more than one.
    requests
        Most requests of a batch.
    harm
        Whether harm to others counts.
    seeds
        From how many of the most urgent requests batches may grow; those after the first only if
        they can keep their deadline.

    References
    ----------
    Hsieh, Zong, Chen, Li, Zhai, Wen (2026), "FlowPrefill: Decoupling Preemption from Prefill
    Scheduling Granularity to Mitigate Head-of-Line Blocking in LLM Serving", arXiv 2602.16603.
    """

    tokens: int = 4096
    requests: int = 16
    harm: bool = True
    seeds: int = 1

    def __post_init__(self) -> None:
        _positive(self.tokens, self.requests, self.seeds)

    def choose(self, candidates: Candidates) -> list[int]:
        """Return the best batch; O(seeds · requests · log n)."""
        feasible = np.sort(candidates.slack_s[candidates.slack_s >= 0]) if self.harm else None
        best: _Batch | None = None
        for seed in range(min(self.seeds, len(candidates))):
            if seed and candidates.slack_s[seed] < 0:
                continue
            for batch in self._grown(candidates, seed, feasible):
                if best is None or (-batch.score, batch.seconds) < (-best.score, best.seconds):
                    best = batch
        assert best is not None
        return best.members

    def _grown(self, candidates: Candidates, seed: int, feasible: Floats | None) -> list[_Batch]:
        """Return the batches on the way from a seed alone to the largest one."""
        slack, service, error = candidates.slack_s, candidates.service_s, candidates.error
        until = float(slack[seed] + service[seed]) if slack[seed] >= 0 else np.inf
        plain = service / error
        members, load = [seed], candidates.load(seed)
        batches = [self._batch(candidates, members, float(service[seed]), feasible)]
        rest = np.arange(min(_CONSIDERED * self.requests, len(candidates)))
        rest, tokens = rest[rest != seed], np.asarray(candidates.loads.tokens)
        while len(members) < self.requests:
            rest = rest[load.tokens + tokens[rest] <= self.tokens]
            if not len(rest):
                break
            joined = load.joined(candidates.loads.taken(rest))
            # A batch is believed to be off by as much as its members are, weighted by their times.
            off = (service[members].sum() + service[rest]) / (plain[members].sum() + plain[rest])
            seconds = np.asarray(candidates.predictor.seconds(joined)) * off
            fits = seconds <= until
            if not fits.any():
                break
            k = int(np.argmax(fits))
            members, load = [*members, int(rest[k])], joined.taken(k)
            rest = rest[k + 1 :]
            batches.append(self._batch(candidates, members, float(seconds[k]), feasible))
        return batches

    @staticmethod
    def _batch(
        candidates: Candidates, members: list[int], seconds: float, feasible: Floats | None
    ) -> _Batch:
        slack = candidates.slack_s[members]
        within = slack + candidates.service_s[members] >= seconds
        score = int(np.sum(within & (slack >= 0)))
        if feasible is not None:
            pushed = int(np.searchsorted(feasible, seconds))
            score -= pushed - int(np.sum((slack >= 0) & (slack < seconds)))
        return _Batch(score, seconds, members)


_CONSIDERED = 4
"""How many candidates are looked at for each request that a batch may hold."""


def _positive(*numbers: int) -> None:
    if min(numbers) < 1:
        raise ConfigError(f"batching: expected numbers from 1 on, got {numbers}")
