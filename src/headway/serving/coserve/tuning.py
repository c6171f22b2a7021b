"""A finetuning job, and how far it is: windows of tokens forward, windows of layers backward."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

import numpy as np

from headway.errors import ConfigError
from headway.serving.coserve.memory import Activations

ATTENTION_BACKWARD = 2.5
"""Backward over forward work of attention: five products of matrices instead of two."""

LONGEST_TOKENS = 8192


def sequences(seed: int, *, median: float = 1000.0, sigma: float = 1.1) -> Iterator[int]:
    """Yield lengths of training sequences like those of shared chats, tokens, for ever.

    Lognormal, from 16 to 8192 tokens.

    Parameters
    ----------
    seed
        Of the lengths.
    median, sigma
        Of the law; the defaults have a mean of about 1,600 tokens.
    """
    generator = np.random.default_rng(seed)
    while True:
        drawn = generator.lognormal(np.log(median), sigma, 256)
        yield from np.clip(drawn, 16, LONGEST_TOKENS).astype(int).tolist()


class Window(NamedTuple):
    """Work of one step.

    Attributes
    ----------
    units
        Tokens forward, or tokens times layers backward.
    tokens
        What they load the linear layers with, in tokens that pass all of them.
    pairs
        What they load attention with, in query-key pairs of a forward pass of all layers.
    """

    units: int
    tokens: float
    pairs: float


NOTHING = Window(0, 0.0, 0.0)


class Tuning:
    """Sequences one after another, each forward and then backward.

    Forward, a window is some more tokens; their keys, values and activations are kept. Backward, it
    is some tokens of one layer after another: from the last layer to the first and in each from the
    last token to the first, so that gradients of keys and values have come from all later tokens
    when a token needs them.

    Parameters
    ----------
    lengths
        Tokens of each sequence, endless or not.
    activations
        What is trained, and what a token keeps.

    Attributes
    ----------
    forward_tokens
        Tokens that went forward, those lost included.
    backward_units
        Tokens times layers that went backward, those lost included.
    lost_tokens
        Tokens' worth of progress that was given up for want of memory.
    sequences
        How many are finished.

    Notes
    -----
    A token costs as much backward as forward: weights are frozen, so that only gradients of
    activations are computed; attention costs 2.5 times as much. The head is counted with both. The
    optimiser's step of the few trainable weights is not counted, nor are weights read twice when
    a step goes forward for requests and backward for the job.
    """

    def __init__(self, lengths: Iterable[int], activations: Activations) -> None:
        self._lengths = iter(lengths)
        self.layers = activations.model.layers
        self.kept_bytes = activations.bytes_per_token()
        self._linear = 1.0 + activations.head_share
        self.forward_tokens = self.backward_units = self.sequences = 0
        self.lost_tokens = 0.0
        self._finished_tokens = 0
        self._length = self._forward = self._backward = 0
        self._begin()

    @property
    def length(self) -> int:
        """Tokens of the sequence at hand; 0 if there is none left."""
        return self._length

    @property
    def goes_backward(self) -> bool:
        """Whether the sequence at hand has gone forward wholly."""
        return 0 < self._length == self._forward

    @property
    def units_left(self) -> int:
        """Units until the end of this direction."""
        if self.goes_backward:
            return self._length * self.layers - self._backward
        return self._length - self._forward

    @property
    def progress_tokens(self) -> float:
        """Tokens trained: half for the way forward, half for the way back."""
        going = (self._forward + self._backward / self.layers) / 2
        return self._finished_tokens + going

    @property
    def held_bytes(self) -> float:
        """Activations kept now."""
        return self.kept_bytes * (self._forward - self._backward / self.layers)

    def window(self, units: int) -> Window:
        """Return what so many units more would cost; cut at the end of this direction."""
        units = min(units, self.units_left)
        if self.goes_backward:
            pairs = self._pairs_behind(self._backward + units) - self._pairs_behind(self._backward)
            share = units / self.layers
            return Window(units, self._linear * share, ATTENTION_BACKWARD * pairs / self.layers)
        done = self._forward
        return Window(units, self._linear * units, units * (done + (units + 1) / 2))

    def whole(self) -> Window:
        """Return what the rest of the sequence at hand costs, both ways."""
        forward = self._length - self._forward
        backward = self._length * self.layers - self._backward
        pairs = forward * (self._forward + (forward + 1) / 2)
        all_pairs = self.layers * self._length * (self._length + 1) / 2
        back_pairs = (all_pairs - self._pairs_behind(self._backward)) / self.layers
        tokens = self._linear * (forward + backward / self.layers)
        return Window(forward + backward, tokens, pairs + ATTENTION_BACKWARD * back_pairs)

    def advance(self, units: int) -> None:
        """Take note that so many units are done.

        Raises
        ------
        ConfigError
            If there are not so many left.
        """
        while units:
            now = min(units, self.units_left)
            if units < 0 or now == 0:
                raise ConfigError(f"finetuning: expected at most {self.units_left} units: {units}")
            units -= now
            if self.goes_backward:
                self._backward += now
                self.backward_units += now
                if self._backward == self._length * self.layers:
                    self.sequences += 1
                    self._finished_tokens += self._length
                    self._begin()
            else:
                self._forward += now
                self.forward_tokens += now

    def shrink(self, allowed_bytes: float) -> None:
        """Give activations up until the rest takes no more than allowed.

        Forward, the latest tokens go; backward all do, as gradients need them together.
        """
        if self.held_bytes <= allowed_bytes:
            return
        before = self.progress_tokens
        kept = 0 if self.goes_backward else int(allowed_bytes // self.kept_bytes)
        self._forward, self._backward = kept, 0
        self.lost_tokens += before - self.progress_tokens

    def _pairs_behind(self, units: int) -> float:
        """Return the query-key pairs, of single layers, of the first units backward."""
        layers, tokens = divmod(units, self._length)
        every = self._length * (self._length + 1) / 2
        return layers * every + tokens * self._length - tokens * (tokens - 1) / 2

    def _begin(self) -> None:
        self._length = next(self._lengths, 0)
        self._forward = self._backward = 0
