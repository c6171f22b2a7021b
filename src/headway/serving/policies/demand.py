"""How much of the KV cache a batch will need at worst, if its answers get as long as guessed.

References
----------
Gong et al. (2025), "Past-Future Scheduler for LLM Serving under SLA Guarantees".
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


def peak_demand(used: NDArray[np.int64], left: NDArray[np.int64]) -> int:
    """Return the most tokens that requests will hold at once until the last of them has ended.

    Just before the request with the k-th most tokens to come ends, k requests are alive, and each
    has grown by what that one had left: the demand is the largest of these sums. It is exact if
    the guesses are right and nobody else is admitted.

    Parameters
    ----------
    used
        Tokens held now, shape (n_requests,).
    left
        Tokens still to come, shape (n_requests,).

    Examples
    --------
    Two requests that hold 10 and 5 tokens: together they hold most when the second, which has
    three tokens to come, is about to end.

    >>> peak_demand(np.array([10, 5]), np.array([4, 3]))
    21
    """
    return int(Futures.of(used, left[None, :]).peak)


@dataclass(frozen=True)
class Futures:
    """Several guesses of what a batch has still to say, and the memory that each comes to.

    Attributes
    ----------
    used
        Tokens that the requests hold now, shape (n_guesses, n_requests): a row for each guess, in
        an order of its own.
    left
        Tokens still to come of the same requests, same shape.
    held
        Tokens that all requests hold when this one is about to end, same shape.

    Notes
    -----
    Where one more request joins, those with at least as much left stay alive beside it, and it
    stays alive beside those with less left. So every sum of the peak changes by a term of its
    own, and a candidate costs O(n) a guess, without sorting anew.
    """

    used: NDArray[np.int64]
    left: NDArray[np.int64]
    held: NDArray[np.int64]

    @classmethod
    def of(cls, used: NDArray[np.int64], left: NDArray[np.int64]) -> Futures:
        """Return the futures of a batch, in O(n log n) a guess.

        Parameters
        ----------
        used
            Tokens held now, shape (n_requests,).
        left
            Tokens still to come, shape (n_guesses, n_requests).
        """
        order = np.argsort(-left, axis=1, kind="stable")
        left = left[np.arange(len(left))[:, None], order]
        used = used[order]
        held = np.cumsum(used, axis=1)
        held += np.arange(1, used.shape[1] + 1) * left
        return cls(used, left, held)

    @property
    def peak(self) -> int:
        """The most tokens held at once, in the worst of the guesses."""
        return int(self.held.max(initial=0))

    def plus(self, used: int, left: NDArray[np.int64]) -> Futures:
        """Return the futures of the batch with one more request, in O(n) a guess.

        Parameters
        ----------
        used
            Tokens that it will hold at once when admitted.
        left
            Tokens to come in each guess, shape (n_guesses,).
        """
        outlives = left[:, None] > self.left
        beside = ~outlives
        held = self.held + outlives * (used + self.left)
        own = (beside * self.used).sum(axis=1) + used + (beside.sum(axis=1) + 1) * left
        return Futures(
            np.concatenate((self.used, np.full((len(left), 1), used)), axis=1),
            np.concatenate((self.left, left[:, None]), axis=1),
            np.concatenate((held, own[:, None]), axis=1),
        )
