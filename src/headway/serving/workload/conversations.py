"""Prompts that grow turn by turn behind shared system prompts, and the blocks that they share."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from headway.errors import ConfigError
from headway.serving.workload.blocks import Blocks
from headway.serving.workload.columns import Floats, Int64s
from headway.serving.workload.lengths import LengthSource, whole
from headway.simulate import Law, Streams

MOST_BLOCKS = 100_000_000
"""More are not drawn, so that a typing error cannot exhaust the memory."""


@dataclass(frozen=True, slots=True, eq=False)
class Turns:
    """Requests as turns of conversations; n of them.

    Attributes
    ----------
    conversation
        Whose turn it is, shape (n,).
    arrival_s
        Seconds.
    prompt, output
        Tokens: the whole prompt with its history, and the answer.
    """

    conversation: Int64s
    arrival_s: Floats
    prompt: Int64s
    output: Int64s

    def take(self, order: Int64s) -> Turns:
        """Return some of the turns, in the order given."""
        return Turns(
            self.conversation[order],
            self.arrival_s[order],
            self.prompt[order],
            self.output[order],
        )


def converse(
    starts_s: Floats,
    system: Int64s,
    lengths: LengthSource,
    turns: Law,
    between_s: Law,
    max_tokens: int,
    streams: Streams,
    number: int = 0,
) -> Turns:
    """Return what conversations ask, turn by turn.

    Parameters
    ----------
    starts_s
        When each begins, seconds, shape (m,).
    system
        Tokens of the system prompt of each, shape (m,).
    lengths
        Of a single question and answer.
    turns
        Number of turns.
    between_s
        Seconds from one question to the next one.
    max_tokens
        Longest prompt and answer together; a conversation ends before it would be longer.
    streams, number
        Sources of luck, and which of several alike.
    """
    left = whole(turns, streams.of("turns", number), len(starts_s))
    sizes, pauses = streams.of("lengths", number), streams.of("pauses", number)
    history, now = system.copy(), starts_s.copy()
    found = []
    alive = np.arange(len(starts_s))
    while len(alive):
        question, answer = lengths.draw(sizes, len(alive))
        prompt = history[alive] + question
        fits = prompt + answer <= max_tokens
        alive, prompt, answer = alive[fits], prompt[fits], answer[fits]
        found.append(Turns(alive, now[alive], prompt, answer))
        history[alive] = prompt + answer
        left[alive] -= 1
        alive = alive[left[alive] > 0]
        now[alive] += between_s.draw(pauses, len(alive))
    return Turns(
        np.concatenate([part.conversation for part in found] or [np.zeros(0, np.int64)]),
        np.concatenate([part.arrival_s for part in found] or [np.zeros(0)]),
        np.concatenate([part.prompt for part in found] or [np.zeros(0, np.int64)]),
        np.concatenate([part.output for part in found] or [np.zeros(0, np.int64)]),
    )


def shared_blocks(
    turns: Turns, prefix: Int64s, prefix_tokens: Int64s, n_conversations: int, block_tokens: int
) -> Blocks:
    """Return the chained ids of all prompts and answers.

    The full blocks of a system prompt belong to everybody who has it, all others to their
    conversation. A last block that is not full has an id of its own: no other request has the same
    tokens there.

    Parameters
    ----------
    turns
        The requests.
    prefix
        Which system prompt each conversation has, -1 for none; shape (m,).
    prefix_tokens
        Length of each system prompt, shape (k,).
    n_conversations
        m.
    block_tokens
        Tokens per block.

    Raises
    ------
    ConfigError
        If there are more than `MOST_BLOCKS`.
    """
    tokens = turns.prompt + turns.output
    counts = -(-tokens // block_tokens)
    if counts.sum() > MOST_BLOCKS:
        raise ConfigError(f"{counts.sum():,} blocks; expected at most {MOST_BLOCKS:,}")
    offsets = np.concatenate([np.zeros(1, np.int64), np.cumsum(counts)])
    request = np.repeat(np.arange(len(tokens)), counts)
    depth = np.arange(offsets[-1]) - offsets[:-1][request]
    conversation = turns.conversation[request]

    # Ids: first those of system prompts, then of conversations, then of last blocks.
    common = np.append(prefix_tokens // block_tokens, 0)
    first_of_prefix = np.cumsum(common) - common
    deepest = np.zeros(n_conversations, np.int64)
    np.maximum.at(deepest, turns.conversation, counts)
    own = int(common.sum()) + np.cumsum(deepest) - deepest
    ids = own[conversation] + depth
    mine = prefix[conversation]
    is_common = depth < common[mine]
    ids[is_common] = first_of_prefix[mine[is_common]] + depth[is_common]
    partial = np.flatnonzero(tokens % block_tokens)
    ids[offsets[partial + 1] - 1] = int(common.sum()) + int(deepest.sum()) + partial
    return Blocks(ids, offsets, block_tokens)
