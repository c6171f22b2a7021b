"""Engines by the memory that what they were sent will need at worst."""

from __future__ import annotations

import numpy as np

from headway import _core
from headway.errors import ConfigError
from headway.serving.fleet.routing.scorer import Scorer
from headway.serving.fleet.view import ClusterView, Floats, RequestView
from headway.serving.policies import History

ENOUGH = 50
"""Answers of a class that must have been seen before they tell more than those of all."""

MOST_CLASSES = 64
"""Classes that are told apart."""


class PredictedPeak(Scorer):
    """Share of the cache that requests sent to an engine will hold at their peak.

    Answers are guessed to be as long as those of the past, of the request's class if enough are
    known; each request stays at the quantile that it was given by lot. What a request has said so
    far follows from how long it has been there, at the pace of late.

    Parameters
    ----------
    window
        Answers that are remembered.
    prior
        Length in tokens that is taken for granted as long as little is known.
    token_s
        Seconds a token, until an answer has been seen.
    seed
        Of the lot.

    Raises
    ------
    ConfigError
        If a setting is not positive.

    Notes
    -----
    O(n log n) for the n requests of an engine to which something was sent or from which something
    has ended since it was last looked at; nothing for the other engines.

    References
    ----------
    Gong et al. (2025), "Past-Future Scheduler for LLM Serving under SLA Guarantees".
    """

    name = "predicted-peak"

    def __init__(
        self, *, window: int = 1000, prior: int = 512, token_s: float = 0.03, seed: int = 0
    ) -> None:
        if not token_s > 0:
            raise ConfigError(f"token_s: must be positive, got {token_s}")
        self._window, self._prior = window, prior
        self._all = History(window, prior, guesses=1)
        self._of_class: dict[int, tuple[History, int]] = {}
        self._there: dict[int, _Sent] = {}
        self._home: dict[int, int] = {}
        self._peaks = np.zeros(0, dtype=np.int64)
        self._changed: set[int] = set()
        self._took_s, self._said = token_s, 1.0
        self._rng = np.random.default_rng(seed)

    def score(self, cluster: ClusterView, request: RequestView) -> Floats:
        """Return the share, with the request at its longest."""
        n = len(cluster.engines)
        lengths = self._history(request.service_class).lengths
        own = request.prompt_tokens + min(int(lengths[len(lengths) // 2]), request.limit_tokens)
        self._grow(n)
        if self._changed:
            self._update(cluster.now_s)
        tokens = cluster.engines.blocks * cluster.engines.block_tokens
        share: Floats = (self._peaks[:n] + own) / tokens
        return share

    def sent(self, cluster: ClusterView, request: RequestView, engine: int) -> None:
        """Reckon with the request from now on."""
        self._drop(request.number)
        self._home[request.number] = engine
        self._grow(len(cluster.engines))
        self._changed.add(engine)
        # A prefill engine ends after one token: that tells nothing about the answer.
        is_whole = cluster.engines.roles[engine] != "prefill"
        self._there.setdefault(engine, _Sent()).add(
            request.number,
            (
                request.prompt_tokens,
                cluster.now_s,
                request.limit_tokens,
                self._rng.random(),
                request.service_class,
                is_whole,
            ),
        )

    def ended(self, request: int, engine: int, output_tokens: int, at_s: float) -> None:
        """Learn how long the answer was, and how fast it came."""
        row = self._drop(request)
        if row is None or not row[5] or output_tokens < 1:
            return
        # Old times fade, so that the pace is that of the last hundred answers or so.
        self._took_s = 0.99 * self._took_s + at_s - row[1]
        self._said = 0.99 * self._said + output_tokens
        self._all.append(output_tokens)
        kind = int(row[4])
        if kind in self._of_class or len(self._of_class) < MOST_CLASSES:
            history, seen = self._of_class.get(kind) or (History(self._window, self._prior, 1), 0)
            history.append(output_tokens)
            self._of_class[kind] = (history, seen + 1)

    def _drop(self, number: int) -> Floats | None:
        engine = self._home.pop(number, None)
        if engine is None:
            return None
        self._changed.add(engine)
        return self._there[engine].remove(number)

    def _grow(self, n_engines: int) -> None:
        if n_engines > len(self._peaks):
            self._peaks = np.pad(self._peaks, (0, n_engines - len(self._peaks)))

    def _history(self, kind: int) -> History:
        history, seen = self._of_class.get(kind, (self._all, 0))
        return history if seen >= ENOUGH else self._all

    def _update(self, now_s: float) -> None:
        """Look anew at the engines to which something was sent or from which something is gone."""
        told = {kind: past for kind, (past, seen) in self._of_class.items() if seen >= ENOUGH}
        kinds, pasts = list(told), [past.lengths for past in told.values()]
        for engine in self._changed:
            self._peaks[engine] = _core.expected_peak(
                self._there[engine].rows,
                kinds,
                pasts,
                self._all.lengths,
                now_s,
                self._said / self._took_s,
            )
        self._changed.clear()


class _Sent:
    """Rows of requests that were sent to one engine and have not ended, in any order."""

    def __init__(self) -> None:
        self._rows = np.empty((16, 6))
        self._numbers: list[int] = []
        self._place: dict[int, int] = {}

    @property
    def rows(self) -> Floats:
        rows: Floats = self._rows[: len(self._numbers)]
        return rows

    def add(self, number: int, row: tuple[float, ...]) -> None:
        place = len(self._numbers)
        if place == len(self._rows):
            self._rows = np.concatenate((self._rows, np.empty_like(self._rows)))
        self._rows[place] = row
        self._numbers.append(number)
        self._place[number] = place

    def remove(self, number: int) -> Floats:
        place, last = self._place.pop(number), self._numbers.pop()
        row: Floats = self._rows[place].copy()
        if last != number:
            self._rows[place] = self._rows[len(self._numbers)]
            self._numbers[place] = last
            self._place[last] = place
        return row
