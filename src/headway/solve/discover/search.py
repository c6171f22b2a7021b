"""The loop: propose, try, keep, until a limit is reached."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from queue import SimpleQueue
from typing import Self

import numpy as np

from headway.errors import ConfigError
from headway.solve.discover.database import Database, Sampling, Signature
from headway.solve.discover.program import START, Program, ProgramError
from headway.solve.discover.proposer import GeneticProposer, Proposer
from headway.solve.discover.sandbox import Limits, Sandbox
from headway.solve.result import Stop
from headway.solve.single.classes import FACTORS, Instance, draw_all

TRAINING_FACTORS = (*FACTORS, 1.0)
_PROBES = 64


@dataclass(frozen=True, slots=True)
class Settings:
    """How the search goes about it.

    Parameters
    ----------
    islands
        Islands of the database.
    sampling
        How parents are drawn from an island.
    variants
        Programs asked for at a time.
    prompts
        Times that parents are drawn, and variants asked for, in one round. Programs of one round
        are tried side by side and registered in order, so that the number of workers changes
        nothing.
    reset_every
        Rounds after which the worse half of the islands starts again.
    instances, jobs
        Number of training instances, and of jobs in each.
    limits
        What one run of a program may use.
    """

    islands: int = 10
    sampling: Sampling = field(default_factory=Sampling)
    variants: int = 4
    prompts: int = 8
    reset_every: int = 100
    instances: int = 500
    jobs: int = 25
    limits: Limits = field(default_factory=Limits)

    def __post_init__(self) -> None:
        for name in ("islands", "variants", "prompts", "reset_every", "instances", "jobs"):
            if getattr(self, name) < 1:
                raise ConfigError(f"{name}: expected at least 1, got {getattr(self, name)}")


@dataclass(frozen=True, slots=True)
class Step:
    """A moment of the search.

    Attributes
    ----------
    time_s
        Seconds since it began.
    round
        Rounds done.
    proposed, tried, refused
        Programs proposed so far; those that ran on the training instances, being new; those that
        were stopped at the gate, broke a limit or failed.
    best
        The best program.
    improved
        Whether it is new.
    """

    time_s: float
    round: int
    proposed: int
    tried: int
    refused: int
    best: Program
    improved: bool


def discover(
    *,
    start: Sequence[str] = ("EDD", "MDD"),
    rounds: int | None = None,
    time_limit_s: float = math.inf,
    seed: int = 0,
    workers: int = 1,
    proposer: Proposer | None = None,
    settings: Settings | None = None,
    stop: Stop | None = None,
    on_step: Callable[[Step], None] | None = None,
) -> Step:
    """Search for a rule that orders jobs on one machine with little total tardiness.

    Parameters
    ----------
    start
        Names in `START`, or programs.
    rounds, time_limit_s
        Limits; with neither, the search goes on until `stop` is set or it is interrupted. Programs
        that still run when the time is up are ended; a proposer is not.
    seed
        Seed of instances and of all choices. The same seed and number of rounds give the same
        program, whatever the number of workers, unless the proposer has a will of its own.
    workers
        Programs tried at the same time.
    proposer
        Who proposes; `GeneticProposer` by default.
    settings
        How to go about it.
    stop
        Flag to look at.
    on_step
        Called after each round.

    Returns
    -------
    Step
        The last one; its `best` is what was found. Ctrl-C ends the search and keeps it.

    Examples
    --------
    >>> small = Settings(instances=25, jobs=8, islands=2, prompts=1)
    >>> discover(start=["EDD"], rounds=1, settings=small).round
    1
    """
    settings = settings or Settings()
    if not time_limit_s >= 0:
        raise ConfigError(f"time_limit_s: expected a number from 0 up, got {time_limit_s!r}")
    began = time.perf_counter()
    with _Jury(settings, seed, workers) as jury:
        first = [jury.admitted(START.get(name, name)) for name in start]
        run = _Run(settings, Database(first, settings.islands, settings.sampling), jury, seed)
        step = run.step(0, began, improved=True)
        left = min(max(time_limit_s - step.time_s, 0.0), threading.TIMEOUT_MAX)
        alarm = threading.Timer(left, jury.end)
        alarm.daemon = True
        alarm.start()
        try:
            while not (
                (rounds is not None and step.round >= rounds)
                or step.time_s >= time_limit_s
                or (stop is not None and stop.is_set())
            ):
                known = run.database.best
                run.round(proposer or GeneticProposer(), step.round + 1)
                better = run.database.best.value < known.value
                step = run.step(step.round + 1, began, improved=better)
                if on_step is not None:
                    on_step(step)
        except KeyboardInterrupt:
            step = run.step(step.round, began, improved=False)
        finally:
            alarm.cancel()
    return step


class _Run:
    """The state of one search between rounds."""

    def __init__(self, settings: Settings, database: Database, jury: _Jury, seed: int) -> None:
        self.database = database
        self._settings = settings
        self._jury = jury
        self._rng = np.random.default_rng([seed, 1])
        self._proposed = 0

    def round(self, proposer: Proposer, number: int) -> None:
        """Draw parents, ask for programs, try them, and register them where they come from."""
        homes, texts = [], []
        for _ in range(self._settings.prompts):
            if self._jury.ended:
                break
            home = self.database.islands[self._rng.integers(len(self.database.islands))]
            parents = home.sample(self.database.sampling, self._rng)
            for text in proposer(parents, self._settings.variants, self._rng):
                homes.append(home)
                texts.append(text)
        self._proposed += len(texts)
        for home, program in zip(homes, self._jury.judged(texts), strict=True):
            if program is not None:
                home.add(program)
        if number % self._settings.reset_every == 0:
            self.database.reset_worse_half(self._rng)

    def step(self, number: int, began: float, *, improved: bool) -> Step:
        """Return where the search is."""
        return Step(
            time.perf_counter() - began,
            number,
            self._proposed,
            self._jury.tried,
            self._jury.refused,
            self.database.best,
            improved,
        )


class _Jury:
    """Sandboxes that try programs side by side, and a memory of what behaves how."""

    def __init__(self, settings: Settings, seed: int, workers: int) -> None:
        if workers < 1:
            raise ConfigError(f"workers: expected at least 1, got {workers}")
        # More than there are programs in a round would have nothing to do.
        workers = min(workers, settings.prompts * settings.variants)
        instances = training(seed, settings.instances, settings.jobs)
        rng = np.random.default_rng([seed, 2])
        probes = rng.permutation(len(instances))[:_PROBES]
        sets = {"probes": [instances[k] for k in probes], "training": instances}
        self._sandboxes = [Sandbox(sets, settings.limits) for _ in range(workers)]
        self._free: SimpleQueue[Sandbox] = SimpleQueue()
        for sandbox in self._sandboxes:
            self._free.put(sandbox)
        self._pool = ThreadPoolExecutor(workers)
        self._signatures: dict[str, Signature | None] = {}
        self._values: dict[Signature, float] = {}
        self.refused = 0
        self.ended = False

    @property
    def tried(self) -> int:
        """How many programs ran on the training instances."""
        return len(self._values)

    def admitted(self, text: str) -> Program:
        """Return a program to start from.

        Raises
        ------
        ProgramError
            If it does not pass the gate, breaks a limit or fails.
        """
        self._run(text, "probes")
        (program,) = self.judged([text])
        if program is None:
            raise ProgramError("a program to start from fails on the training instances")
        return program

    def judged(self, texts: Sequence[str]) -> list[Program | None]:
        """Return what became of each text: a program with its value, or None.

        Text that was seen before is not run again; of programs that behave the same on the probes
        only the first runs on all training instances.
        """
        new = list(dict.fromkeys(text for text in texts if text not in self._signatures))
        for text, totals in zip(new, self._all(new, "probes"), strict=True):
            self._signatures[text] = None if totals is None else tuple(totals)
        first: dict[Signature, str] = {}
        for text in new:
            signature = self._signatures[text]
            if signature is not None and signature not in self._values:
                first.setdefault(signature, text)
        for (signature, text), totals in zip(
            first.items(), self._all(list(first.values()), "training"), strict=True
        ):
            if totals is None:
                self._signatures[text] = None
            else:
                self._values[signature] = sum(totals) / len(totals)
        return [self._program(text) for text in texts]

    def _program(self, text: str) -> Program | None:
        signature = self._signatures[text]
        if signature is None or signature not in self._values:
            return None
        return Program(text, signature, self._values[signature])

    def _all(self, texts: list[str], on: str) -> list[list[int] | None]:
        return list(self._pool.map(lambda text: self._try(text, on), texts))

    def _try(self, text: str, on: str) -> list[int] | None:
        try:
            return self._run(text, on)
        except ProgramError:
            self.refused += not self.ended  # else it is not the program that failed
            return None

    def end(self) -> None:
        """End all programs that run; none is tried any more. May be called from any thread."""
        self.ended = True
        for sandbox in self._sandboxes:
            sandbox.kill()

    def _run(self, text: str, on: str) -> list[int]:
        sandbox = self._free.get()
        try:
            return sandbox.run(text, on)
        finally:
            self._free.put(sandbox)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.end()
        self._pool.shutdown(cancel_futures=True)
        for sandbox in self._sandboxes:
            sandbox.close()


def training(seed: int, count: int, jobs: int) -> list[Instance]:
    """Return training instances: every class in turn, until there are enough."""
    classes = len(TRAINING_FACTORS) * 5
    per_class = math.ceil(count / classes)
    drawn = draw_all(seed, jobs, per_class, factors=TRAINING_FACTORS)
    # One of each class, then a second one of each, and so on.
    return [drawn[c * per_class + k] for k in range(per_class) for c in range(classes)][:count]
