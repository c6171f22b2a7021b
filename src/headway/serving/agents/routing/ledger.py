"""What a gateway knows of programs and engines from what it has sent and heard itself."""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from headway.serving.agents.graphs import Forecast
from headway.serving.agents.routing.hints import Hint
from headway.serving.fleet.routing.orders import Whose, of_class
from headway.serving.fleet.view import ClusterView, Floats, RequestView

SESSIONS = 100_000
"""Programs that are remembered."""

IDLE_S = 1800.0
"""A program that was not heard of for so long has ended without a word."""

NOWHERE = -1

SLACK = 1.5
"""When a program is due that was foreseen and not told: its expected time so many times."""


@dataclass(slots=True)
class Program:
    """What is known of a program.

    Attributes
    ----------
    session
        Its number.
    tenant
        Whose it is: by default, the service class of its requests.
    home
        The engine that served it last, -1 if none has.
    tokens
        Its context: of its last prompt and answer, or of the prompt that waits.
    heard_s
        When it was last heard of.
    steps
        Answers that it got.
    moved_s
        When it last changed its home.
    running
        Whether a request of it is in an engine.
    is_paused
        Whether its next request is to wait, whatever room there is.
    hint
        What its framework told, if anything.
    foreseen_s, due_s
        Seconds of an engine that it still needs and when it should be done, as execution graphs
        foresee it; 0 if they do not.
    foreseen_tokens
        What they foresee of its context, in the mean of the steps to come.
    is_final
        Whether its last answer has come.
    """

    session: int
    tenant: Whose
    home: int = NOWHERE
    tokens: int = 0
    heard_s: float = 0.0
    steps: int = 0
    moved_s: float = -np.inf
    running: bool = False
    is_paused: bool = False
    hint: Hint | None = None
    foreseen_s: float = 0.0
    due_s: float = 0.0
    foreseen_tokens: float = 0.0
    is_final: bool = False

    @property
    def deadline_s(self) -> float:
        """When it should be done, 0 if nobody knows."""
        return self.due_s if self.hint is None else self.hint.deadline_s

    @property
    def is_over(self) -> bool:
        """Whether it has done all steps that it was said to do, or has said that it is done."""
        return self.is_final or (self.hint is not None and self.steps >= self.hint.steps)

    @property
    def work_left_s(self) -> float:
        """Seconds of an engine that it still needs; each step alike if only their sum was told."""
        if self.hint is None:
            return self.foreseen_s
        return self.hint.work_s * max(1 - self.steps / self.hint.steps, 0.0)


@dataclass(slots=True)
class Waiting:
    """A request that waits at the gateway."""

    request: RequestView
    program: Program
    since_s: float
    tokens: int
    """Its prompt and what its answer is expected to be."""


