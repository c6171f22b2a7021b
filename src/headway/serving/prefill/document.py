"""``kind: prefill``: an instance that only prefills, its traffic and policies, as people write it.

What a key means stands beside it. Keys that do not exist are refused, with their path.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from headway.serving.document import Machine, Traffic


class LengthClass(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A promise to prompts up to some length, see `Limit`."""

    name: str
    ttft_s: float = 0.0
    times_service: float = 0.0
    """And this many times what the prompt takes alone."""
    up_to_tokens: int | None = None
    """The classes stand by rising length; the last one has none, and takes all that are left."""


class FillSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Fields of `Fill`."""

    tokens: int = 4096
    requests: int = 64


class SloSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Fields of `SloAware`."""

    tokens: int = 4096
    requests: int = 16
    harm: bool = True
    seeds: int = 1


class Batches(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who joins whom, with settings; one of the two."""

    fill: FillSettings | None = None
    slo: SloSettings | None = None


class Contender(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A policy with settings of its own."""

    name: str
    policy: str = "flowprefill"
    """What it is made from: a name as in `find`, such as ``s-edf chunk 2048``."""
    guards: dict[str, float] = {}
    """Fields of `Guards`."""
    batching: str | Batches | None = None
    """``alone``, ``fill`` or ``slo``, or one of the latter two with its settings."""
    predictor: str | None = None
    """``exact``, ``linear`` or ``buckets``."""
    noise: float = 0.0
    """By what share the predictor is off at most, at random."""
    keeps_state: bool = True
    """Whether a prefill that was stopped goes on where it was."""
    round_s: float = 0.0
    """What a pass, a chunk or a resumption waits for the scheduler."""


class PrefillFile(Machine, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A whole file; model, GPU and step time as for engines."""

    kind: Literal["prefill"]
    name: str = "prefill"
    quadratic: dict[str, float] | None = None
    """Instead of a model and its step time: fields of `QuadraticWork`."""
    workload: Traffic
    history: bool = False
    """Whether what a cache of prefixes would know of a prompt is not computed; see `turns`."""
    classes: tuple[LengthClass, ...] = ()
    """What prompts are promised; those of the trace if there are none."""
    policies: tuple[str | Contender, ...] = ("flowprefill", "distserve")
    """By name as in `find`, or with settings of their own."""
    loads: tuple[float, ...] = (1.0,)
    """Times the rate of arrivals; what ``headway compare`` runs."""
