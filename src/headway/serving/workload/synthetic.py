"""Traffic drawn from a description; the same description and seed give the same requests."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from headway.errors import ConfigError, UnknownNameError
from headway.serving.workload.arrivals import Arrivals
from headway.serving.workload.columns import LARGEST, NONE, Floats, Int64s
from headway.serving.workload.conversations import Turns, converse, shared_blocks
from headway.serving.workload.description import Description, Rates
from headway.serving.workload.lengths import PAIRS, ByLaw, LengthSource, Limited, Paired, whole
from headway.serving.workload.marks import adapters_of, classes_of, popularity, priorities_of
from headway.serving.workload.merge import merge
from headway.serving.workload.named import obtain
from headway.serving.workload.requests import Workload
from headway.simulate import Law, Streams
from headway.simulate.document import record

_MOST_TRIES = 16


def synthetic(
    description: Mapping[str, Any] | Sequence[Mapping[str, Any]],
    *,
    seed: int | None = None,
    home: Path | None = None,
) -> Workload:
    """Return traffic drawn from a description.

    Parameters
    ----------
    description
        The keys of `Description`, as plain data or from YAML. Several descriptions are drawn each
        on its own and put together on one clock.
    seed
        Replaces that of the description.
    home
        Folder that files of traces are relative to; by default the current one.

    Raises
    ------
    ConfigError
        If the description does not make sense; the message begins with the key.
    FormatError
        If it names a trace that cannot be read.

    Examples
    --------
    >>> work = synthetic(
    ...     {
    ...         "requests": 1000,
    ...         "arrivals": "poisson(5)",
    ...         "prompt_tokens": "lognormal(1000, 1.2)",
    ...         "output_tokens": "exponential(200)",
    ...     }
    ... )
    >>> len(work), 4 < work.rate_per_s < 6
    (1000, True)
    """
    if isinstance(description, Mapping):
        return _draw(_record(description), seed, 0, home)
    if not description:
        raise ConfigError("expected a description of traffic, or several")
    parts = []
    for number, part in enumerate(description):
        with _about(f"[{number}]."):
            parts.append(_draw(_record(part), seed, number, home))
    return merge(*parts, name="synthetic")


def _record(content: Any) -> Description:
    found = record(content, Description, "a description of traffic")
    if (found.requests is None) == (found.duration_s is None):
        raise ConfigError("requests: expected either this or duration_s")
    by_law = found.prompt_tokens is not None and found.output_tokens is not None
    if by_law == (found.lengths is not None):
        raise ConfigError("lengths: expected either this or both prompt_tokens and output_tokens")
    return found


@dataclass(frozen=True, slots=True)
class _Drawing:
    """What is being drawn, with its sources of luck."""

    about: Description
    streams: Streams
    number: int
    home: Path | None

    def luck(self, source: str) -> np.random.Generator:
        return self.streams.of(source, self.number)


def _draw(about: Description, seed: int | None, number: int, home: Path | None) -> Workload:
    drawing = _Drawing(about, Streams(about.seed if seed is None else seed), number, home)
    turns, prefix, prefix_tokens, count = _requests(drawing)
    mine = turns.conversation
    with _about("priorities"):
        priority = priorities_of(about.priorities, drawing.luck("priorities"), count)[mine]
    with _about("classes"):
        kinds, classes = classes_of(
            about.classes, turns.prompt, mine, drawing.luck("classes"), count
        )
    adapter = adapters_of(about.adapters, drawing.luck("adapters"), count)[mine]
    names = range(1, about.adapters.count + 1) if about.adapters else ()
    blocks = None
    if about.prefixes is not None or about.sessions is not None:
        with _about("block_tokens"):
            blocks = shared_blocks(turns, prefix, prefix_tokens, count, about.block_tokens)
    return Workload.of(
        name=about.name,
        arrival_s=turns.arrival_s,
        prompt_tokens=turns.prompt,
        output_tokens=turns.output,
        limit_tokens=None if about.limit_tokens is None else np.full(len(mine), about.limit_tokens),
        priority=priority,
        service_class=classes,
        classes=kinds,
        session=None if about.sessions is None else mine,
        adapter=adapter,
        adapters=[f"adapter-{k}" for k in names],
        blocks=blocks,
    )


def _requests(drawing: _Drawing) -> tuple[Turns, Int64s, Int64s, int]:
    """Return the requests by time, which prefix each conversation has, and how long these are."""
    about = drawing.about
    with _about("arrivals"):
        arrivals = _arrivals(about.arrivals, drawing.home)
    lengths = _lengths(about, drawing.home)
    sessions = about.sessions
    with _about("sessions.turns"):
        turns = Law.parse("constant(1)" if sessions is None else sessions.turns)
    with _about("sessions.between_s"):
        between = Law.parse("constant(0)" if sessions is None else sessions.between_s)
    longest = LARGEST if sessions is None else sessions.max_tokens
    prefix_tokens = _prefixes(drawing)

    def attempt(starts: Floats) -> tuple[Turns, Int64s, Int64s, int]:
        prefix = _choose_prefix(drawing, len(starts))
        system = np.append(prefix_tokens, 0)[prefix]
        with _about("lengths" if about.lengths else "prompt_tokens"):
            found = converse(
                starts, system, lengths, turns, between, longest, drawing.streams, drawing.number
            )
        return found, prefix, prefix_tokens, len(starts)

    gaps, phases = "arrivals", "bursts"
    if about.duration_s is not None:
        with _about("arrivals"):
            starts = arrivals.times(
                drawing.luck(gaps), drawing.luck(phases), until_s=about.duration_s
            )
        found, *rest = attempt(starts)
        kept = np.flatnonzero(found.arrival_s < about.duration_s)
        order = kept[np.argsort(found.arrival_s[kept], kind="stable")]
        return found.take(order), *rest  # type: ignore[return-value]
    n = about.requests or 0
    conversations = max(math.ceil(n / max(turns.mean, 1.0)), 1)
    for _ in range(_MOST_TRIES):
        with _about("arrivals"):
            starts = arrivals.times(drawing.luck(gaps), drawing.luck(phases), n=conversations)
        found, *rest = attempt(starts)
        order = np.argsort(found.arrival_s, kind="stable")[:n]
        # What comes after the last conversation began would be short of new ones.
        if len(order) == n and (sessions is None or found.arrival_s[order[-1]] <= starts[-1]):
            return found.take(order), *rest  # type: ignore[return-value]
        conversations = conversations * 3 // 2 + 1
    raise ConfigError("sessions: hardly any conversation fits; raise max_tokens, or ask for less")


def _arrivals(section: str | Rates, home: Path | None) -> Arrivals:
    if isinstance(section, str):
        return Arrivals.parse(section)
    if (section.rates is None) == (section.like is None):
        raise ConfigError("expected either rates or like")
    if section.like is not None:
        trace = _trace(section.like, home)
        return Arrivals.like(trace, rate=section.rate, bin_s=section.bin_s, cv=section.cv)
    table = np.array(section.rates, dtype=np.float64).reshape(-1, 2)
    return Arrivals(table[:, 0], table[:, 1], section.repeat_s, section.cv)


def _lengths(about: Description, home: Path | None) -> LengthSource:
    source: LengthSource
    if about.lengths is None:
        with _about("prompt_tokens"):
            prompt = Law.parse(about.prompt_tokens or 0)
        with _about("output_tokens"):
            source = ByLaw(prompt, Law.parse(about.output_tokens or 0))
    elif about.lengths in PAIRS:
        source = ByLaw(*map(Law.parse, PAIRS[about.lengths]))
    else:
        with _about("lengths"):
            source = Paired(_trace(about.lengths, home))
    return source if about.limit_tokens is None else Limited(source, about.limit_tokens)


def _trace(source: str, home: Path | None) -> Workload:
    """Return the trace of a name or in a file."""
    found = obtain(source, home=home)
    if not len(found):
        raise ConfigError(f"{source} holds no requests")
    return found


def _prefixes(drawing: _Drawing) -> Int64s:
    prefixes = drawing.about.prefixes
    if prefixes is None:
        return np.zeros(0, np.int64)
    with _about("prefixes.tokens"):
        law = Law.parse(prefixes.tokens)
        return whole(law, drawing.luck("prefix lengths"), prefixes.count)


def _choose_prefix(drawing: _Drawing, n: int) -> Int64s:
    prefixes = drawing.about.prefixes
    if prefixes is None:
        return np.full(n, NONE, np.int64)
    luck = drawing.luck("prefixes")
    return popularity(luck, n, prefixes.count, prefixes.zipf, prefixes.share)


@contextmanager
def _about(key: str) -> Iterator[None]:
    """Put the key before what is wrong with its value."""
    try:
        yield
    except (ConfigError, UnknownNameError) as error:
        raise ConfigError(f"{key}{'' if key.endswith('.') else ': '}{error}") from None
