"""True and believed times of all prompts of a run, computed once before it begins."""

from __future__ import annotations

import numpy as np

from headway.serving.prefill.predictors import Predictor
from headway.serving.prefill.requests import Ints, PrefillRequests
from headway.serving.prefill.work import Floats, Load, PrefillWork


class Costs:
    """What each prompt takes alone: in one pass, or in chunks of a size.

    Parameters
    ----------
    requests, work, predictor
        Who, on what, and as believed by whom.
    chunk_tokens
        Most tokens of a pass; None for whole prompts.

    Attributes
    ----------
    total_s, believed_s
        Seconds of all passes of a prompt, true and believed; shape (n,).
    error
        By what factor the belief about each is off in addition; see `Predictor.errors`.
    """

    def __init__(
        self,
        requests: PrefillRequests,
        work: PrefillWork,
        predictor: Predictor,
        chunk_tokens: int | None,
    ) -> None:
        self.work, self.predictor, self.requests = work, predictor, requests
        self.loads = requests.loads
        self.error = predictor.errors(len(requests))
        self.chunk_tokens = chunk_tokens
        if chunk_tokens is None:
            self.total_s: Floats = _filled(work.seconds(self.loads), len(requests))
            self.believed_s: Floats = self.error * predictor.seconds(self.loads)
            return
        pieces = -(-requests.tokens // chunk_tokens)
        self._first = np.concatenate([[0], np.cumsum(pieces)])
        loads = _chunks(requests, pieces, self._first, chunk_tokens)
        self._chunk_s = _filled(work.seconds(loads), int(self._first[-1]))
        believed = _filled(predictor.seconds(loads), int(self._first[-1]))
        self.total_s = _sums(self._chunk_s, self._first)
        self.believed_s = self.error * _sums(believed, self._first)

    def load(self, request: int) -> Load:
        """Return the load of a whole prompt."""
        return Load.of(float(self.requests.tokens[request]), float(self.requests.history[request]))

    def together_s(self, requests: list[int], load: Load) -> float:
        """Return the believed seconds of several whole prompts in one pass, whose load is given.

        The belief is off by as much as those about its requests are, weighted by their times.
        """
        plain = self.believed_s[requests] / self.error[requests]
        error = float(self.believed_s[requests].sum() / plain.sum())
        return float(self.predictor.seconds(load)) * error

    def chunk_s(self, request: int, tokens_done: int, tokens: int) -> float:
        """Return the true seconds of a pass with the next tokens of a prompt, alone."""
        assert self.chunk_tokens is not None
        number, over = divmod(tokens_done, self.chunk_tokens)
        left = int(self.requests.tokens[request]) - tokens_done
        if over == 0 and tokens == min(self.chunk_tokens, left):
            return float(self._chunk_s[self._first[request] + number])
        return float(self.work.seconds(self.chunk_load(request, tokens_done, tokens)))

    def chunk_load(self, request: int, tokens_done: int, tokens: int) -> Load:
        """Return the load of the next tokens of a prompt."""
        return Load.of(tokens, float(self.requests.history[request] + tokens_done))

    def done_s(self, request: int, tokens_done: int) -> float:
        """Return the true seconds of the first tokens of a prompt, alone and in chunks."""
        assert self.chunk_tokens is not None
        number, over = divmod(tokens_done, self.chunk_tokens)
        first = self._first[request]
        done = float(self._chunk_s[first : first + number].sum())
        if over:
            size = min(
                self.chunk_tokens,
                int(self.requests.tokens[request]) - number * self.chunk_tokens,
            )
            done += float(self._chunk_s[first + number]) * over / size
        return done


def _chunks(requests: PrefillRequests, pieces: Ints, first: Ints, chunk_tokens: int) -> Load:
    """Return the loads of all chunks of all prompts."""
    whose = np.repeat(np.arange(len(requests)), pieces)
    before = (np.arange(int(first[-1])) - first[whose]) * chunk_tokens
    tokens = np.minimum(chunk_tokens, requests.tokens[whose] - before)
    return Load.each(tokens, requests.history[whose] + before)


def _filled(seconds: float | Floats, n: int) -> Floats:
    return np.broadcast_to(np.asarray(seconds, dtype=np.float64), (n,))


def _sums(values: Floats, first: Ints) -> Floats:
    total = np.concatenate([[0.0], np.cumsum(values)])
    return np.asarray(total[first[1:]] - total[first[:-1]])