class Ledger:
    """Programs, their requests that wait or run, and the room that is left on engines.

    Requests without a session are programs of one request.

    Parameters
    ----------
    hints
        What is told of programs, by session.
    tenant
        Whose a request is.
    """

    def __init__(
        self, hints: Mapping[int, Hint], tenant: Callable[[RequestView], Whose] = of_class
    ) -> None:
        self._hints = hints
        self._tenant_of = tenant
        self._programs: OrderedDict[int, Program] = OrderedDict()
        self._sent: dict[int, tuple[Program, int, int]] = {}
        self._held: dict[int, int] = {}
        self._answer_tokens = 0.0
        self._answers = 0
        self._gap_s: dict[int, float] = {}
        self._ended_s: dict[int, float] = {}
        self.waiting: dict[int, Waiting] = {}

    def programs(self) -> Iterator[Program]:
        """Yield all that are remembered and have not ended."""
        yield from (one for one in self._programs.values() if not one.is_over)

    def comes(self, now_s: float, request: RequestView) -> Waiting:
        """Return the entry of a request that waits, made if it is new."""
        found = self.waiting.get(request.number)
        if found is None:
            program = self._program(now_s, request)
            program.tokens = request.prompt_tokens
            answer = min(int(self._answer_tokens), request.limit_tokens)
            found = Waiting(request, program, now_s, request.prompt_tokens + answer)
            self.waiting[request.number] = found
        found.request, found.program.heard_s = request, now_s
        return found

    def sent(self, now_s: float, entry: Waiting, engine: int) -> None:
        """Note that a request has gone to an engine."""
        number, program = entry.request.number, entry.program
        self.waiting.pop(number)
        if program.home not in (NOWHERE, engine):
            program.moved_s = now_s
        program.home, program.running, program.heard_s = engine, True, now_s
        self._sent[number] = program, entry.tokens, entry.request.prompt_tokens
        self._held[engine] = self._held.get(engine, 0) + entry.tokens

    def ended(self, number: int, engine: int, output_tokens: int, at_s: float) -> Program | None:
        """Note that a request has left an engine, or the queue; return its program."""
        self.waiting.pop(number, None)
        program, tokens, prompt_tokens = self._sent.pop(number, (None, 0, 0))
        if program is None:
            return None
        self._held[engine] -= tokens
        program.running, program.heard_s = False, at_s
        if output_tokens:
            program.steps += 1
            program.tokens = prompt_tokens + output_tokens
            self._answers += 1
            weight = max(0.01, 1 / self._answers)
            self._answer_tokens += weight * (output_tokens - self._answer_tokens)
            self._learn_gap(engine, at_s)
        if program.is_over or program.session < 0:
            self._programs.pop(program.session, None)
        return program

    def final(self, number: int) -> None:
        """Note that a request in an engine is the last one of its program."""
        if number in self._sent:
            self._sent[number][0].is_final = True

    def gone(self, engine: int) -> None:
        """Note that an engine has lost all contexts: their programs may go on anywhere."""
        for program in self._programs.values():
            if program.home == engine:
                program.home = NOWHERE
        self._gap_s.pop(engine, None)
        self._ended_s.pop(engine, None)

    def held_tokens(self, cluster: ClusterView) -> Floats:
        """Return what requests that we have sent to engines hold there, shape (m,)."""
        held = self._held
        return np.array([held.get(k, 0) for k in range(len(cluster.engines))], dtype=np.float64)

    def foreseen_tokens(self, cluster: ClusterView) -> Floats:
        """Return what the programs of each engine will hold, as far as it is foreseen."""
        held = np.zeros(len(cluster.engines))
        for program in self.programs():
            if program.home != NOWHERE:
                held[program.home] += max(program.foreseen_tokens, program.tokens)
        return held

    def foresee(self, now_s: float, program: Program, forecast: Forecast) -> None:
        """Note what is expected of a program."""
        if math.isnan(forecast.steps_left):
            return
        tool_s = 0.0 if math.isnan(forecast.mu) else math.exp(forecast.mu)
        program.foreseen_s = 0.0 if math.isnan(forecast.work_left_s) else forecast.work_left_s
        if not program.due_s:
            program.due_s = now_s + SLACK * (program.foreseen_s + forecast.steps_left * tool_s)
        grown = 0.0 if math.isnan(forecast.grown_tokens) else forecast.grown_tokens
        grows = forecast.steps_left * (grown + self._answer_tokens)
        program.foreseen_tokens = program.tokens + grows / 2

    def gap_s(self, engine: int) -> float:
        """Return the mean time between two answers of an engine, 0 if it has given none."""
        return self._gap_s.get(engine, 0.0)

    def _learn_gap(self, engine: int, at_s: float) -> None:
        before_s = self._ended_s.get(engine)
        self._ended_s[engine] = at_s
        if before_s is not None:
            gap_s = self._gap_s.get(engine, at_s - before_s)
            self._gap_s[engine] = gap_s + 0.1 * (at_s - before_s - gap_s)

    def _program(self, now_s: float, request: RequestView) -> Program:
        if request.session < 0:
            return Program(request.session, self._tenant_of(request))
        found = self._programs.pop(request.session, None)
        if found is None:
            hint = self._hints.get(request.session)
            tenant = self._tenant_of(request)
            found = Program(request.session, tenant, heard_s=now_s, hint=hint)
        # Last heard of, last in line: those at the front are forgotten first.
        self._programs[request.session] = found
        self._forget(now_s)
        return found

    def _forget(self, now_s: float) -> None:
        while True:
            oldest = next(iter(self._programs.values()))
            gone = now_s - oldest.heard_s > IDLE_S and not (oldest.running or oldest.is_paused)
            if not gone and len(self._programs) <= SESSIONS:
                return
            self._programs.popitem(last=False)
