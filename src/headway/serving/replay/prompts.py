"""Prompts of the right length that share what the requests of a trace share."""

from __future__ import annotations

from functools import lru_cache
from typing import Literal

import numpy as np

from headway.errors import ConfigError
from headway.serving.workload import Workload

_LETTERS = np.frombuffer(b"abcdefghijklmnopqrstuvwxyz", dtype=np.uint8)

_FIRST_ID, _LAST_ID = 100, 1000
"""Token ids that are plain words in any vocabulary."""

_REMEMBERED = 4096
"""Blocks whose content is kept."""


class Prompts:
    """Makes the prompts of a workload.

    The text of a block depends on its name alone, so that requests share the prefixes that their
    blocks say they share, and caches find them. What lies behind the last full block, and all of a
    request whose content nobody knows, is its own.

    Parameters
    ----------
    workload
        The requests.
    kind
        ``"text"`` for words, ``"ids"`` for token ids, whose number is exact with any tokenizer.
    token_bytes
        Length of a word with its blank: how many bytes the tokenizer at the other end takes for a
        token, on average over random words.

    Raises
    ------
    ConfigError
        If words have no room for a letter.
    """

    def __init__(
        self, workload: Workload, kind: Literal["text", "ids"] = "text", token_bytes: int = 4
    ) -> None:
        if token_bytes < 2:
            raise ConfigError(f"token_bytes: expected at least 2, got {token_bytes}")
        self._workload = workload
        self._kind = kind
        self._token_bytes = token_bytes
        self._ids = lru_cache(maxsize=_REMEMBERED)(self._drawn_ids)
        self._text = lru_cache(maxsize=_REMEMBERED)(self._drawn_text)

    def of(self, request: int) -> str | list[int]:
        """Return the prompt of a request."""
        tokens = int(self._workload.prompt_tokens[request])
        named = self._named(request, tokens)
        left = tokens - sum(size for _, size in named)
        if self._kind == "ids":
            ids = [number for part in named for number in self._ids(*part)]
            return [*ids, *self._ids(-1 - request, left)]
        return "".join([self._text(*part) for part in named]) + self._text(-1 - request, left)

    def _named(self, request: int, tokens: int) -> list[tuple[int, int]]:
        blocks = self._workload.blocks
        if blocks is None:
            return []
        begin, end = int(blocks.offsets[request]), int(blocks.offsets[request + 1])
        full = min(tokens // blocks.block_tokens, end - begin)
        names = blocks.ids[begin : begin + full].tolist()
        return [(name, blocks.block_tokens) for name in names]

    def _drawn_ids(self, name: int, tokens: int) -> list[int]:
        found: list[int] = _generator(name).integers(_FIRST_ID, _LAST_ID, tokens).tolist()
        return found

    def _drawn_text(self, name: int, tokens: int) -> str:
        letters = _LETTERS[_generator(name).integers(0, 26, (tokens, self._token_bytes))]
        letters[:, -1] = ord(" ")
        return letters.tobytes().decode()


def _generator(name: int) -> np.random.Generator:
    """Return the chance behind the content of a block, or of a request if it is negative."""
    return np.random.default_rng([abs(name), name < 0])
