"""Let as many in as the cache will hold to the end, judged by how long past answers were.

References
----------
Gong et al. (2025), "Past-Future Scheduler for LLM Serving under SLA Guarantees".
"""

from __future__ import annotations

from abc import abstractmethod
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from headway.errors import ConfigError
from headway.serving.engine import Group, View
from headway.serving.policies.admission import Admission, Gate
from headway.serving.policies.demand import Futures
from headway.serving.policies.history import History
from headway.simulate import Streams

_SAMPLES = 200
"""Sample sets times running requests, roughly: fewer requests need more sets."""


class PeakDemand(Admission):
    """Let in who keeps the peak of the memory that will be needed within the cache.

    Parameters
    ----------
    reserve
        Share of the cache that the peak must leave free.
    **queue
        Settings of `Admission`.

    Raises
    ------
    ConfigError
        If a setting has no sense.

    Notes
    -----
    With tokens held u and tokens to come l, in descending order of l, the peak is the largest
    u_1 + … + u_k + k·l_k, which must stay below the cache without its reserve. Tokens are rounded
    up to blocks. A prompt counts without the blocks that running requests hold already; if those
    end first, what is left behind counts as taken.
    """

    def __init__(self, *, reserve: float = 0.0, **queue: Any) -> None:
        super().__init__(**queue)
        if not 0 <= reserve < 1:
            raise ConfigError(f"reserve: expected 0 or more and less than 1, got {reserve}")
        self._reserve = reserve
        self._shared: dict[int, int] = {}

    def gate(self, view: View) -> Gate:
        """Return whether the peak stays within the cache, with all those let in before."""
        running, size = view.running, view.block_tokens
        sharing = {k: self._shared[k] for k in running.ids.tolist() if k in self._shared}
        self._shared = sharing
        used = running.prompt_tokens.astype(np.int64) + running.generated_tokens + size - 1
        used -= np.array([sharing.get(k, 0) for k in running.ids.tolist()], np.int64)
        futures = Futures.of(used, self.to_come(running))
        left_behind = max(0, (view.blocks - view.free_blocks) * size - int(used.sum()))
        most = view.blocks * size * (1 - self._reserve) - left_behind

        def takes(one: Group) -> bool:
            nonlocal futures
            shared = int(one.shared_tokens[0]) if one.has_blocks else 0
            tokens = int(one.prompt_tokens[0]) + int(one.generated_tokens[0]) + size - 1
            joined = futures.plus(tokens - shared, self.to_come(one, len(futures.left))[:, 0])
            if joined.peak >= most:
                return False
            futures = joined
            if shared:
                sharing[int(one.ids[0])] = shared
            return True

        return takes

    @abstractmethod
    def to_come(self, requests: Group, sets: int = 0) -> NDArray[np.int64]:
        """Return guesses of how many tokens requests have still to say.

        Parameters
        ----------
        requests
            Running ones, or one that waits.
        sets
            How many guesses; 0: as many as the policy likes.

        Returns
        -------
        NDArray
            Shape (sets, n_requests).
        """


class PastFuture(PeakDemand):
    """Guess how long answers will be from how long past ones were.

    Parameters
    ----------
    window
        How many past answers count.
    prior
        Output length taken for granted at first, in tokens. The most that requests may ask for
        is the careful choice: it lets few in until enough is known.
    guesses
        How many times the prior stands in the window at first. None: half of the window.
    reserve
        Share of the cache that the guesses must leave free.
    sets
        Most sample sets; the worst of them decides.
    quantile
        Instead of samples, this quantile of the output lengths still possible.
    seed
        Of the samples.
    **queue
        Settings of `Admission`.

    Raises
    ------
    ConfigError
        If a setting has no sense.

    Notes
    -----
    The sample sets are drawn once per decision, and whoever is let in stays in them while the next
    one is judged. A preempted request is judged like a running one: its answer is longer than what
    it has said. O(sets · (n log n + candidates · n)) per decision for n running requests.
    """

    name = "PAST-FUTURE"

    def __init__(
        self,
        *,
        window: int = 1000,
        prior: int = 512,
        guesses: int | None = None,
        reserve: float = 0.03,
        sets: int = 5,
        quantile: float | None = None,
        seed: int = 0,
        **queue: Any,
    ) -> None:
        super().__init__(reserve=reserve, **queue)
        if quantile is not None and not 0 <= quantile < 1:
            raise ConfigError(f"quantile: expected 0 or more and less than 1, got {quantile}")
        if sets < 1:
            raise ConfigError(f"sets: expected at least 1, got {sets}")
        self._past = History(window, prior, guesses)
        self._sets, self._quantile = sets, quantile
        self._random = Streams(seed).of("output lengths")

    def finished(self, request: int, output_tokens: int) -> None:
        """Remember how long the answer was."""
        super().finished(request, output_tokens)
        self._past.append(output_tokens)

    def to_come(self, requests: Group, sets: int = 0) -> NDArray[np.int64]:
        """Return what is still to be said if it is drawn from the past."""
        n = len(requests)
        if self._quantile is not None:
            probability = np.full((1, n), self._quantile)
        else:
            probability = self._random.random(
                (sets or min(self._sets, _SAMPLES // max(n, 1) + 1), n)
            )
        said = requests.generated_tokens
        fresh = np.minimum(self._past.at(probability), requests.limit_tokens)
        if not said.any():
            return fresh
        longer = self._past.beyond(said, self.limits(requests), probability)
        return np.where(said > 0, longer, fresh) - said


class Oracle(PeakDemand):
    """Know how long answers will be. No real engine can: it tells how much is left to gain."""

    name = "ORACLE"
    clairvoyant: ClassVar[bool] = True

    def to_come(self, requests: Group, sets: int = 0) -> NDArray[np.int64]:
        """Return what is still to be said."""
        del sets
        left: NDArray[np.int64] = requests.output_tokens - requests.generated_tokens
        return left[None, :]
