"""Faults seen on the board."""

from __future__ import annotations

from headway.serving.gateway.accounts.figures import Figures
from headway.serving.gateway.admin.notes import Notes
from headway.serving.gateway.board import FAILED, Board


class Wall:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def told(notes: Notes) -> list[tuple[str, str, int]]:
    return [(note.engine, note.what, note.count) for note in notes.latest()]


def test_what_changes_on_the_board_is_noted_once() -> None:
    board, wall = Board(2, 2), Wall()
    board.engine("healthy")[:] = 1
    notes = Notes(board, ("a", "b"), wall)
    notes.look()
    assert told(notes) == []
    board.engine("healthy")[1] = 0
    board.engine("restarts")[0] += 1
    notes.look()
    notes.look()
    assert sorted(told(notes)) == [
        ("a", "was started anew or has lost its cache", 1),
        ("b", "is not well", 1),
    ]
    wall.now += 60
    board.engine("healthy")[1] = 1
    notes.look()
    assert told(notes)[0] == ("b", "is well", 1)


def test_breakers_of_all_workers_count() -> None:
    board, wall = Board(2, 2), Wall()
    notes = Notes(board, ("a", "b"), wall)
    board.row(1).turned(0, "open")
    notes.look()
    assert told(notes) == [("a", "fails again and again and is left alone", 1)]
    wall.now += 1
    board.clear(1)
    notes.look()
    assert told(notes)[0] == ("a", "is tried again", 1)


def test_what_happens_again_and_again_is_one_note_with_a_count() -> None:
    board, wall = Board(1, 1), Wall()
    notes = Notes(board, ("a",), wall)
    for _ in range(100):
        board.row(0).count(FAILED, 0, 2)
        board.row(0).refused(2)
        wall.now += 1
        notes.look()
    assert sorted(told(notes)) == [
        ("", "a request was refused: limited", 100),
        ("a", "failed a try", 200),
    ]
    wall.now += 31
    board.row(0).count(FAILED, 0)
    notes.look()
    assert told(notes)[0] == ("a", "failed a try", 1)


def test_accounts_that_cannot_write_are_noted() -> None:
    health = [True]
    notes = Notes(Board(1, 1), ("a",), Wall(), lambda: Figures(healthy=health[0]))
    notes.look()
    health[0] = False
    notes.look()
    notes.look()
    assert told(notes) == [("", "usage cannot be written", 1)]
    health[0] = True
    notes.look()
    assert ("", "usage is written again", 1) in told(notes)


def test_notes_are_bounded() -> None:
    notes = Notes(Board(1, 1), ("a",), Wall())
    for number in range(2000):
        notes.add("info", f"number {number}")
    assert len(notes.latest(10_000)) == 500
    assert len(notes.latest(3)) == 3
