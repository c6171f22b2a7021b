"""What engines tell of themselves, which may be old or wrong."""

from __future__ import annotations

from headway.serving.fleet.faults import Fault, StaleMetrics, WrongMetrics
from headway.serving.fleet.view import Ints

_USED = (0, 1, 4, 5)
"""Rows of what an engine tells that grow with its load: running, waiting, wanted, wanted first."""
_COUNTED, _FREE = 2, 3
"""What the gateway counts by itself, and what shrinks with the load."""
_TOLD = [0, 1, 3]
"""What only the engine knows: running, waiting, free; the gateway knows whom it sent where."""


class Gauges:
    """Stands between what engines have and what policies see of it.

    Parameters
    ----------
    blocks
        Of each engine; shape (n_engines,).
    """

    def __init__(self, blocks: Ints) -> None:
        self._blocks = blocks
        self._scraped: Ints | None = None
        self._old: dict[int, tuple[Fault, Ints]] = {}
        self._wrong: dict[int, WrongMetrics] = {}

    def scrape(self, engine: int, loads: Ints) -> None:
        """Read what an engine tells; it is believed until the next time.

        Before anything is scraped, what engines have is known at every instant.

        Parameters
        ----------
        engine
            Which one.
        loads
            What engines have now, as `read` takes it.
        """
        if self._scraped is None:
            self._scraped = loads.copy()
        self._scraped[:, engine] = loads[:, engine]

    def lie(self, fault: StaleMetrics | WrongMetrics, loads: Ints) -> None:
        """Begin to tell something else; the last fault of a kind counts.

        Parameters
        ----------
        fault
            What is wrong.
        loads
            What engines have now, as `read` takes it.
        """
        if isinstance(fault, WrongMetrics):
            self._wrong[fault.engine] = fault
        else:
            self._old[fault.engine] = (fault, loads[:, fault.engine].copy())

    def mend(self, fault: Fault) -> None:
        """Tell the truth again, unless another fault of the kind has come since."""
        if self._wrong.get(fault.engine) is fault:
            del self._wrong[fault.engine]
        if fault.engine in self._old and self._old[fault.engine][0] is fault:
            del self._old[fault.engine]

    def read(self, loads: Ints) -> Ints:
        """Return what is told of engines.

        Parameters
        ----------
        loads
            Rows: running, waiting, in flight, free blocks, wanted blocks, those of the first in
            the queue, smallest priority; shape (7, n_engines).
        """
        if self._scraped is None and not self._old and not self._wrong:
            return loads
        told = loads.copy()
        if self._scraped is not None:
            told[_TOLD] = self._scraped[_TOLD]
        for engine, (_, old) in self._old.items():
            told[:, engine] = old
        for engine, fault in self._wrong.items():
            told[_USED, engine] = (told[_USED, engine] * fault.factor).astype(told.dtype)
            used = (self._blocks[engine] - told[_FREE, engine]) * fault.factor
            told[_FREE, engine] = max(int(self._blocks[engine] - used), 0)
        told[_COUNTED] = loads[_COUNTED]
        return told
