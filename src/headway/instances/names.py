"""The many ways in which people write the name of an instance."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from functools import cache

from headway.errors import UnknownNameError
from headway.instances.catalogue import InstanceInfo, info, names

_OPEN_SHOP_SIZES = ("4", "5", "7", "10", "15", "20")

_Replacement = str | Callable[[re.Match[str]], str]

# On names in the form that `_plain` gives them. What stands on the right is plain again.
_SPELLINGS: tuple[tuple[re.Pattern[str], _Replacement], ...] = (
    # Hurink's sets are quoted as hurink/edata/la01, edata/la01, la01_edata …
    (re.compile(r"(?:hurink-)?([a-z]+\d+)-([serv]data)"), r"\2-\1"),
    (re.compile(r"hurink-(.+)"), r"\1"),
    # Dauzère-Pérès and Paulli's files are called 01a … 18a.
    (re.compile(r"(\d+a)"), r"dpp\1"),
    (re.compile(r"dpp(\d+)"), r"dpp\1a"),
    # Fattahi's small and medium flexible job shops.
    (re.compile(r"sfjs(\d+)"), r"fattahi\1"),
    (re.compile(r"mfjs(\d+)"), lambda match: f"fattahi{10 + int(match[1])}"),
    # PSPLIB's files are called j301_1.sm.
    (re.compile(r"j(120|30|60|90)(\d+)-(\d+)"), r"j\1-\2-\3"),
    # File names of the collection by ScheduleOpt.
    (re.compile(r"ta(\d+)js"), r"ta\1"),
    (
        re.compile(r"ta(4|5|7|10|15|20)x\1-(\d+)os"),
        lambda match: f"tos{10 * _OPEN_SHOP_SIZES.index(match[1]) + int(match[2])}",
    ),
)


def find(name: str) -> InstanceInfo:
    """Return the catalogue's line of an instance, however its name is written.

    Case, leading zeros, the separators ``-``, ``_``, ``/`` and blank, and the usual file endings
    do not matter.

    Raises
    ------
    UnknownNameError
        If there is no such instance; the message suggests near names.
    """
    if name in names():
        return info(name)
    # In the literature ta001 is a flow shop and ta01 a job shop: better to ask than to guess.
    if not re.fullmatch(r"ta\d{3}", name.strip().lower()):
        for spelling in _spellings(_plain(name)):
            if spelling in _by_plain():
                return info(_by_plain()[spelling])
    raise UnknownNameError("instance", name, names())


def _spellings(plain: str) -> Iterator[str]:
    """Yield the plain names that somebody may have meant, most likely first."""
    yield plain
    for pattern, replacement in _SPELLINGS:
        match = pattern.fullmatch(plain)
        if match:
            yield match.expand(replacement) if isinstance(replacement, str) else replacement(match)


@cache
def _by_plain() -> Mapping[str, str]:
    return {_plain(name): name for name in names()}


def _plain(name: str) -> str:
    """Return a name in small letters, with ``-`` between its parts and no leading zeros."""
    text = re.sub(r"\.(txt|fjs|jsp|rcp|sm)$", "", name.strip().lower())
    text = re.sub(r"[\s_/\\-]+", "-", text)
    return re.sub(r"0*(\d+)", r"\1", text)
