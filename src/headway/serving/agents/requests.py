"""Programs as requests of a fleet, each step coming after the answer to the one before."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from headway.errors import ConfigError
from headway.serving.agents.graphs import AgentGraph, Node
from headway.serving.agents.idle import Answer, Answers
from headway.serving.agents.programs import Floats, Ints, Programs, undisturbed
from headway.serving.agents.routing.hints import Hint
from headway.serving.agents.tools import TOOLS
from headway.serving.fleet import FleetRun, Follow
from headway.serving.results import Status
from headway.serving.workload import ServiceClass, Workload
from headway.serving.workload.conversations import Turns, shared_blocks


@dataclass(frozen=True, slots=True, eq=False)
class ProgramTraffic:
    """Programs as traffic.

    Attributes
    ----------
    programs
        The programs.
    workload
        Their steps: a session each, in the order in which they would come if nothing waited; the
        service class is the tenant. Arrivals of later steps are what they would be then.
    follow
        Which step waits for which.
    step
        Which step of `programs` each request is, shape (n_requests,).
    """

    programs: Programs
    workload: Workload
    follow: Follow
    step: Ints

    def completion_s(self, run: FleetRun) -> Floats:
        """Return from arrival to last token how long each program took, inf if it broke off.

        Shape (n_programs,).
        """
        last = self.programs.is_last[self.step]
        done = last & (run.requests.status == Status.FINISHED)
        took_s = np.full(len(self.programs), np.inf)
        whose = self.workload.session[done]
        took_s[whose] = run.requests.last_token_s[done] - self.programs.arrival_s[whose]
        return took_s

    def answers(self, *, signals: bool = True) -> Answers:
        """Return what reads answers as a gateway would, and knows the future for those who may.

        Parameters
        ----------
        signals
            Whether the last answer of a program tells that it is the last; all False is an agent
            that never says it.
        """
        tool = self.programs.tool[self.step].tolist()
        is_last = self.programs.is_last[self.step].tolist()
        tool_s = self.programs.tool_s[self.step].tolist()

        def read(request: int, at_s: float) -> Answer:
            next_s = math.inf if is_last[request] else at_s + tool_s[request]
            return Answer(tool[request], signals and is_last[request], next_s)

        return read


def as_traffic(
    programs: Programs, *, token_s: float = 0.02, block_tokens: int = 16
) -> ProgramTraffic:
    """Return programs as requests with the blocks that they share.

    Parameters
    ----------
    programs
        The programs.
    token_s
        Seconds per output token by which later steps are put in order; they come when they come.
    block_tokens
        Tokens per block.
    """
    begin_s = undisturbed(programs, token_s).begin_s
    step = np.lexsort((np.arange(len(begin_s)), begin_s))
    place = np.empty_like(step)
    place[step] = np.arange(len(step))
    session = programs.program[step]
    prompt, output = programs.prompt_tokens[step], programs.output_tokens[step]
    turns = Turns(session, begin_s[step], prompt, output)
    no_prefix = np.full(len(programs), -1, dtype=np.int64)
    nothing = np.zeros(0, dtype=np.int64)
    workload = Workload.of(
        name=programs.name,
        arrival_s=begin_s[step],
        prompt_tokens=prompt,
        output_tokens=output,
        service_class=programs.tenant[session],
        classes=[ServiceClass(name) for name in programs.tenants],
        session=session,
        blocks=shared_blocks(turns, no_prefix, nothing, len(programs), block_tokens),
    )
    before = np.maximum(step - 1, 0)
    is_first = programs.is_first[step]
    follow = Follow(
        np.where(is_first, -1, place[before]),
        np.where(is_first, 0.0, programs.tool_s[before]),
    )
    return ProgramTraffic(programs, workload, follow, step)


def told(
    programs: Programs,
    *,
    token_s: float = 0.02,
    prompt_token_s: float = 1e-4,
    slack: float = 1.5,
) -> Mapping[int, Hint]:
    """Return what frameworks that know their programs would tell at their beginning.

    Parameters
    ----------
    programs
        The programs.
    token_s, prompt_token_s
        Seconds per output token and per new prompt token on an engine that is alone with it.
    slack
        Deadline over the time that a program takes then.

    Raises
    ------
    ConfigError
        If a number is not above 0.
    """
    if min(token_s, prompt_token_s, slack) <= 0:
        raise ConfigError("told: expected numbers above 0")
    fresh = programs.prompt_tokens - programs.reusable_tokens
    runs_s = programs.output_tokens * token_s + fresh * prompt_token_s
    work_s = np.add.reduceat(runs_s, programs.offsets[:-1])
    tools_s = np.add.reduceat(programs.tool_s, programs.offsets[:-1])
    due_s = programs.arrival_s + slack * (work_s + tools_s)
    columns = (programs.steps.tolist(), work_s.tolist(), due_s.tolist())
    return {k: Hint(*row) for k, row in enumerate(zip(*columns, strict=True))}


def declared(
    programs: Programs, *, token_s: float = 0.02, prompt_token_s: float = 1e-4
) -> Mapping[int, AgentGraph]:
    """Return the graphs that clients would declare who know their programs to the last step.

    Parameters
    ----------
    programs
        The programs.
    token_s, prompt_token_s
        As for `told`.
    """
    fresh = programs.prompt_tokens - programs.reusable_tokens
    work_s = programs.output_tokens * token_s + fresh * prompt_token_s
    observed = np.append(fresh[1:], 0).clip(min=0)
    tools = [TOOLS.get(name) for name in programs.tools]
    # The last entry is for steps that call none, whose tool is -1.
    times = [None if tool is None else (tool.median_s, tool.p95_s) for tool in [*tools, None]]
    columns = (programs.tool.tolist(), work_s.tolist(), observed.tolist())
    nodes = [
        Node(tool=tool, work_s=work, observed_tokens=more, tool_s=times[tool])
        for tool, work, more in zip(*columns, strict=True)
    ]
    cuts = pairwise(programs.offsets.tolist())
    return {k: AgentGraph.chain(nodes[begin:end]) for k, (begin, end) in enumerate(cuts)}
