"""An engine: requests go in, steps are made, and policies are asked where they wish to be."""

from __future__ import annotations

import math
import time
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from headway import _core
from headway.errors import ConfigError, HeadwayError
from headway.serving.engine.config import EngineConfig
from headway.serving.engine.policy import Policy
from headway.serving.engine.visible import Floats, Ints, View, Visible
from headway.serving.results import EngineRun, Requests, Speech, Status, Steps
from headway.serving.step_time import Shape, StepTime, as_native
from headway.serving.workload import Workload

_STEPS_PER_LOOK = 200_000
"""Steps between two looks at the keyboard."""

_QUESTIONS = ("admit", "budget", "victim", "fill")


class Engine:
    """One inference engine with continuous batching, simulated from event to event.

    Parameters
    ----------
    workload
        The traffic.
    config
        How batches are formed and the cache is kept.
    step_time
        How long a step takes.
    policy
        Who decides where the engine's own rules shall not.
    seed
        Noted in the results; the engine itself knows no chance.
    outcome
        Where to write what becomes of requests, if engines of a fleet share it.
    seen
        What policies that are not clairvoyant may see of the workload, if engines share it.

    Raises
    ------
    ConfigError
        If the blocks of the workload's prefixes and those of the engine do not fit together, or
        the policy's keys are not one number per request.

    Notes
    -----
    A step costs O(batch) where the batch changes and O(1) where the same sequences go on speaking;
    10 million steps take some seconds. Memory: some 150 bytes per request and 44 per step.
    """

    def __init__(
        self,
        workload: Workload,
        config: EngineConfig,
        step_time: StepTime,
        policy: Policy | None = None,
        *,
        seed: int = 0,
        outcome: _core.Outcome | None = None,
        seen: Visible | None = None,
    ) -> None:
        self.workload = workload
        self.config = config
        self.policy = Policy() if policy is None else policy
        self.seed = seed
        if seen is None or self.policy.clairvoyant:
            seen = Visible.of(workload, clairvoyant=self.policy.clairvoyant)
        self._outcome = outcome or _core.Outcome(len(workload))
        overridden = {name: _overrides(self.policy, name) for name in _QUESTIONS}
        self.native = _core.Engine(
            _traffic(workload, _keys(self.policy, seen), config),
            self._outcome,
            config.native()
            | {f"ask_{name}": asked for name, asked in overridden.items()}
            | {"admit_every": _every(self.policy)},
            as_native(step_time),
        )
        self._view = View(self.native, seen, config.blocks, config.block_tokens)
        self._learns = _overrides(self.policy, "finished")

    @property
    def now_s(self) -> float:
        """The instant that the engine has come to."""
        return self.native.now_s

    @property
    def next_s(self) -> float:
        """When something happens next; infinite if nothing does."""
        return self.native.next_s

    def submit(self, requests: Sequence[int] | Ints, at_s: Sequence[float] | Floats) -> None:
        """Let requests arrive at these times, none of which is past.

        Raises
        ------
        ConfigError
            If a time is past.
        """
        times = np.ascontiguousarray(at_s, dtype=np.float64)
        if len(times) and not times.min() >= self.now_s:
            raise ConfigError(f"arrival at {times.min():g} s: it is {self.now_s:g} s already")
        self.native.submit(np.ascontiguousarray(requests, dtype=np.int64), times)

    def keep(self, requests: Sequence[int] | Ints, worths: Sequence[float] | Floats) -> None:
        """Say what is worth keeping of the cache that nobody holds at the moment.

        Blocks belong to the request that has let them go last. When room is needed, those of the
        least worthy request go first, its last ones at the head; of equals the least recently used.
        A request that nothing was said of is worth more than any other, and what was said is
        forgotten with the last of its blocks.

        Parameters
        ----------
        requests
            Requests that are not running here; what is said of others comes to nothing.
        worths
            A number for each, infinite if need be.

        Raises
        ------
        ConfigError
            If there is no such request, or a worth is not a number.

        Notes
        -----
        O(log k) for each request, and from the first call on for each block that is taken, with k
        requests that have left blocks.
        """
        try:
            self.native.keep(
                np.ascontiguousarray(requests, dtype=np.int64),
                np.ascontiguousarray(worths, dtype=np.float64),
            )
        except ValueError as error:
            raise ConfigError(str(error)) from error

    def warm(self, request: int, tokens: int, at_s: float) -> bool:
        """Compute the beginning of a request before anybody asks for it, unless there is work.

        It is computed in steps of the token budget, from what is cached already up to the last full
        block that others can find, and stays in the cache as what the request has let go. The first
        request that comes ends it with the step under way. Its steps are recorded with
        `extra_tokens`, and take the time of a prefill.

        Parameters
        ----------
        request
            Whose prompt and answer begin so.
        tokens
            Of them.
        at_s
            When it may begin.

        Returns
        -------
        bool
            Whether it begins: not if the engine is busy, if nothing is missing, or if its settings
            have no place for it (pipelines, closed loops, static batches, no prefix cache).

        Raises
        ------
        ConfigError
            If there is no such request, or the time is past.
        """
        try:
            return self.native.warm(request, tokens, at_s)
        except (IndexError, ValueError) as error:
            raise ConfigError(str(error)) from error

    def advance(self, until_s: float = math.inf) -> None:
        """End steps up to a time and begin steps before it.

        Raises
        ------
        ConfigError
            If the duration of a step is negative, not finite, or too short for the clock; or if
            the policy gives an answer that cannot be.
        """
        while (ask := self._advance(until_s)) != _core.Ask.NOTHING:
            if ask != _core.Ask.PAUSE:
                self.answer(ask)
        self._tell()

    def run(self) -> EngineRun:
        """Let all requests arrive at their times, and return what came of them.

        Raises
        ------
        ConfigError
            If the policy leaves requests waiting for ever.
        """
        begin = time.process_time()
        self.submit(np.arange(len(self.workload)), self.workload.arrival_s)
        self.advance()
        waiting = self.native.waiting()
        if len(waiting):
            raise ConfigError(
                f"policy {self.policy.name}: {len(waiting)} requests wait for ever, the first is"
                f" number {waiting[0]}: it is admitted by nobody though nothing runs"
            )
        return self.result(cpu_s=time.process_time() - begin)

    def result(self, *, cpu_s: float = math.nan) -> EngineRun:
        """Return what has happened so far, checked; steps that are under way are left out."""
        steps = self.native.steps()
        n_ended = int(np.searchsorted(steps["end_s"], self.now_s, side="right"))
        return EngineRun(
            workload=self.workload,
            config=self.config,
            requests=Requests(**self._outcome.columns()),
            steps=Steps(**{name: column[:n_ended] for name, column in steps.items()}),
            speech=Speech(**self.native.segments()),
            policy=self.policy.name,
            seed=self.seed,
            cpu_s=cpu_s,
            clairvoyant=self.policy.clairvoyant,
            may_idle=_overrides(self.policy, "admit")
            or _overrides(self.policy, "budget")
            or self.config.host_blocks > 0,
        )

    def answer(self, ask: _core.Ask) -> None:
        """Let the policy answer a question that the native engine stopped for.

        Raises
        ------
        ConfigError
            If the policy fails, or its answer cannot be; says where.
        """
        self._tell()
        with _blamed(self.policy, ask.name.lower()):
            self._answer(ask)

    def tell(self, request: int, output_tokens: int) -> None:
        """Let the policy learn from an answer that has come to its end.

        Raises
        ------
        ConfigError
            If the policy fails; says where.
        """
        with _blamed(self.policy, "finished"):
            self.policy.finished(request, output_tokens)

    def _advance(self, until_s: float) -> _core.Ask:
        try:
            return self.native.advance(until_s, _STEPS_PER_LOOK)
        except ValueError as error:
            raise ConfigError(str(error)) from error

    def _answer(self, ask: _core.Ask) -> None:
        native, policy, view = self.native, self.policy, self._view
        if ask == _core.Ask.ADMIT:
            native.answer_admit(np.ascontiguousarray(policy.admit(view), dtype=np.int64))
        elif ask == _core.Ask.BUDGET:
            native.answer_budget(policy.budget(view))
        elif ask == _core.Ask.VICTIM:
            native.answer_victim(policy.victim(view, native.grower))
        else:
            native.answer_fill(*policy.fill(view, Shape(*native.shape())))

    def _tell(self) -> None:
        """Let the policy learn from the answers that have come to their ends."""
        if self._learns:
            ended = self.native.take_ended()
            answered = ended["status"] == Status.FINISHED
            for request, tokens in zip(
                ended["request"][answered].tolist(),
                ended["generated"][answered].tolist(),
                strict=True,
            ):
                self.tell(request, tokens)


