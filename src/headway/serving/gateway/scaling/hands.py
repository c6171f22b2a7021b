"""Who starts and stops engines: what a gateway asks of processes, clusters and actors alike."""

from __future__ import annotations

from typing import Protocol


class Hands(Protocol):
    """Starts and stops the engines of some places; each is carried out while others go on.

    The board's column ``ordered`` says which places are to have an engine: it is theirs to write.
    """

    @property
    def numbers(self) -> frozenset[int]:
        """Places whose engines they start and stop."""
        ...

    def start(self, number: int) -> str:
        """Begin to start an engine, or call one back that empties; return what happens, in words.

        Raises
        ------
        UnsupportedError
            If there is something in the way.
        """
        ...

    def stop(self, number: int) -> str:
        """Begin to empty an engine and to stop it; as `start`."""
        ...

    def state(self, number: int) -> str:
        """Return where an engine stands: ``off``, ``starting``, ``on`` and so on."""
        ...

    async def run(self) -> None:
        """Do what is needed all the time, until cancelled."""
        ...

    async def close(self) -> None:
        """End what would not be there without the gateway."""
        ...


class Keeper(Protocol):
    """Keeps engines from requests, see `headway.serving.gateway.lookout.Lookout`."""

    async def drain(self, number: int, grace_s: float) -> None:
        """Send an engine no more requests; return when none is in flight, or the time is up."""
        ...

    def resume(self, number: int) -> None:
        """Send an engine requests again."""
        ...

    def moved(self, number: int) -> None:
        """Hear that there is another engine at a place, or none."""
        ...
