"""S3-FIFO as plainly as it can be said: lists, newest last, searched from end to end."""

from __future__ import annotations


class PlainS3Fifo:
    """The same rules as `headway.serving.fleet.pool.S3Fifo`, without a thought for speed."""

    def __init__(self, capacity: int, small_capacity: int, promote_after: int) -> None:
        self.capacity = capacity
        self.small_capacity = small_capacity
        self.promote_after = promote_after
        self.small: list[list[int]] = []  # pairs of block and uses
        self.main: list[list[int]] = []
        self.ghosts: list[int] = []

    def blocks(self) -> set[int]:
        return {block for block, _ in self.small + self.main}

    def use(self, block: int) -> None:
        for entry in self.small + self.main:
            if entry[0] == block:
                entry[1] = min(3, entry[1] + 1)

    def put(self, block: int) -> list[int]:
        if block in self.ghosts:
            self.ghosts.remove(block)
            self.main.append([block, 0])
        else:
            self.small.append([block, 0])
        gone = []
        while len(self.small) + len(self.main) > self.capacity:
            if len(self.small) > self.small_capacity or self.main == []:
                oldest, uses = self.small.pop(0)
                if uses >= self.promote_after:
                    self.main.append([oldest, 0])
                    continue
                gone.append(oldest)
                self.ghosts.append(oldest)
                if len(self.ghosts) > self.capacity - self.small_capacity:
                    self.ghosts.pop(0)
            else:
                oldest, uses = self.main.pop(0)
                if uses > 0:
                    self.main.append([oldest, uses - 1])
                else:
                    gone.append(oldest)
        return gone
