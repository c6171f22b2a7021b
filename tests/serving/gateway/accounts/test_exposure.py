"""Covers: whatever happens in whatever order, the store never knows of less than was spent."""

from __future__ import annotations

from collections import Counter, deque

from hypothesis import given, settings
from hypothesis import strategies as st

from headway.serving.gateway.accounts.exposure import Exposure
from headway.serving.gateway.accounts.pending import Covered


class Scene:
    """An account, and a store that writes later, and tells of it later still."""

    def __init__(self) -> None:
        self.exposure = Exposure("a", "k")
        self.hour = 0
        self.queue: deque[tuple[str, int, int]] = deque()
        self.told: deque[tuple[str, int, int]] = deque()
        self.cover, self.cover_hour = 0, 0
        self.usage: Counter[int] = Counter()
        self.spent: Counter[int] = Counter()
        self.waiting: list[tuple[int, int]] = []
        self.sent: list[tuple[int, int]] = []
        self.waits = 0

    def note(self, entry: Covered | None) -> None:
        if entry is not None:
            self.queue.append(("cover", entry.cost, entry.hour))

    def hold(self, cost: int, left: int = 10_000) -> None:
        self.note(self.exposure.hold(cost, left, self.hour))
        if self.exposure.is_covered:
            self.sent.append((cost, self.hour))
        else:
            self.waits += 1
            self.waiting.append((cost, self.exposure.version))
            self.queue.append(("wait", len(self.waiting) - 1, self.hour))

    def settle(self, which: int, used: int) -> None:
        if self.sent:
            cost, hour = self.sent.pop(which % len(self.sent))
            self.exposure.close(cost, min(used, cost))
            self.spent[hour] += min(used, cost)
            self.queue.append(("used", min(used, cost), hour))

    def write(self, count: int) -> None:
        """One transaction; what is told of it is heard later, in order."""
        for _ in range(min(count, len(self.queue))):
            what, amount, hour = self.queue.popleft()
            if what == "cover":
                self.cover, self.cover_hour = amount, hour
            elif what == "used":
                self.usage[hour] += amount
            self.told.append((what, amount, hour))

    def hear(self, count: int) -> None:
        for _ in range(min(count, len(self.told))):
            what, amount, hour = self.told.popleft()
            if what == "used":
                self.note(self.exposure.written(amount))
            elif what == "wait":
                cost, version = self.waiting[amount]
                self.exposure.covered(version)
                self.sent.append((cost, hour))

    def check(self) -> None:
        """What was sent in this hour would be found in it."""
        known = self.usage[self.hour] + (self.cover if self.cover_hour == self.hour else 0)
        sent = sum(cost for cost, hour in self.sent if hour == self.hour)
        assert known >= self.spent[self.hour] + sent


COSTS = st.sampled_from([0, 1, 7, 50, 1000])
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("hold"), COSTS, st.sampled_from([0, 3, 10_000])),
        st.tuples(st.just("settle"), st.integers(0, 9), COSTS),
        st.tuples(st.just("write"), st.integers(1, 5), st.just(0)),
        st.tuples(st.just("hear"), st.integers(1, 5), st.just(0)),
        st.tuples(st.just("rest"), st.just(0), st.just(0)),
        st.tuples(st.just("clock"), st.just(0), st.just(0)),
    ),
    min_size=40,
    max_size=60,
)


@settings(max_examples=150, deadline=None)
@given(STEPS)
def test_what_is_sent_is_always_covered(steps: list[tuple[str, int, int]]) -> None:
    scene = Scene()
    for what, first, second in steps:
        if what == "hold":
            scene.hold(first, second)
        elif what == "settle":
            scene.settle(first, second)
        elif what == "write":
            scene.write(first)
        elif what == "hear":
            scene.hear(first)
        elif what == "rest":
            scene.note(scene.exposure.rest())
        else:
            scene.hour += 1
        scene.check()


def test_most_requests_need_not_wait() -> None:
    """A thousand alike, ten at once: a few covers in all."""
    scene = Scene()
    for _ in range(1000):
        scene.hold(10)
        scene.write(99)
        scene.hear(99)
        if len(scene.sent) > 10:
            scene.settle(0, 7)
    scene.check()
    assert scene.waits < 5


def test_a_cover_shrinks_when_less_is_asked_for() -> None:
    scene = Scene()
    for _ in range(100):
        scene.hold(100)
        scene.write(99)
        scene.hear(99)
    high = scene.cover
    while scene.sent:
        scene.settle(0, 0)
    scene.hold(1)
    scene.settle(0, 1)
    for _ in range(3):
        scene.write(99)
        scene.hear(99)
    scene.check()
    assert scene.cover < high / 100
    scene.note(scene.exposure.end())
    scene.write(99)
    assert scene.cover == 0


def test_a_smaller_cover_counts_before_it_is_written() -> None:
    scene = Scene()
    scene.hold(1000)
    scene.write(9)
    scene.hear(9)
    scene.settle(0, 1)
    scene.hold(1)
    scene.write(9)
    scene.hear(9)
    assert [what for what, *_ in scene.queue] == ["cover"], "a smaller one"
    scene.hold(500)
    scene.write(1)
    scene.check()
    scene.write(9)
    scene.hear(9)
    scene.check()
    assert scene.sent[-1] == (500, 0)


def test_a_cover_goes_when_nobody_asks_for_a_while() -> None:
    scene = Scene()
    scene.hold(10)
    scene.write(9)
    scene.hear(9)
    scene.hold(20)
    scene.settle(0, 10)
    for cover in (180, 20, 20):
        scene.note(scene.exposure.rest())
        scene.write(9)
        assert scene.cover == cover
        scene.hear(9)
        scene.check()
    scene.settle(0, 0)
    scene.write(9)
    scene.hear(9)
    scene.note(scene.exposure.rest())
    scene.write(9)
    assert scene.cover == 0


def test_a_cover_is_never_larger_than_what_may_be_spent() -> None:
    exposure = Exposure("a", "k")
    entry = exposure.hold(10, left=5, hour=0)
    assert entry is not None
    assert entry.cost == 15
