"""How traffic is described in YAML or as plain data; the words of the section ``synthetic``."""

from __future__ import annotations

from typing import Annotated

import msgspec

from headway.serving.workload.arrivals import MOST_REQUESTS
from headway.serving.workload.columns import LARGEST

Positive = Annotated[float, msgspec.Meta(gt=0, le=1e12)]
Weight = Annotated[float, msgspec.Meta(ge=0, le=1e12)]
Share = Annotated[float, msgspec.Meta(ge=0, le=1)]
Number = Annotated[int, msgspec.Meta(ge=1, le=LARGEST)]
Some = Annotated[int, msgspec.Meta(ge=1, le=1_000_000)]
Many = Annotated[int, msgspec.Meta(ge=1, le=MOST_REQUESTS)]
LawText = str | float


class _Section(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    """Plain keys and values; a key that is not known is refused."""


class Rates(_Section, kw_only=True):
    """Arrivals by a table of rates, or like those of a trace: one of `rates` and `like`.

    Attributes
    ----------
    rates
        Pairs of seconds and arrivals per second from then on.
    repeat_s
        When the table begins again; by default its last rate goes on.
    like
        Name or file of a trace.
    rate
        Mean rate, if it is not that of the trace.
    bin_s
        Seconds over which the trace's rate is averaged.
    cv
        Variation of the gaps, 1 for a Poisson process.
    """

    rates: list[tuple[float, float]] | None = None
    repeat_s: Positive | None = None
    like: str | None = None
    rate: Positive | None = None
    bin_s: Positive = 60.0
    cv: Weight = 1.0


class Prefixes(_Section, kw_only=True):
    """System prompts that requests, or conversations, begin with.

    Attributes
    ----------
    count
        How many different ones there are.
    tokens
        Law of their lengths.
    zipf
        Exponent of their popularity: number k is drawn with probability proportional to k^-zipf.
    share
        Share of the requests, or conversations, that have one.
    """

    count: Some = 1
    tokens: LawText
    zipf: Weight = 1.0
    share: Share = 1.0


class Sessions(_Section, kw_only=True):
    """Conversations, every turn of which begins with all that was said before.

    Attributes
    ----------
    turns
        Law of the number of turns, rounded, at least 1.
    between_s
        Law of the seconds from one question to the next one; they include the answer.
    max_tokens
        A conversation ends before a prompt and its answer would be longer than this together.
    """

    turns: LawText
    between_s: LawText
    max_tokens: Number = LARGEST


class ClassShare(_Section, kw_only=True):
    """A service class and who is of it; see `ServiceClass` for the limits.

    Attributes
    ----------
    share
        Weight among the classes; if none of them says a length.
    prompt_up_to
        Longest prompt of the class; the last class may leave it out, and takes the others.
    """

    name: str
    ttft_s: Positive | None = None
    tpot_s: Positive | None = None
    max_gap_s: Positive | None = None
    latency_s: Positive | None = None
    weight: Positive = 1.0
    share: Weight = 1.0
    prompt_up_to: Number | None = None


class Adapters(_Section, kw_only=True):
    """Low-rank adapters, named adapter-1, adapter-2 …; the first ones are the popular ones.

    Attributes
    ----------
    count
        How many.
    zipf
        Exponent of their popularity, as of `Prefixes`.
    share
        Share of the requests, or conversations, that use one.
    """

    count: Some
    zipf: Weight = 1.0
    share: Share = 1.0


class Description(_Section, kw_only=True):
    """Traffic to be drawn.

    Attributes
    ----------
    name
        What to call it.
    requests, duration_s
        How many requests, or for how many seconds: one of the two.
    seed
        Of all random choices.
    arrivals
        A text as of `Arrivals.parse`, or a section `Rates`. With sessions, conversations arrive.
    prompt_tokens, output_tokens
        Laws of lengths, rounded, at least 1. With sessions, of a single question and answer.
    lengths
        Instead of the two laws: lengths in pairs, drawn from a trace (its name or file) or one of
        `PAIRS`.
    limit_tokens
        Most output tokens that requests ask for; longer outputs end there.
    prefixes, sessions
        What requests share.
    block_tokens
        Tokens per block, for what requests share.
    priorities
        Shares by priority.
    classes
        Service classes.
    adapters
        Low-rank adapters.
    """

    name: str = "synthetic"
    requests: Many | None = None
    duration_s: Positive | None = None
    seed: Annotated[int, msgspec.Meta(ge=0)] = 0
    arrivals: str | Rates
    prompt_tokens: LawText | None = None
    output_tokens: LawText | None = None
    lengths: str | None = None
    limit_tokens: Number | None = None
    prefixes: Prefixes | None = None
    sessions: Sessions | None = None
    block_tokens: Number = 16
    priorities: dict[int, Weight] = {}
    classes: list[ClassShare] = []
    adapters: Adapters | None = None
