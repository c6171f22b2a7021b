"""Two extremes of admission: as if answers were empty, and as if they were as long as may be."""

from __future__ import annotations

from typing import Any

from headway.errors import ConfigError
from headway.serving.engine import Group, View
from headway.serving.policies.admission import Admission, Gate, blocks


class Aggressive(Admission):
    """Let in whose prompt fits now; who does not fit later on is preempted.

    Parameters
    ----------
    watermark
        Share of the cache that must stay free at admission.
    **queue
        Settings of `Admission`.

    Raises
    ------
    ConfigError
        If a setting has no sense.

    References
    ----------
    Kwon et al. (2023), "Efficient Memory Management for Large Language Model Serving with
    PagedAttention".
    """

    name = "AGGRESSIVE"

    def __init__(self, *, watermark: float = 0.01, **queue: Any) -> None:
        super().__init__(**queue)
        if not 0 <= watermark < 1:
            raise ConfigError(f"watermark: expected 0 or more and less than 1, got {watermark}")
        self._watermark = watermark

    def gate(self, view: View) -> Gate:
        """Return whether the prompt leaves the watermark free."""
        free, size = view.free_blocks - self._watermark * view.blocks, view.block_tokens

        def takes(one: Group) -> bool:
            nonlocal free
            prompt, said = int(one.prompt_tokens[0]), int(one.generated_tokens[0])
            if blocks(prompt, size) > free:
                return False
            free -= blocks(prompt + said, size)
            return True

        return takes


class Conservative(Admission):
    """Let in only who fits if all answers get as long as they may: nobody is ever preempted.

    Requests without a limit are let in only if `max_output` is set, or one at a time.

    Parameters
    ----------
    **queue
        Settings of `Admission`.
    """

    name = "CONSERVATIVE"

    def gate(self, view: View) -> Gate:
        """Return whether the longest sequences of all fit together."""
        size = view.block_tokens
        free = view.blocks - sum(blocks(tokens, size) for tokens in self._longest(view.running))

        def takes(one: Group) -> bool:
            nonlocal free
            wanted = blocks(self._longest(one)[0], size)
            if wanted > free:
                return False
            free -= wanted
            return True

        return takes

    def _longest(self, requests: Group) -> list[int]:
        longest: list[int] = (requests.prompt_tokens + self.limits(requests)).tolist()
        return longest
