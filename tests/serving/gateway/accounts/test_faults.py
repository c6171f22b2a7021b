"""Processes that are killed, disks that are full."""

from __future__ import annotations

import random
import subprocess
import sys
from pathlib import Path

import pytest

from headway.serving.gateway.accounts.store import Store
from headway.serving.gateway.accounts.usage import usage
from tests.serving.gateway.accounts.dying import LIMIT

HERE = Path(__file__).parent
ROOT = HERE.parents[3]


def test_kill_loses_nothing_and_frees_nothing_that_was_spent(tmp_path: Path) -> None:
    """Killed at any moment, again and again on one store.

    What engines used is counted, exactly where that was certain, and at most at what was set aside
    where nobody knows any more.
    """
    store, luck = tmp_path / "x.db", random.Random(5)
    used = last = 0
    for round_ in range(4):
        lines = _until_killed(store, round_, after=luck.randrange(100, 700))
        assert int(lines[0][1]) == last, "what was recovered is where it begins"
        under_way = done = certain = 0
        for word, *amount in lines:
            if word == "sent":
                under_way += 1
            elif word == "used":
                under_way -= 1
                done += int(amount[0])
            elif word == "certain":
                certain = int(amount[0])
        used += done
        place = Store.at(str(store))
        assert _cost(place) >= certain, "what was certain is there"
        assert place.recover("gateway", counts=True) <= 1
        # Every request that was sent counts, if only at its worst.
        assert _cost(place) >= last + done + under_way * (10 + LIMIT)
        # What nobody knows is not more than a few times what clients had under way.
        assert _cost(place) <= last + done + 8 * 16 * (10 + LIMIT)
        last = _cost(place)
        place.close()
    assert last >= used


def _until_killed(store: Path, seed: int, after: int) -> list[list[str]]:
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.serving.gateway.accounts.dying", str(store), str(seed)],
        stdout=subprocess.PIPE,
        cwd=ROOT,
        text=True,
    )
    assert process.stdout is not None
    with process.stdout:
        lines = [process.stdout.readline() for _ in range(after)]
        process.kill()
        lines += process.stdout.readlines()
    process.wait()
    return [line.split() for line in lines if line.endswith("\n")]


def _cost(store: Store) -> int:
    rows = usage(store.database)
    return round(rows[0]["cost"]) if rows else 0


@pytest.mark.skipif(sys.platform == "win32", reason="limits of a process are told otherwise")
@pytest.mark.parametrize("rule", ["serve", "stop"])
def test_a_full_disk_stops_whom_it_should_and_nothing_is_lost(tmp_path: Path, rule: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.serving.gateway.accounts.filling", tmp_path / "x.db", rule],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    first, last = done.stdout.splitlines()
    assert first == f"failed True refused {int(rule == 'stop')}"
    store = Store.at(str(tmp_path / "x.db"))
    assert _cost(store) == 2 * int(last.split()[1])
    assert store.recover("gateway", counts=True) == 0
    store.close()
