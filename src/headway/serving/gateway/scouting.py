"""Who looks for engines and listens to their caches, as a fleet's file asks for it."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Sequence
from typing import TYPE_CHECKING, Any

from headway.serving.gateway.engines import LiveEngine
from headway.serving.gateway.engines.address import Address
from headway.serving.gateway.engines.discovery import ApiServer, by_name, by_service
from headway.serving.gateway.site import Site
from headway.serving.gateway.usage import Clock
from headway.serving.traffic import key

if TYPE_CHECKING:  # ZeroMQ is needed only where engines publish
    from headway.serving.gateway.watch.kv import Knowledge

Job = Coroutine[Any, Any, None]


class Scouts:
    """Finds engines by a name, and follows what their caches hold.

    Parameters
    ----------
    site
        What the file asks for.
    engines
        Of the gateway.
    well
        Returns whether an engine can be asked something now.
    changed
        Hears the number of a place where there is another engine now, or none.
    clock
        Seconds that never go back.
    seed
        Of the names of blocks.
    api
        API server of Kubernetes; that of the pod by default.

    Attributes
    ----------
    knowledge
        Of caches; None if nobody publishes what is in them.

    Raises
    ------
    ConfigError
        If engines are to be found where they cannot be; with the key.
    """

    def __init__(
        self,
        site: Site,
        engines: Sequence[LiveEngine],
        well: Callable[[int], bool],
        changed: Callable[[int], None],
        clock: Clock,
        *,
        seed: int,
        api: ApiServer | None = None,
    ) -> None:
        self._site = site
        self._engines = engines
        self._changed = changed
        self._api = api
        self.knowledge = self._knowledge(well, clock, seed)
        self._jobs = list(self._finders())

    def jobs(self) -> list[Job]:
        """Return what is to run as long as the gateway does; to be asked for once."""
        jobs, self._jobs = self._jobs, []
        return jobs

    def close(self) -> None:
        """Give up jobs that nobody has asked for."""
        for job in self.jobs():
            job.close()

    def _moved(self, number: int) -> None:
        self._changed(number)
        if self.knowledge is not None:
            self.knowledge.moved(number)

    def _finders(self) -> list[Job]:
        serve, jobs = self._site.serve, list[Job]()
        for kind, upstreams in serve.engines.items():
            places = [
                engine
                for engine, its_kind in zip(self._engines, self._site.engines.kinds, strict=True)
                if its_kind == kind
            ]
            connect_s = serve.timeouts.connect_s
            with key(f"serve.engines.{kind}"):
                if upstreams.dns is not None:
                    address = Address.parse(upstreams.dns)
                    jobs.append(by_name(places, address, self._moved, connect_s=connect_s))
                elif upstreams.kubernetes is not None:
                    jobs.append(
                        by_service(
                            places,
                            upstreams.kubernetes,
                            self._moved,
                            server=self._api,
                            connect_s=connect_s,
                        )
                    )
        if self.knowledge is not None:
            jobs.append(self.knowledge.run())
        return jobs

    def _knowledge(self, well: Callable[[int], bool], clock: Clock, seed: int) -> Knowledge | None:
        upstreams = self._site.serve.engines
        told = {
            number: events
            for number, kind in enumerate(self._site.engines.kinds)
            if kind in upstreams and (events := upstreams[kind].kv_events) is not None
        }
        if not told:
            return None
        from headway.serving.gateway.watch.kv import Knowledge

        with key("serve.engines"):
            return Knowledge(self._engines, told, well, clock, seed=seed)
