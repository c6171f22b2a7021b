"""The plainest statement of placement on nodes: every node and every GPU is tried."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

SCALE = 1 << 16


@dataclass
class Node:
    cpu: int
    memory: int
    model: str
    free: list[int]

    def copy(self) -> Node:
        return Node(self.cpu, self.memory, self.model, list(self.free))


@dataclass
class Task:
    cpu: int
    memory: int
    gpus: int
    share: int
    models: Sequence[str] = ()


@dataclass
class Cluster:
    nodes: list[Node]
    kinds: list[Task]
    weight: list[int]
    choice: str
    most: tuple[int, int, int] = field(init=False)

    def __post_init__(self) -> None:
        self.most = (
            max([1, *(node.cpu for node in self.nodes)]),
            max([1, *(node.memory for node in self.nodes)]),
            max([1, *(sum(node.free) for node in self.nodes)]),
        )

    def gpus_for(self, node: Node, task: Task) -> list[list[int]]:
        """Return the sets of GPUs that the task may have."""
        enough = [g for g, free in enumerate(node.free) if free >= task.share]
        if task.gpus == 0:
            return [[]]
        if task.gpus == 1 and task.share < 1000:
            return [[g] for g in enough]
        return [enough[: task.gpus]] if len(enough) >= task.gpus else []

    def fits(self, node: Node, task: Task) -> bool:
        return (
            node.cpu >= task.cpu
            and node.memory >= task.memory
            and (not task.models or node.model in task.models)
            and bool(self.gpus_for(node, task))
        )

    def with_task(self, node: Node, task: Task, gpus: list[int]) -> Node:
        after = node.copy()
        after.cpu -= task.cpu
        after.memory -= task.memory
        for g in gpus:
            after.free[g] -= task.share
        return after

    def fragments(self, node: Node) -> int:
        total = 0
        for task, weight in zip(self.kinds, self.weight, strict=True):
            if task.gpus:
                usable = self.fits(node, task)
                total += weight * sum(free for free in node.free if not usable or free < task.share)
        return total

    def parts(self, node: Node) -> tuple[int, int, int]:
        have = (node.cpu, node.memory, sum(node.free))
        return tuple(x * SCALE // most for x, most in zip(have, self.most, strict=True))

    def place(self, task: Task) -> tuple[int, list[int]] | None:
        ranked = []
        for k, node in enumerate(self.nodes):
            if not self.fits(node, task):
                continue
            ways = self.gpus_for(node, task)
            tight = min(ways, key=lambda gpus: (sum(node.free[g] for g in gpus), gpus))
            asked = (task.cpu, task.memory, task.gpus * task.share)
            match self.choice:
                case "first fit":
                    ranked.append((0, k, tight))
                case "best fit":
                    ranked.append((sum(self.parts(node)), k, tight))
                case "dot product":
                    want = [x * SCALE // most for x, most in zip(asked, self.most, strict=True)]
                    ranked.append(
                        (sum(a * b for a, b in zip(self.parts(node), want, strict=True)), k, tight)
                    )
                case "fragmentation":
                    before = self.fragments(node)
                    for gpus in ways:
                        after = self.fragments(self.with_task(node, task, gpus))
                        ranked.append((after - before, k, gpus))
        if not ranked:
            return None
        _, node, gpus = min(ranked)
        self.nodes[node] = self.with_task(self.nodes[node], task, gpus)
        return node, gpus

    def release(self, task: Task, node: int, gpus: list[int]) -> None:
        there = self.nodes[node]
        there.cpu += task.cpu
        there.memory += task.memory
        for g in gpus:
            there.free[g] += task.share
