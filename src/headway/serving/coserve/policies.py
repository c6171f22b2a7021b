"""Who gets the engine: requests and a finetuning job in one step, or one after the other."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from math import inf

import numpy as np

from headway.errors import ConfigError
from headway.serving.coserve.memory import Room
from headway.serving.coserve.tuning import NOTHING, Tuning, Window
from headway.serving.engine import Policy, View
from headway.serving.step_time import Shape, StepTime, as_native
from headway.serving.step_time.shape import FIELDS


class Sharing(Policy, ABC):
    """An engine's policy that also runs a finetuning job; requests are scheduled as by vLLM.

    Parameters
    ----------
    tuning
        The job.
    step_time
        What is believed about steps, as the engine's own.
    room
        Memory for activations.

    Attributes
    ----------
    ends_s
        When the latest step ends.
    peak_bytes
        Most activations kept at any time.
    """

    def __init__(self, tuning: Tuning, step_time: StepTime, room: Room) -> None:
        self.tuning, self.room = tuning, room
        self._native = as_native(step_time)
        self.ends_s = 0.0
        self.peak_bytes = 0.0

    def fill(self, view: View, shape: Shape) -> tuple[float, float]:
        """Return the job's part of a step."""
        window = self._run(view, shape)
        return window.tokens, window.pairs

    @abstractmethod
    def choose(self, view: View, shape: Shape, room_bytes: float) -> Window:
        """Return the job's part of a step beside requests.

        Parameters
        ----------
        view
            The engine when the step begins.
        shape
            The batch of requests; of nobody if there is none.
        room_bytes
            Memory that is free for activations.
        """

    def timer(self, shape: Shape) -> Callable[[Window], float]:
        """Return what tells how long a step with the batch and a window takes."""
        row = np.array([getattr(shape, name) for name in FIELDS], np.float64)
        tokens, pairs = FIELDS.index("extra_tokens"), FIELDS.index("extra_pairs")

        def seconds(window: Window) -> float:
            row[tokens], row[pairs] = window.tokens, window.pairs
            return float(self._native.seconds(row)[0])

        return seconds

    def _run(self, view: View, shape: Shape) -> Window:
        tuning = self.tuning
        allowed = self.room.allowed_bytes(view.free_blocks)
        tuning.shrink(allowed)
        window = self.choose(view, shape, allowed - tuning.held_bytes)
        self.ends_s = view.now_s + self.timer(shape)(window)
        if not tuning.goes_backward:
            forward = min(window.units, tuning.units_left)
            self.peak_bytes = max(self.peak_bytes, tuning.held_bytes + forward * tuning.kept_bytes)
        tuning.advance(window.units)
        return window


