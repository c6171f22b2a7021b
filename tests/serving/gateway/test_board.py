"""Columns in shared memory: each writer its own, readers the sum."""

import os

import numpy as np
import pytest

from headway.errors import ConfigError
from headway.serving.gateway.board import (
    BOUNDS_S,
    FAILED,
    HELD_BLOCKS,
    IN_FLIGHT,
    QUEUED_BLOCKS,
    TTFT,
    Board,
)


def test_readers_see_the_sum_of_all_workers() -> None:
    board = Board(3, 2)
    for worker in range(3):
        row = board.row(worker)
        for _ in range(worker + 1):
            row.placed(1, 5)
    assert board.total(IN_FLIGHT).tolist() == [0, 6]
    assert board.total(HELD_BLOCKS).tolist() == [0, 0]


def test_what_was_counted_is_counted_no_more_when_a_request_has_left() -> None:
    board = Board(1, 2)
    row = board.row(0)
    row.placed(1, 3)
    row.placed(1, 4)
    row.begun(1, 4)
    assert board.gauges[0, :, 1].tolist() == [2, 1, 3, 4]
    row.left(1, 4, begun=True)
    row.left(1, 3, begun=False)
    assert not board.gauges.any()


def test_a_total_is_a_snapshot() -> None:
    board = Board(1, 1)
    before = board.total(IN_FLIGHT)
    board.row(0).placed(0, 1)
    assert before.tolist() == [0]


def test_the_row_of_a_dead_worker_is_cleared_but_for_its_counters() -> None:
    board = Board(2, 2)
    row = board.row(1)
    row.placed(0, 4)
    row.hold(2)
    row.count(FAILED, 0)
    board.clear(1)
    assert board.total(IN_FLIGHT).tolist() == [0, 0]
    assert board.held.tolist() == [0, 0]
    assert board.counters[1, FAILED].tolist() == [1, 0]


def test_observations_lie_in_the_bucket_that_ends_at_or_above_them() -> None:
    board = Board(1, 2)
    row = board.row(0)
    for seconds in (0.0, 0.001, 0.0011, 1e9):
        row.observe(TTFT, 1, seconds)
    found = np.flatnonzero(board.buckets[0, TTFT, 1])
    assert found.tolist() == [0, 1, len(BOUNDS_S)]
    assert board.buckets[0, TTFT, 1, 0] == 2
    assert board.sums[0, TTFT, 1] == pytest.approx(1e9 + 0.0021)
    assert not board.buckets[0, TTFT, 0].any()


def test_forked_processes_share_it() -> None:
    board = Board(2, 1)
    child = os.fork()
    if not child:
        board.row(1).placed(0, 7)
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
    assert board.total(QUEUED_BLOCKS).tolist() == [7]


def test_columns_of_engines_are_written_in_place() -> None:
    board = Board(1, 2)
    board.engine("kv_usage")[1] = 0.5
    assert board.engine("kv_usage").tolist() == [0, 0.5]
    with pytest.raises(KeyError):
        board.engine("nonsense")


def test_a_board_of_nothing_is_refused() -> None:
    with pytest.raises(ConfigError, match="0"):
        Board(1, 0)
