"""What several engines wrote down, as if one had."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np

from headway.serving.fleet.view import Ints
from headway.serving.results import Speech, Steps


@dataclass(frozen=True, slots=True, eq=False)
class JoinedSpeech(Speech):
    """Segments of several engines, by request, then by time.

    A request that has moved speaks in steps of one engine, then in steps of another, which may
    have smaller numbers; see `Speech` for the columns.
    """

    def __post_init__(self) -> None:
        """Leave the order, which is that of time and not of the numbers of steps."""


def join_steps(parts: Sequence[Steps]) -> Steps:
    """Return the steps of all engines, one engine after the other."""
    columns = (field.name for field in fields(Steps))
    return Steps(
        **{name: np.concatenate([getattr(part, name) for part in parts]) for name in columns}
    )


def join_speech(parts: Sequence[Speech], steps: Sequence[Steps]) -> JoinedSpeech:
    """Return who spoke, in numbers of the steps that `join_steps` returns.

    Parameters
    ----------
    parts
        The segments of each engine.
    steps
        The steps of each engine.
    """
    before = first_steps(steps)

    def column(name: str) -> Ints:
        shifted = [getattr(part, name) + k for part, k in zip(parts, before, strict=True)]
        return np.concatenate(shifted).astype(np.int64)

    request = np.concatenate([part.request for part in parts])
    first, last = column("first_step"), column("last_step")
    end_s = np.concatenate([part.end_s for part in steps])
    order = np.lexsort((end_s[first], request))
    return JoinedSpeech(request[order], first[order], last[order])


def first_steps(steps: Sequence[Steps]) -> Ints:
    """Return the number that each engine's first step has among those of all."""
    sizes = [len(part) for part in steps]
    return np.cumsum([0, *sizes[:-1]]).astype(np.int64)
