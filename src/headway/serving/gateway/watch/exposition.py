"""Reads wanted series from a page in Prometheus' text format, without parsing the rest.

A page of vLLM has some 2,000 lines, nearly all of them buckets of histograms. Looking for the
dozen names that matter takes a few searches through the bytes.

References
----------
Prometheus, "Exposition formats", text-based format 0.0.4.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import NamedTuple

MOST_SERIES = 4096
"""Series of one name that are read; the rest is left."""

_LINE = re.compile(
    rb'(?:[ \t]*+\{((?:[^"{}\n]|"(?:[^"\\\n]|\\.)*+")*+)\})?[ \t]*+(?<=[} \t])([^\s#]++)'
    rb"(?:[ \t]++[+-]?[0-9.eE+-]++)?[ \t]*+(?:\#.*+)?\r?"
)
_LABEL = re.compile(rb'\s*+([A-Za-z_][A-Za-z0-9_]*+)\s*+=\s*+"((?:[^"\\]|\\.)*+)"\s*+(,|$)')
_ESCAPE = re.compile(r"\\(.)")
_PLAIN = {"n": "\n", '"': '"', "\\": "\\"}


class Series(NamedTuple):
    """One line of a page.

    Attributes
    ----------
    labels
        By name.
    value
        As told; it may be infinite or nan.
    """

    labels: Mapping[str, str]
    value: float


def read(page: bytes, names: Iterable[bytes]) -> dict[bytes, list[Series]]:
    r"""Return the series of some names; lines that make no sense are left out.

    Parameters
    ----------
    page
        As sent.
    names
        Whole names of series, such as ``b"vllm:prompt_tokens_total"``.

    Examples
    --------
    >>> page = b'# TYPE up gauge\nup{engine="0"} 1\nup{engine="1"} 0\nupper 7\n'
    >>> [(series.labels["engine"], series.value) for series in read(page, [b"up"])[b"up"]]
    [('0', 1.0), ('1', 0.0)]
    """
    return {name: found for name in names if (found := _series(page, name))}


def _series(page: bytes, name: bytes) -> list[Series]:
    found: list[Series] = []
    begin = 0 if page.startswith(name) else page.find(b"\n" + name) + 1
    while (begin or page.startswith(name)) and len(found) < MOST_SERIES:
        end = page.find(b"\n", begin)
        end = len(page) if end < 0 else end
        one = _parsed(page[begin + len(name) : end])
        if one is not None:
            found.append(one)
        begin = page.find(b"\n" + name, end) + 1
        if not begin:
            break
    return found


def _parsed(rest: bytes) -> Series | None:
    """Return what stands behind a name, None if that is no series of this name."""
    if rest[:1] not in (b"{", b" ", b"\t"):
        return None
    match = _LINE.fullmatch(rest)
    if match is None:
        return None
    value, labels = _number(match[2]), _labels(match[1] or b"")
    return None if value is None or labels is None else Series(labels, value)


def _number(text: bytes) -> float | None:
    if b"_" in text:
        return None
    try:
        return float(text)
    except ValueError:
        return None


def _labels(text: bytes) -> dict[str, str] | None:
    labels: dict[str, str] = {}
    at = 0
    while text[at:].strip():
        match = _LABEL.match(text, at)
        if match is None:
            return None
        try:
            value = match[2].decode()
        except UnicodeDecodeError:
            return None
        labels[match[1].decode()] = (
            _ESCAPE.sub(lambda found: _PLAIN.get(found[1], found[0]), value)
            if "\\" in value
            else value
        )
        at = match.end()
    return labels
