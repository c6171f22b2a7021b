"""A policy of a prefill instance: an order, where it cuts, with whom, and what guards it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import Literal, get_args

from headway.errors import ConfigError, UnknownNameError
from headway.serving.prefill.batching import Alone, Batching, Fill, SloAware
from headway.serving.prefill.orders import ORDERS, Order
from headway.serving.prefill.predictors import Exact, Fitting
from headway.serving.prefill.preemption import Guards

Cut = Literal["operator", "layer", "chunk", "whole"]
"""Where a running prefill may be left: see `PrefillPolicy`."""


@dataclass(frozen=True, slots=True)
class PrefillPolicy:
    """How one prefill instance decides.

    Parameters
    ----------
    name
        For tables.
    order
        Who is more urgent.
    cut
        ``operator`` and ``layer``: a pass stops at the next such boundary when somebody more urgent
        arrives, and is resumed there. ``chunk``: prompts run in passes of at most `chunk_tokens`,
        and who is next is asked after each. ``whole``: what has begun runs to its end.
    chunk_tokens
        Most tokens of a pass, for ``chunk`` only.
    batching
        Who joins whom. With ``chunk``, either `Alone`, or `Fill` which fills what a chunk leaves.
    guards
        What limits preemption.
    fitting
        What tells how long a prefill will take.
    keeps_state
        Whether a stopped pass goes on where it was, or is computed again.
    round_s
        Seconds that the instance stands still before each pass or resumption.

    Raises
    ------
    ConfigError
        If the parts do not fit together.
    """

    name: str
    order: Order = ORDERS["s-edf"]
    cut: Cut = "operator"
    chunk_tokens: int | None = None
    batching: Batching = field(default_factory=Alone)
    guards: Guards = field(default_factory=Guards)
    fitting: Fitting = Exact
    keeps_state: bool = True
    round_s: float = 0.0

    def __post_init__(self) -> None:
        if self.cut not in get_args(Cut):
            raise UnknownNameError("cut", self.cut, get_args(Cut))
        if (self.chunk_tokens is not None) != (self.cut == "chunk"):
            raise ConfigError(f"policy {self.name!r}: chunk_tokens goes with cut 'chunk' alone")
        if self.chunk_tokens is not None and self.chunk_tokens < 1:
            raise ConfigError(f"policy {self.name!r}: chunk_tokens: expected 1 or more")
        if self.cut == "chunk" and not isinstance(self.batching, Alone | Fill):
            raise ConfigError(f"policy {self.name!r}: chunks are batched by Alone or Fill only")
        if not 0 <= self.round_s < float("inf"):
            raise ConfigError(f"policy {self.name!r}: round_s: expected seconds from 0 on")


NAMED: dict[str, PrefillPolicy] = {
    "flowprefill": PrefillPolicy("flowprefill", batching=SloAware()),
    "distserve": PrefillPolicy("distserve", ORDERS["fcfs"], "whole", batching=Fill()),
}
"""Policies with a name of their own.

=============== ===========================================================================
``flowprefill`` S-EDF, cut at operators, batches that keep the head in time and harm nobody
``distserve``   first come, first served, whole prompts, short ones together
=============== ===========================================================================
"""

WORLD = "prefill"
"""World of the entry points by which other packages add policies, as ``prefill.mine``."""


def names() -> tuple[str, ...]:
    """Return names that `find` knows: those of `NAMED`, of other packages, and some formed ones."""
    from headway.simulate.registry import policies

    formed = (
        *(f"{order} operator" for order in ORDERS),
        *("fcfs whole", "fcfs chunk 2048", "edf chunk 2048", "s-edf layer", "s-edf chunk 2048"),
    )
    return tuple(dict.fromkeys((*NAMED, *policies(WORLD), *formed)))


def find(text: str | PrefillPolicy) -> PrefillPolicy:
    """Return the policy that a text names.

    Parameters
    ----------
    text
        A name of `NAMED`, one that another package adds, or an order of `ORDERS` and a cut, such
        as ``s-edf operator``, ``edf chunk 2048`` or ``fcfs whole``.

    Raises
    ------
    UnknownNameError
        If there is no such policy, order or cut.
    ConfigError
        If a chunk has no size, or something else has.

    Examples
    --------
    >>> find("edf chunk 2048").chunk_tokens
    2048
    """
    if not isinstance(text, str):
        return text
    name = " ".join(text.lower().split())
    if name in NAMED:
        return NAMED[name]
    match = re.fullmatch(r"([a-z-]+) ([a-z]+)(?: (\d+))?", name)
    if match is None:
        return _of_others(text)
    order, word, size = match.groups()
    if order not in ORDERS:
        raise UnknownNameError("queue order", order, ORDERS)
    cut: Cut | None = next((known for known in get_args(Cut) if known == word), None)
    if cut is None:
        raise UnknownNameError("cut", word, get_args(Cut))
    return PrefillPolicy(name, ORDERS[order], cut, None if size is None else int(size))


def _of_others(text: str) -> PrefillPolicy:
    from headway.simulate.registry import entry

    policy = entry(WORLD, text, names())
    if not isinstance(policy, PrefillPolicy):
        raise ConfigError(f"policy {text!r}: expected a PrefillPolicy, got {policy!r}")
    return replace(policy, name=text)
