"""How long answers are, and what they say."""

from __future__ import annotations

import zlib

import numpy as np

from headway.serving.engine_server.bodies import Sampling
from headway.serving.engine_server.errors import ApiError
from headway.serving.engine_server.tokens import BYTES_PER_TOKEN, Tokens, words
from headway.serving.workload.lengths import whole
from headway.simulate import Law

DEFAULT = Law.parse("lognormal(200, 1)")
"""Tokens of answers to those who do not say how many they want at most."""

_AT_ONCE = 256


class Lengths:
    """Draws the lengths of answers.

    Parameters
    ----------
    law
        Of the tokens at which an answer comes to its end by itself; None: it never does if the
        client has set a limit.
    seed
        Of the draws.
    """

    def __init__(self, law: Law | None, seed: int) -> None:
        self._law = law
        self._rng = np.random.default_rng(seed)
        self._drawn: list[int] = []

    def tokens(self, body: Sampling, room: int) -> int:
        """Return how many tokens an answer has, a stop text aside.

        Parameters
        ----------
        body
            What the client wants.
        room
            Most tokens that the model and its cache allow.

        Raises
        ------
        ApiError
            If the client wants more.
        """
        if body.limit is not None and body.limit > room:
            raise ApiError(
                400,
                f"This request asks for {body.limit} output tokens, and there is room for {room}"
                " beside its prompt. Please reduce max_tokens or the prompt.",
                "max_tokens",
            )
        most = room if body.limit is None else body.limit
        if body.ignore_eos or (self._law is None and body.limit is not None):
            return most
        return min(most, max(self._draw(), body.min_tokens or 1))

    def _draw(self) -> int:
        if not self._drawn:
            self._drawn = whole(self._law or DEFAULT, self._rng, _AT_ONCE).tolist()
            self._drawn.reverse()
        return self._drawn.pop()


def answer_text(prompt: Tokens, index: int, seed: int | None, tokens: int) -> bytes:
    """Return what is answered: the same to the same prompt.

    Parameters
    ----------
    prompt
        What was asked.
    index
        Of the answer, if there are several.
    seed
        That the client gave.
    tokens
        How long it is.
    """
    return words(zlib.crc32(prompt.tobytes()) + (index << 40) + ((seed or 0) << 20), tokens)


def cut(text: bytes, stops: tuple[str, ...]) -> int | None:
    """Return where in a text the first of some texts begins, None if none is there.

    Examples
    --------
    >>> cut(b" one two", (" two",))
    4
    """
    places = [text.find(stop.encode("utf-8", "surrogatepass")) for stop in stops]
    return min((place for place in places if place >= 0), default=None)


def tokens_until(text: bytes, place: int, stops: tuple[str, ...]) -> int:
    """Return after how many tokens the stop text at a place has been said."""
    ends = [
        place + len(one)
        for one in (stop.encode("utf-8", "surrogatepass") for stop in stops)
        if text.startswith(one, place)
    ]
    return -(-min(ends) // BYTES_PER_TOKEN)
