"""A Deployment: how many pods it has, and which of them is the next to go.

The service account needs the rights to ``get`` and ``update`` ``deployments/scale`` (``apps``), and
to ``list`` and ``patch`` ``pods``.

References
----------
Kubernetes, API ``autoscaling/v1`` (Scale); "ReplicaSet", section "Pod deletion cost".
"""

from __future__ import annotations

import asyncio
import random
from urllib.parse import quote

import msgspec

from headway.errors import EndpointError
from headway.serving.gateway.engines.discovery import Api

COST = "controller.kubernetes.io/pod-deletion-cost"
"""Of the pods that are ready, those go first whose cost is least."""

_FIRST_TO_GO = "-1000"
_TRIES = 6
_PAUSE_S = 0.1


class _Meta(msgspec.Struct, frozen=True):
    name: str = ""
    namespace: str = ""
    version: str = msgspec.field(default="", name="resourceVersion")
    deleted: str | None = msgspec.field(default=None, name="deletionTimestamp")


class _Count(msgspec.Struct, frozen=True):
    replicas: int = 0  # left out by the API server where it is 0


class _Scale(msgspec.Struct, frozen=True):
    metadata: _Meta
    spec: _Count = _Count()


class _Pod(msgspec.Struct, frozen=True):
    metadata: _Meta


class _Pods(msgspec.Struct, frozen=True):
    items: list[_Pod] | None = None


_scale = msgspec.json.Decoder(_Scale).decode
_pods = msgspec.json.Decoder(_Pods).decode


class Deployment:
    """Reads and writes the scale of a Deployment.

    Parameters
    ----------
    api
        That is asked.
    name, namespace
        Of the Deployment.
    chance
        Of pauses before another try.
    """

    def __init__(self, api: Api, name: str, namespace: str, chance: random.Random) -> None:
        self.name = f"{namespace}/{name}"
        self._api = api
        self._chance = chance
        space = quote(namespace, safe="")
        self._target = f"/apis/apps/v1/namespaces/{space}/deployments/{quote(name, safe='')}/scale"
        self._pods = f"/api/v1/namespaces/{space}/pods"
        self._own = (name, namespace)

    async def replicas(self) -> int:
        """Return how many pods there are to be.

        Raises
        ------
        EndpointError
            If nobody says.
        """
        return (await self._read()).spec.replicas

    async def change(self, by: int) -> int:
        """Have so many pods more, or fewer; return how many there are to be now.

        Whoever else has written in the meantime is not overwritten: the change is tried anew from
        what there is then.

        Raises
        ------
        EndpointError
            If it cannot be written, or others are quicker time and again.
        """
        for attempt in range(_TRIES):
            now = await self._read()
            wanted = max(now.spec.replicas + by, 0)
            if wanted == now.spec.replicas:
                return wanted
            status, body = await self._ask(b"PUT", self._target, self._body(now, wanted))
            if status != 409:
                self._check(status, body, "update deployments/scale")
                return wanted
            await asyncio.sleep(_PAUSE_S * 2**attempt * self._chance.uniform(0.5, 1.0))
        raise EndpointError(f"{self.name}: its scale was changed by others {_TRIES} times in a row")

    async def next_to_go(self, ip: str) -> str:
        """Have the pod at an address be the first to go when there are to be fewer.

        Returns
        -------
        str
            The name of the pod.

        Raises
        ------
        EndpointError
            If there is no such pod, or it cannot be marked.
        """
        pod = await self._pod(ip)
        await self._mark(pod, _FIRST_TO_GO)
        return pod

    async def stays(self, pod: str) -> None:
        """Take back `next_to_go`.

        Raises
        ------
        EndpointError
            If it cannot be marked.
        """
        await self._mark(pod, None)

    async def _read(self) -> _Scale:
        status, body = await self._ask(b"GET", self._target)
        self._check(status, body, "get deployments/scale")
        try:
            return _scale(body)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            raise EndpointError(f"{self.name}: no scale: {error}") from None

    def _body(self, now: _Scale, wanted: int) -> bytes:
        name, namespace = self._own
        meta = {"name": name, "namespace": namespace, "resourceVersion": now.metadata.version}
        return msgspec.json.encode(
            {
                "apiVersion": "autoscaling/v1",
                "kind": "Scale",
                "metadata": meta,
                "spec": {"replicas": wanted},
            }
        )

    async def _pod(self, ip: str) -> str:
        selector = quote(f"status.podIP={ip}", safe="")
        status, body = await self._ask(b"GET", f"{self._pods}?fieldSelector={selector}")
        self._check(status, body, "list pods")
        try:
            pods = _pods(body).items or []
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            raise EndpointError(f"{self.name}: no list of pods: {error}") from None
        names = [pod.metadata.name for pod in pods if pod.metadata.deleted is None]
        if len(names) != 1:
            raise EndpointError(f"{self.name}: expected one pod at {ip}, there are {len(names)}")
        return names[0]

    async def _mark(self, pod: str, cost: str | None) -> None:
        body = msgspec.json.encode({"metadata": {"annotations": {COST: cost}}})
        target = f"{self._pods}/{quote(pod, safe='')}"
        status, answer = await self._ask(b"PATCH", target, body, b"application/merge-patch+json")
        self._check(status, answer, "patch pods")

    async def _ask(
        self, method: bytes, target: str, body: bytes = b"", kind: bytes = b"application/json"
    ) -> tuple[int, bytes]:
        try:
            return await self._api.ask(method, target, body, kind)
        except EndpointError as error:
            raise EndpointError(f"{self.name}: {error}") from None

    def _check(self, status: int, body: bytes, right: str) -> None:
        if 200 <= status < 300:
            return
        if status in (401, 403):
            raise EndpointError(f"{self.name}: {status}: the service account may not {right}")
        told = body[:300].decode("utf-8", "replace")
        raise EndpointError(f"{self.name}: {right} is refused with {status}: {told}")