@contextmanager
def _blamed(policy: Policy, question: str) -> Iterator[None]:
    """Say which policy failed, at what and where, whatever the class of somebody else raises."""
    try:
        yield
    except HeadwayError:
        raise
    except Exception as error:
        raise ConfigError(f"policy {policy.name}: {question}: {_where(error)}") from error


def _where(error: Exception) -> str:
    """Return what went wrong in a policy, and in which line of which file."""
    deepest = traceback.extract_tb(error.__traceback__)[-1]
    what = str(error).partition("\n")[0]
    return f"{type(error).__name__}: {what} ({Path(deepest.filename).name}:{deepest.lineno})"


def _overrides(policy: Policy, name: str) -> bool:
    return getattr(type(policy), name) is not getattr(Policy, name)


def _every(policy: Policy) -> int:
    if policy.every < 1:
        raise ConfigError(f"policy {policy.name}: every: expected at least 1, got {policy.every}")
    return policy.every


def _keys(policy: Policy, seen: Visible) -> Floats:
    with _blamed(policy, "key"):
        keys = np.ascontiguousarray(policy.key(seen), dtype=np.float64)
    if keys.shape != seen.arrival_s.shape or np.isnan(keys).any():
        raise ConfigError(f"policy {policy.name}: key must return one number for each request")
    return keys


def _traffic(workload: Workload, keys: Floats, config: EngineConfig) -> _core.Traffic:
    blocks = workload.cache_blocks
    if blocks is not None:
        sizes = blocks.block_tokens, config.block_tokens
        if max(sizes) % min(sizes):
            raise ConfigError(
                f"block_tokens: {config.block_tokens} does not fit the prefixes, which are named in"
                f" blocks of {blocks.block_tokens} tokens: one must divide the other"
            )
    nothing = np.empty(0, dtype=np.int64)
    return _core.Traffic(
        workload.arrival_s,
        workload.prompt_tokens,
        workload.output_tokens,
        workload.limit_tokens,
        workload.priority,
        keys,
        nothing if blocks is None else blocks.ids,
        nothing if blocks is None else blocks.offsets,
        0 if blocks is None else blocks.block_tokens,
    )
