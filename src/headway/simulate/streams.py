"""Seeded randomness: one stream per source, so that all policies meet the same luck."""

from __future__ import annotations

import zlib

import numpy as np


class Streams:
    """Independent random generators by name, all from one seed.

    What one source draws never depends on how much another one drew, nor on what a policy did
    with it (common random numbers, see Law, "Simulation Modeling and Analysis", chapter 11).

    Parameters
    ----------
    seed
        Non-negative.

    Examples
    --------
    >>> a, b = Streams(7), Streams(7)
    >>> _ = a.of("arrivals").random(100)
    >>> bool(a.of("breakdowns", 3).random() == b.of("breakdowns", 3).random())
    True
    """

    def __init__(self, seed: int) -> None:
        self.seed = seed

    def of(self, source: str, number: int = 0) -> np.random.Generator:
        """Return a fresh generator at the beginning of a source's stream.

        Parameters
        ----------
        source
            Name of the source, such as ``"arrivals"``.
        number
            Which one of several alike, such as the position of a machine.
        """
        key = (zlib.crc32(source.encode()), number)
        return np.random.default_rng(np.random.SeedSequence(self.seed, spawn_key=key))
