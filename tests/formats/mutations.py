"""Damaging files in the ways that people and programs damage them."""

from __future__ import annotations

import random
from collections.abc import Callable

HUGE = ("999999999", "18446744073709551616", "1e400", "1" + "0" * 400, "2147483648")
ODD = (
    "-1",
    "-999999999",
    "NaN",
    "inf",
    "0",
    "1.5",
    "٣",
    "½",
    "0x10",
    "",
    "#",
    '"',
    ",",
    "|",
    "=1+1",
)


def _words(rng: random.Random, data: bytes, change: Callable[[list[bytes]], None]) -> bytes:
    lines = data.split(b"\n")
    number = rng.randrange(len(lines))
    words = lines[number].split(b" ")
    change(words)
    lines[number] = b" ".join(words)
    return b"\n".join(lines)


def _truncate(rng: random.Random, data: bytes) -> bytes:
    return data[: rng.randrange(len(data) + 1)]


def _drop_line(rng: random.Random, data: bytes) -> bytes:
    lines = data.split(b"\n")
    del lines[rng.randrange(len(lines))]
    return b"\n".join(lines)


def _repeat_line(rng: random.Random, data: bytes) -> bytes:
    lines = data.split(b"\n")
    number = rng.randrange(len(lines))
    lines[number:number] = [lines[number]] * rng.randint(1, 3)
    return b"\n".join(lines)


def _swap(rng: random.Random, data: bytes) -> bytes:
    def change(words: list[bytes]) -> None:
        a, b = rng.randrange(len(words)), rng.randrange(len(words))
        words[a], words[b] = words[b], words[a]

    return _words(rng, data, change)


def _replace(rng: random.Random, data: bytes) -> bytes:
    def change(words: list[bytes]) -> None:
        words[rng.randrange(len(words))] = rng.choice(HUGE + ODD).encode()

    return _words(rng, data, change)


def _insert(rng: random.Random, data: bytes) -> bytes:
    at = rng.randrange(len(data) + 1)
    return data[:at] + rng.choice(HUGE + ODD).encode() + data[at:]


def _binary(rng: random.Random, data: bytes) -> bytes:
    at = rng.randrange(len(data) + 1)
    return data[:at] + rng.randbytes(rng.randint(1, 8)) + data[at + rng.randint(0, 4) :]


def _header(rng: random.Random, data: bytes) -> bytes:
    rest = data.split(b"\n")[1:]
    sizes = [
        rng.choice(("0", "1", "3", "-2", "100000", "999999999", "x"))
        for _ in range(rng.randint(0, 4))
    ]
    return "\t".join(sizes).encode() + b"\n" + b"\n".join(rest)


def _glue(rng: random.Random, data: bytes) -> bytes:
    return data.replace(b"\n", rng.choice((b" ", b"", b"\r", b"\r\n", b"\n\n")), rng.randint(1, 5))


def _empty(rng: random.Random, data: bytes) -> bytes:
    return rng.choice((b"", b"\n", b"   ", b"\x00", b"\xef\xbb\xbf", b"\xff\xfe", data * 2))


KINDS = (
    _truncate, _drop_line, _repeat_line, _swap, _replace, _insert, _binary, _header, _glue, _empty,
)  # fmt: skip


def damaged(rng: random.Random, data: bytes) -> bytes:
    """Return `data` with one to three faults."""
    for _ in range(rng.randint(1, 3)):
        data = rng.choice(KINDS)(rng, data) or b"\n"
    return data
