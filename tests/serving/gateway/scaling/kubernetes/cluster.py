"""A fake API server with one Deployment, whose pods come and go as those of a cluster would."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

from headway.serving.gateway.engines.address import Address
from headway.serving.gateway.engines.discovery import Api, ApiServer
from headway.serving.gateway.scaling.kubernetes.deployment import COST
from headway.serving.wire import Exchange, Server

SCALE = b"/apis/apps/v1/namespaces/prod/deployments/vllm/scale"
PODS = b"/api/v1/namespaces/prod/pods"


class Cluster:
    """A Deployment ``vllm`` of the namespace ``prod``.

    Pods are there at once, unless it ``starts`` none; of those that are ready the one with the
    least cost goes first, then the youngest.
    """

    def __init__(self, replicas: int) -> None:
        self.replicas = replicas
        self.version = 1
        self.pods: dict[str, str] = {}
        self.costs: dict[str, str] = {}
        self.starts = True
        self.ends = True
        self.trouble: list[str] = []
        self.asked: list[tuple[str, str]] = []
        self._number = 0
        self.settle()

    def settle(self) -> None:
        """Have as many pods as there are to be."""
        while self.starts and len(self.pods) < self.replicas:
            self._number += 1
            self.pods[f"vllm-{self._number}"] = f"10.0.0.{self._number}"
        while self.ends and len(self.pods) > self.replicas:
            youngest = sorted(self.pods, key=lambda name: -int(name.partition("-")[2]))
            gone = min(youngest, key=lambda name: int(self.costs.get(name, "0")))
            del self.pods[gone]

    async def look(self) -> list[Address]:
        """Return where pods are, as EndpointSlices do."""
        return [Address(ip, 8000) for ip in self.pods.values()]

    async def __call__(self, exchange: Exchange) -> None:
        method, path = exchange.method.decode(), exchange.path
        self.asked.append((method, exchange.target.decode()))
        trouble = self.trouble.pop(0) if self.trouble else ""
        if trouble == "reset":
            exchange.abort()
        elif trouble == "other":
            self.version += 1  # somebody else was quicker
            self.replicas += 1
            exchange.reply(409, b'{"kind": "Status", "reason": "Conflict"}')
        elif trouble.isdigit():
            exchange.reply(int(trouble), b'{"kind": "Status"}')
        elif trouble == "nonsense":
            exchange.reply(200, b'{"metadata": 3}')
        elif path == SCALE:
            self._scale(exchange)
        elif path.startswith(PODS):
            self._pod(exchange)
        else:
            exchange.reply(404, b'{"kind": "Status"}')

    def _scale(self, exchange: Exchange) -> None:
        if exchange.method == b"PUT":
            told = json.loads(exchange.body)
            assert (told["apiVersion"], told["kind"]) == ("autoscaling/v1", "Scale")
            if told["metadata"]["resourceVersion"] != str(self.version):
                exchange.reply(409, b"{}")
                return
            self.replicas = told["spec"]["replicas"]
            self.version += 1
            self.settle()
        spec = {"replicas": self.replicas} if self.replicas else {}
        meta = {"name": "vllm", "namespace": "prod", "resourceVersion": str(self.version)}
        exchange.reply(200, json.dumps({"metadata": meta, "spec": spec}).encode())

    def _pod(self, exchange: Exchange) -> None:
        if exchange.method == b"PATCH":
            assert exchange.header(b"content-type") == b"application/merge-patch+json"
            name = exchange.path.rpartition(b"/")[2].decode()
            cost = json.loads(exchange.body)["metadata"]["annotations"][COST]
            if cost is None:
                self.costs.pop(name, None)
            else:
                self.costs[name] = cost
            exchange.reply(200, b"{}")
            return
        selector = parse_qs(exchange.target.partition(b"?")[2].decode())["fieldSelector"][0]
        ip = selector.removeprefix("status.podIP=")
        pods: list[dict[str, Any]] = [
            {"metadata": {"name": name}} for name, its in self.pods.items() if its == ip
        ]
        pods.append({"metadata": {"name": "before", "deletionTimestamp": "2026-01-01T00:00:00Z"}})
        exchange.reply(200, json.dumps({"items": pods}).encode())


@asynccontextmanager
async def asking(cluster: Cluster, folder: Path) -> AsyncIterator[Api]:
    """Give what asks the cluster's API server."""
    (folder / "token").write_text("secret")
    server = Server(cluster)
    host, port = await server.start("127.0.0.1", 0)
    try:
        yield Api(ApiServer(Address(host, port), folder / "token", None, "prod"))
    finally:
        await server.stop()
