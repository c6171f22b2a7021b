"""Covers: whatever happens in whatever order, the store never knows of less than was spent."""

from __future__ import annotations

from collections import deque

from hypothesis import given
from hypothesis import strategies as st

from headway.serving.gateway.accounts.exposure import Exposure
from headway.serving.gateway.accounts.pending import Covered


class Scene:
    """An account, and a store that writes later, and tells of it later still."""

    def __init__(self) -> None:
        self.exposure = Exposure("a", "k")
        self.queue: deque[tuple[str, int]] = deque()
        self.told: deque[tuple[str, int]] = deque()
        self.cover = self.usage = 0
        self.waiting: list[tuple[int, int]] = []
        self.sent: list[int] = []
        self.spent = 0
        self.waits = 0

    def note(self, entry: Covered | None) -> None:
        if entry is not None:
            self.queue.append(("cover", entry.cost))

    def hold(self, cost: int, hour: int) -> None:
        self.note(self.exposure.hold(cost, 10_000, hour))
        if self.exposure.is_covered:
            self.sent.append(cost)
        else:
            self.waits += 1
            self.waiting.append((cost, self.exposure.version))
            self.queue.append(("wait", len(self.waiting) - 1))

    def settle(self, which: int, used: int) -> None:
        if self.sent:
            cost = self.sent.pop(which % len(self.sent))
            self.exposure.close(cost, min(used, cost))
            self.spent += min(used, cost)
            self.queue.append(("used", min(used, cost)))

    def write(self, count: int) -> None:
        """One transaction; what is told of it is heard later, in order."""
        for _ in range(min(count, len(self.queue))):
            what, amount = self.queue.popleft()
            if what == "cover":
                self.cover = amount
            elif what == "used":
                self.usage += amount
            self.told.append((what, amount))

    def hear(self, count: int) -> None:
        for _ in range(min(count, len(self.told))):
            what, amount = self.told.popleft()
            if what == "used":
                self.note(self.exposure.written(amount))
            elif what == "wait":
                cost, version = self.waiting[amount]
                self.exposure.covered(version)
                self.sent.append(cost)

    def check(self) -> None:
        assert self.cover + self.usage >= self.spent + sum(self.sent)


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("hold"), st.integers(0, 50), st.integers(0, 20).map(lambda n: n // 20)),
        st.tuples(st.just("settle"), st.integers(0, 9), st.integers(0, 50)),
        st.tuples(st.just("write"), st.integers(1, 9), st.just(0)),
        st.tuples(st.just("hear"), st.integers(1, 9), st.just(0)),
    ),
    max_size=80,
)


@given(STEPS)
def test_what_is_sent_is_always_covered(steps: list[tuple[str, int, int]]) -> None:
    scene, hour = Scene(), 0
    for what, first, second in steps:
        if what == "hold":
            hour += second
            scene.hold(first, hour)
        elif what == "settle":
            scene.settle(first, second)
        elif what == "write":
            scene.write(first)
        else:
            scene.hear(first)
        scene.check()


def test_most_requests_need_not_wait() -> None:
    """A thousand alike, ten at once: a few covers in all."""
    scene = Scene()
    for _ in range(1000):
        scene.hold(10, 0)
        scene.write(99)
        scene.hear(99)
        if len(scene.sent) > 10:
            scene.settle(0, 7)
    scene.check()
    assert scene.waits < 5


def test_a_cover_shrinks_when_less_is_asked_for() -> None:
    scene = Scene()
    for _ in range(100):
        scene.hold(100, 0)
        scene.write(99)
        scene.hear(99)
    high = scene.cover
    while scene.sent:
        scene.settle(0, 0)
    scene.hold(1, 0)
    scene.settle(0, 1)
    for _ in range(3):
        scene.write(99)
        scene.hear(99)
    scene.check()
    assert scene.cover < high / 100
    scene.note(scene.exposure.end())
    scene.write(99)
    assert scene.cover == 0


def test_a_cover_is_never_larger_than_what_may_be_spent() -> None:
    exposure = Exposure("a", "k")
    entry = exposure.hold(10, left=5, hour=0)
    assert entry is not None
    assert entry.cost == 15
