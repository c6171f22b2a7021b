"""The process that runs programs, each in a child of its own that is locked in.

`main` reads requests from standard input and writes answers to standard output, both as a length
of eight bytes followed by JSON. The first message holds the instances; each later one a program and
what to run it on. The child hands over orders only: what they are worth is worked out here, beyond
the program's reach.
"""

from __future__ import annotations

import os
import select
import signal
import sys
import time
from dataclasses import dataclass
from typing import IO

import msgspec
import numpy as np

from headway.model.tables import Ints
from headway.solve.discover import trial
from headway.solve.discover.limits import lock_in
from headway.solve.discover.program import START, ProgramError

_WALL_FACTOR = 20
_WALL_EXTRA_S = 5.0
_LONGEST_MESSAGE = 200
_CHUNK = 1 << 16


@dataclass(frozen=True, slots=True)
class Setup:
    """The first message.

    Attributes
    ----------
    sets
        Processing times and due dates of each set of instances, by name; lists of rows.
    cpu_s, memory_bytes
        Limits of one program.
    penalty
        What an order that is no permutation costs.
    """

    sets: dict[str, tuple[list[list[int]], list[list[int]]]]
    cpu_s: float
    memory_bytes: int
    penalty: int


@dataclass(frozen=True, slots=True)
class Request:
    """A program and the set of instances to run it on."""

    text: str
    on: str


@dataclass(frozen=True, slots=True)
class Answer:
    """Total tardiness per instance, or why there is none."""

    totals: list[int]
    error: str = ""


def read(stream: IO[bytes]) -> bytes | None:
    """Return the next message, or None at the end."""
    head = stream.read(8)
    return stream.read(int.from_bytes(head, "big")) if len(head) == 8 else None


def write(stream: IO[bytes], message: object) -> None:
    """Write a message."""
    body = msgspec.json.encode(message)
    stream.write(len(body).to_bytes(8, "big") + body)
    stream.flush()


def main() -> None:
    """Answer requests until there are no more."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    first = read(sys.stdin.buffer)
    if first is None:
        return
    setup = msgspec.json.decode(first, type=Setup)
    sets = {name: (np.array(work), np.array(due)) for name, (work, due) in setup.sets.items()}
    for arrays in sets.values():
        for array in arrays:
            array.setflags(write=False)
    trial.warm_up(START)
    while (message := read(sys.stdin.buffer)) is not None:
        request = msgspec.json.decode(message, type=Request)
        write(sys.stdout.buffer, _answer(request.text, *sets[request.on], setup))


def _answer(text: str, work: Ints, due: Ints, setup: Setup) -> Answer:
    try:
        found = _run(text, work, due, setup)
    except ProgramError as error:
        return Answer([], str(error))
    return Answer(trial.tardiness(found, work, due, setup.penalty).tolist())


def _run(text: str, work: Ints, due: Ints, setup: Setup) -> Ints:
    """Return the orders that a program gives, from a child that can do nothing else."""
    form, function = trial.compiled(text)
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        _be_the_child(writing, form, function, work, due, setup)
    os.close(writing)
    try:
        body = _received(reading, 1 + work.size * 4, setup.cpu_s)
    finally:
        os.close(reading)
        os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
    if not body:
        raise ProgramError(_epitaph(status))
    if body[:1] != b"+" or len(body) != 1 + work.size * 4:
        raise ProgramError(body[1:].decode("utf-8", "replace")[:_LONGEST_MESSAGE])
    return np.frombuffer(body, dtype=np.int32, offset=1).reshape(work.shape).astype(np.int64)


def _be_the_child(
    pipe: int, form: str, function: object, work: Ints, due: Ints, setup: Setup
) -> None:
    """Run the program and write its orders to the pipe; never returns."""
    try:
        lock_in(pipe, cpu_s=setup.cpu_s, memory_bytes=setup.memory_bytes)
        found = trial.orders(form, function, work, due)  # type: ignore[arg-type]
        body = b"+" + np.clip(found, -1, 1 << 30).astype(np.int32).tobytes()
    except BaseException as error:
        body = f"-{type(error).__name__}: {error}"[:_LONGEST_MESSAGE].encode()
    try:
        while body:
            body = body[os.write(pipe, body) :]
    finally:
        os._exit(0)


def _received(pipe: int, most: int, cpu_s: float) -> bytes:
    """Return what the child writes, at most so many bytes, within a time that is long enough."""
    until = time.monotonic() + _WALL_FACTOR * cpu_s + _WALL_EXTRA_S
    body = b""
    while len(body) < most + _LONGEST_MESSAGE:
        ready, _, _ = select.select([pipe], [], [], max(0.0, until - time.monotonic()))
        chunk = os.read(pipe, _CHUNK) if ready else b""
        if not chunk:
            break
        body += chunk
    return body


def _epitaph(status: int) -> str:
    if os.WIFSIGNALED(status):
        number = os.WTERMSIG(status)
        if number in (signal.SIGPROF, signal.SIGXCPU):
            return "took more time than it may"
        return f"ended by signal {number}"
    return "gave no answer"
