"""Processes that must not outlive the one that has started them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from headway.serving.gateway.scaling.processes import guarded

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="watches processes in /proc")

_ENGINE = str(Path(__file__).with_name("small_engine.py"))


def _alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def _until(true: Callable[[], bool]) -> None:
    end_s = time.monotonic() + 20
    while not true():
        assert time.monotonic() < end_s, "it did not come to be"
        time.sleep(0.01)


class Guarded:
    """An engine behind a guardian; and the processes that it has told of."""

    def __init__(self, *moods: str, grace_s: float = 5.0) -> None:
        command = (sys.executable, "-I", "-S", _ENGINE, "0", "127.0.0.1", *moods)
        self.process = subprocess.Popen(
            guarded(command, grace_s),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,
        )
        self.pids: dict[str, int] = {}
        assert self.process.stdout is not None
        for _ in range(2 if "forks" in moods else 1):
            name, pid = self.process.stdout.readline().split()
            self.pids[name.decode()] = int(pid)

    def close(self) -> None:
        for pipe in (self.process.stdin, self.process.stdout):
            assert pipe is not None
            pipe.close()
        self.process.kill()
        self.process.wait()
        _until(lambda: not any(_alive(pid) for pid in self.pids.values()))


@pytest.fixture
def guarded_engine() -> Iterator[Callable[..., Guarded]]:
    made: list[Guarded] = []

    def make(*moods: str, **more: float) -> Guarded:
        made.append(Guarded(*moods, **more))
        return made[-1]

    yield make
    for one in made:
        one.close()


Make = Callable[..., Guarded]


def test_it_ends_with_the_pipe_that_the_gateway_holds(guarded_engine: Make) -> None:
    one = guarded_engine()
    assert _alive(one.pids["engine"])
    one.process.stdin.close()
    assert one.process.wait(20) == 128 + signal.SIGTERM
    assert not _alive(one.pids["engine"])


def test_it_ends_when_the_guardian_is_told_to(guarded_engine: Make) -> None:
    one = guarded_engine()
    one.process.terminate()
    one.process.wait(20)
    assert not _alive(one.pids["engine"])


def test_who_does_not_listen_is_killed_after_the_grace(guarded_engine: Make) -> None:
    one = guarded_engine("deaf", grace_s=0.1)
    one.process.stdin.close()
    assert one.process.wait(20) == 128 + signal.SIGKILL
    assert not _alive(one.pids["engine"])


def test_what_has_gone_its_own_way_is_found_and_ended(guarded_engine: Make) -> None:
    one = guarded_engine("forks")
    one.process.stdin.close()
    one.process.wait(20)
    assert not _alive(one.pids["daemon"])


def test_a_killed_guardian_takes_its_engine_with_it(guarded_engine: Make) -> None:
    one = guarded_engine()
    one.process.kill()
    one.process.wait(20)
    _until(lambda: not _alive(one.pids["engine"]))


def test_the_status_is_that_of_the_command(guarded_engine: Make) -> None:
    one = guarded_engine()
    os.kill(one.pids["engine"], signal.SIGKILL)
    assert one.process.wait(20) == 128 + signal.SIGKILL
    with subprocess.Popen(
        guarded(("/no/such/engine",), 1.0), stdin=subprocess.PIPE, stderr=subprocess.PIPE
    ) as missing:
        assert missing.stderr is not None
        assert b"/no/such/engine: No such file" in missing.stderr.read()
        assert missing.wait(20) == 127
