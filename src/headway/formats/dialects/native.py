"""Headway's own JSON, which expresses every problem."""

from __future__ import annotations

from headway.formats.registry import Format, Match
from headway.formats.source import Source, attempt
from headway.model import Problem


def _sniff(source: Source) -> Match:
    def is_object(s: Source) -> bool:
        return s.text.lstrip().startswith("{")

    return Match.CERTAIN if attempt(is_object, source) else Match.NO


def _parse(source: Source) -> list[Problem]:
    return [Problem.from_json(source.text)]


FORMATS = (
    Format(
        name="json",
        description="Headway's own JSON; expresses every problem",
        suffixes=(".json",),
        sniff=_sniff,
        parse=_parse,
        render=Problem.to_json,
    ),
)