class CoServing(Sharing):
    """The hybrid token scheduler: as much finetuning in each step as its limit allows.

    Requests are given their tokens first; a step whose budget they use up is theirs alone, as more
    of them are held up. In any other the largest window with
    f(requests, window) ≤ `limit_s` is found by bisection on the step time itself, so that what is
    free while weights are being read is used, and no more.

    Parameters
    ----------
    tuning, step_time, room
        See `Sharing`.
    limit_s
        Longest step: the limit of the time per output token.
    most_tokens
        Longest window forward, tokens.
    most_layers
        Largest window backward, in layers of the whole sequence.

    Raises
    ------
    ConfigError
        If the limit is not positive.

    Notes
    -----
    O(log(window)) evaluations of the step time a step. The job can be stopped between any two
    steps without loss: windows keep all that later ones need.

    References
    ----------
    "FlexLLM: A System for Co-Serving Large Language Model Inference and Parameter-Efficient
    Finetuning" (2024).
    """

    name = "co-serving"

    def __init__(
        self,
        tuning: Tuning,
        step_time: StepTime,
        room: Room,
        *,
        limit_s: float = 0.05,
        most_tokens: int = 8192,
        most_layers: float = inf,
    ) -> None:
        super().__init__(tuning, step_time, room)
        if not limit_s > 0 or most_tokens < 1 or not most_layers > 0:
            raise ConfigError("co-serving: expected a limit, windows and layers above 0")
        self.limit_s, self.most_tokens, self.most_layers = limit_s, most_tokens, most_layers

    def choose(self, view: View, shape: Shape, room_bytes: float) -> Window:
        """Return the largest window within the limits of time and memory."""
        tuning = self.tuning
        if view.budget_left <= 0:
            return NOTHING
        most = tuning.units_left
        if tuning.goes_backward:
            most = int(
                min(most, self.most_layers * tuning.length, self.most_tokens * tuning.layers)
            )
        else:
            most = int(min(most, self.most_tokens, max(room_bytes, 0) // tuning.kept_bytes))
        seconds = self.timer(shape)
        fits, fails = 0, most + 1
        while fails - fits > 1:
            # The whole window first: mostly it is what is left of a direction, or the limit binds.
            middle = most if fails > most else (fits + fails) // 2
            if seconds(tuning.window(middle)) <= self.limit_s:
                fits = middle
            else:
                fails = middle
        return tuning.window(fits) if fits else NOTHING


class FixedTemporal(Sharing):
    """Taking turns: after so many steps for requests, a whole sequence of the job.

    Parameters
    ----------
    tuning, step_time, room
        See `Sharing`.
    every
        Steps for requests between two sequences.

    Notes
    -----
    The sequence runs in the step that follows; as weights are then read once, this is a little
    better than real turns.
    """

    def __init__(
        self, tuning: Tuning, step_time: StepTime, room: Room, *, every: int = 128
    ) -> None:
        super().__init__(tuning, step_time, room)
        if every < 1:
            raise ConfigError(f"every: expected 1 or more, got {every}")
        self.name = f"temporal, every {every}"
        self._every = self._left = every

    def choose(self, view: View, shape: Shape, room_bytes: float) -> Window:
        """Return a sequence if it is the job's turn, or nobody else is there."""
        del view
        tokens = shape.prefill_tokens + shape.decodes
        self._left -= 1
        if tokens and self._left > 0:
            return NOTHING
        window = _sequence(self.tuning, room_bytes)
        self._left = self._every
        return window


class DynamicTemporal(Sharing):
    """Taking turns when all who speak can spare the time that a sequence of the job takes.

    Parameters
    ----------
    tuning, step_time, room
        See `Sharing`.
    limit_s
        Limit of the time per output token.

    Notes
    -----
    The rule is ours: an answer of g tokens whose first came at t can spare limit · (g − 1) less the
    time since t. A sequence runs if after it no answer in progress is behind its limit, and no
    prompt is being computed; answers then keep the limit on average as long as steps are faster.
    """

    name = "temporal, dynamic"

    def __init__(
        self, tuning: Tuning, step_time: StepTime, room: Room, *, limit_s: float = 0.05
    ) -> None:
        super().__init__(tuning, step_time, room)
        if not limit_s > 0:
            raise ConfigError("dynamic: expected a limit above 0")
        self._limit_s = limit_s
        self._first_s: dict[int, float] = {}

    def choose(self, view: View, shape: Shape, room_bytes: float) -> Window:
        """Return a sequence if everybody can spare its time."""
        running = view.running
        spoken = running.generated_tokens
        now_s = view.now_s
        ids = running.ids.tolist()
        first_s = {
            k: self._first_s.get(k, now_s) for k, g in zip(ids, spoken.tolist(), strict=True) if g
        }
        self._first_s = first_s
        if shape.prefill_tokens:
            return NOTHING
        window = _sequence(self.tuning, room_bytes)
        if not shape.decodes:
            return window
        ends_s = now_s + self.timer(shape)(window)
        since = ends_s - np.array(list(first_s.values()))
        return window if np.all(since <= self._limit_s * spoken[spoken > 0]) else NOTHING


def _sequence(tuning: Tuning, room_bytes: float) -> Window:
    """Return the whole sequence at hand if its activations fit."""
    return tuning.whole() if tuning.length * tuning.kept_bytes <= room_bytes else NOTHING
