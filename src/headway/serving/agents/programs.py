"""Programs of agents: steps of a language model with tools between them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from headway.errors import ConfigError

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

NO_TOOL = -1
"""After a last step, and where nobody wrote down which tool it was."""


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class Programs:
    """Tasks of agents in order of arrival; n of them, with `total` steps in all.

    A step is one call of the model. Its prompt is all that was said before; then a tool runs, and
    what it returns is added to the prompt of the next step.

    Parameters
    ----------
    name
        What tables call them.
    arrival_s
        When each comes, seconds from 0 on, not descending; shape (n,).
    offsets
        Steps of program ``i`` are ``offsets[i]`` to ``offsets[i + 1]``, at least one; shape (n+1,).
    prompt_tokens, output_tokens
        Of each step, at least 1; shape (total,).
    tool
        Position in `tools` of what runs after each step, `NO_TOOL` if that is not known and after
        the last; shape (total,).
    tool_s
        Seconds from the last token of a step to the next step; 0 after the last; shape (total,).
    tools
        Names of the tools.
    tenant
        Whose program it is, position in `tenants`; shape (n,).
    tenants
        Names of the tenants.

    Raises
    ------
    ConfigError
        If a column does not fit; names it.
    """

    name: str
    arrival_s: Floats
    offsets: Ints
    prompt_tokens: Ints
    output_tokens: Ints
    tool: Ints
    tool_s: Floats
    tools: tuple[str, ...]
    tenant: Ints
    tenants: tuple[str, ...] = ("all",)

    def __post_init__(self) -> None:
        n, total = len(self.arrival_s), len(self.prompt_tokens)
        _require("arrival_s", "ascending seconds from 0 on", _ascends(self.arrival_s))
        cuts = self.offsets.shape == (n + 1,) and self.offsets[0] == 0
        cuts = cuts and self.offsets[-1] == total and bool((np.diff(self.offsets) >= 1).all())
        _require("offsets", f"{n + 1} numbers from 0 to {total}, a step for each program", cuts)
        for name, low in (("prompt_tokens", 1), ("output_tokens", 1), ("tool", NO_TOOL)):
            column = getattr(self, name)
            fits = column.shape == (total,) and bool((column >= low).all())
            _require(name, f"{total} numbers from {low} on", fits)
        _require(
            "tool", f"at most {len(self.tools) - 1}", bool((self.tool < len(self.tools)).all())
        )
        times = self.tool_s.shape == (total,) and bool(np.isfinite(self.tool_s).all())
        _require("tool_s", "finite seconds from 0 on", times and bool((self.tool_s >= 0).all()))
        known = self.tenant.shape == (n,) and bool((self.tenant >= 0).all())
        known = known and bool((self.tenant < len(self.tenants)).all())
        _require("tenant", f"{n} positions among {len(self.tenants)} tenants", known)

    def __len__(self) -> int:
        return len(self.arrival_s)

    def __repr__(self) -> str:
        return f"<Programs {self.name!r}: {len(self):,} of {len(self.tool):,} steps>"

    @property
    def steps(self) -> Ints:
        """Steps of each program, shape (n,)."""
        return np.diff(self.offsets)

    @property
    def program(self) -> Ints:
        """Which program each step belongs to, shape (total,)."""
        return np.repeat(np.arange(len(self)), self.steps)

    @property
    def is_first(self) -> Bools:
        """Which steps begin a program, shape (total,)."""
        return _at(self.offsets[:-1], len(self.tool))

    @property
    def is_last(self) -> Bools:
        """Which steps end one, shape (total,)."""
        return _at(self.offsets[1:] - 1, len(self.tool))

    @property
    def reusable_tokens(self) -> Ints:
        """Tokens of each prompt that a cache holds if it forgot nothing, shape (total,).

        A prompt that is shorter than what was said before has been compacted: we only know its
        length, and take its beginning for unchanged.
        """
        said = np.concatenate([[0], (self.prompt_tokens + self.output_tokens)[:-1]])
        return np.where(self.is_first, 0, np.minimum(said, self.prompt_tokens))


@dataclass(frozen=True, slots=True, eq=False)
class Spans:
    """When each step of some programs began and ended, seconds; shape (total,)."""

    begin_s: Floats
    end_s: Floats

    def __post_init__(self) -> None:
        fits = self.begin_s.shape == self.end_s.shape and bool((self.begin_s <= self.end_s).all())
        _require("spans", "an end after each beginning", fits)


def undisturbed(programs: Programs, token_s: float = 0.01) -> Spans:
    """Return when steps run if nothing ever waits.

    Parameters
    ----------
    programs
        The programs.
    token_s
        Seconds per output token.
    """
    runs_s = programs.output_tokens * token_s
    whole_s = np.cumsum(runs_s + programs.tool_s)
    before_s = whole_s - runs_s - programs.tool_s
    origin_s = programs.arrival_s - before_s[programs.offsets[:-1]]
    begin_s = before_s + origin_s[programs.program]
    return Spans(begin_s, begin_s + runs_s)


def _ascends(times: Floats) -> bool:
    finite = times.ndim == 1 and bool(np.isfinite(times).all())
    return finite and bool((times >= 0).all() and (np.diff(times) >= 0).all())


def _at(positions: Ints, n: int) -> Bools:
    mask = np.zeros(n, dtype=np.bool_)
    mask[positions] = True
    return mask


def _require(name: str, expected: str, fits: Any) -> None:
    if not fits:
        raise ConfigError(f"programs: {name}: expected {expected}")
