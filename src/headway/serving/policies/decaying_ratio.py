"""Let requests in by a share of what may still be said, which falls as long as memory lasts.

References
----------
Zheng et al. (2024), "SGLang: Efficient Execution of Structured Language Model Programs", and its
scheduler in version 0.5.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from headway.errors import ConfigError
from headway.serving.engine import Group, View
from headway.serving.policies.admission import Admission, Gate, blocks


class DecayingRatio(Admission):
    """Set a share of the tokens to come aside for running requests, all of them for new ones.

    Parameters
    ----------
    conservativeness
        Multiplies the first share.
    first
        Share when the engine has been idle.
    floor
        The share falls to this part of the first one.
    steps
        In so many steps.
    clip
        Most tokens to come that are believed of a request.
    ahead
        Steps that the share must last for after memory ran short.
    **queue
        Settings of `Admission`; `max_output` should be set if requests name no limits.

    Raises
    ------
    ConfigError
        If a setting has no sense.

    Notes
    -----
    Where memory runs short, the request that has said least gives way, and of those the one with
    the longest prompt; the share becomes (Σ generated + ahead · n) / Σ limits of those who stay.
    SGLang then sends requests back until `ahead` tokens are free for each that stays; the engine
    here preempts as few as this step needs.
    """

    name = "DECAYING-RATIO"

    def __init__(
        self,
        *,
        conservativeness: float = 1.0,
        first: float = 0.7,
        floor: float = 0.14,
        steps: int = 600,
        clip: int = 4096,
        ahead: int = 20,
        **queue: Any,
    ) -> None:
        super().__init__(**queue)
        for name, value in (("conservativeness", conservativeness), ("first", first)):
            if value <= 0:
                raise ConfigError(f"{name}: expected more than 0, got {value}")
        if not 0 <= floor <= 1:
            raise ConfigError(f"floor: expected 0 to 1, got {floor}")
        for name, value in (("steps", steps), ("clip", clip)):
            if value < 1:
                raise ConfigError(f"{name}: expected at least 1, got {value}")
        if ahead < 0:
            raise ConfigError(f"ahead: expected 0 or more, got {ahead}")
        self._first = min(first * conservativeness, 1.0)
        self._floor = self._first * floor
        self._fall = (self._first - self._floor) / steps
        self._clip, self._ahead, self._step = clip, ahead, 0
        self.ratio = self._first

    def gate(self, view: View) -> Gate:
        """Return whether what is set aside leaves room for a prompt and its whole answer."""
        running, size = view.running, view.block_tokens
        self._decay(view.n_steps, idle=not len(running))
        room = view.free_blocks * size - self.ratio * float(self._to_come(running).sum())

        def takes(one: Group) -> bool:
            nonlocal room
            shared = int(one.shared_tokens[0]) if one.has_blocks else 0
            held = int(one.prompt_tokens[0]) + int(one.generated_tokens[0]) - shared
            answer = int(self._to_come(one)[0])
            if held + answer + size >= room:
                return False
            room -= blocks(held, size) * size + answer + size
            return True

        return takes

    def victim(self, view: View, grower: int) -> int:
        """Return who has said least, and let the share follow from those who stay."""
        del grower
        running = view.running
        said, limits = running.generated_tokens, self.limits(running)
        row = int(np.lexsort((-running.prompt_tokens, said))[0])
        stay = np.arange(len(running)) != row
        if stay.any():
            told = int(said[stay].sum()) + self._ahead * int(stay.sum())
            self.ratio = min(told / int(limits[stay].sum()), 1.0)
            self._step = view.n_steps
        return int(running.ids[row])

    def _decay(self, step: int, *, idle: bool) -> None:
        fallen = self.ratio - self._fall * (step - self._step)
        self.ratio = self._first if idle else max(fallen, self._floor)
        self._step = step

    def _to_come(self, requests: Group) -> NDArray[np.int64]:
        left: NDArray[np.int64] = self.limits(requests) - requests.generated_tokens
        return np.clip(left, 0, self._clip)
