"""Programs drawn at random: the coding and browsing agents of SAGA's study, and tenants."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np

from headway.errors import ConfigError
from headway.serving.agents.programs import NO_TOOL, Programs
from headway.serving.agents.tools import TOOLS
from headway.simulate import Streams


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentKind:
    """What programs of one kind have in common.

    Steps and what tools return are Gamma distributed with shape 2, first prompts and outputs
    uniform.

    Parameters
    ----------
    name
        What tables call it.
    mean_steps, most_steps
        Mean of the distribution, and where it is cut.
    first_prompt, output
        Smallest and largest number of tokens.
    mean_observation
        Tokens that a tool returns.
    tools
        How often each tool is called; shares that sum to 1.
    """

    name: str
    mean_steps: float
    most_steps: int
    first_prompt: tuple[int, int]
    output: tuple[int, int]
    mean_observation: float
    tools: Mapping[str, float] = field(hash=False)

    def __post_init__(self) -> None:
        if unknown := set(self.tools) - set(TOOLS):
            raise ConfigError(f"{self.name}: unknown tools {', '.join(sorted(unknown))}")
        if abs(sum(self.tools.values()) - 1) > 1e-9 or min(self.tools.values()) < 0:
            raise ConfigError(f"{self.name}: shares of tools must sum to 1")


SWE_BENCH = AgentKind(
    name="swe-bench",
    mean_steps=37,
    most_steps=150,
    first_prompt=(2000, 4000),
    output=(100, 500),
    mean_observation=350,
    tools={"code": 0.45, "file": 0.40, "web": 0.10, "database": 0.05},
)
WEB_ARENA = AgentKind(
    name="web-arena",
    mean_steps=18,
    most_steps=80,
    first_prompt=(4000, 8000),
    output=(50, 200),
    mean_observation=800,
    tools={"web": 0.75, "file": 0.15, "code": 0.05, "database": 0.05},
)


@dataclass(frozen=True, slots=True)
class Tenant:
    """Who sends programs.

    Parameters
    ----------
    name
        Of the tenant.
    mean_steps
        Of its programs.
    per_minute
        Its programs that come in a minute, in the mean.
    """

    name: str
    mean_steps: float
    per_minute: float


TENANTS = (
    *(Tenant(f"heavy-{k}", 100, 16) for k in range(3)),
    *(Tenant(f"medium-{k}", 30, 8) for k in range(4)),
    *(Tenant(f"light-{k}", 10, 4) for k in range(3)),
)
"""Ten tenants of SAGA's study of fairness."""


def draw(
    kind: AgentKind, n: int, *, per_minute: float = 8.0, tools_times: float = 1.0, seed: int = 0
) -> Programs:
    """Return programs of one kind that come as a Poisson process.

    Parameters
    ----------
    kind
        Such as `SWE_BENCH` or `WEB_ARENA`.
    n
        Number of programs.
    per_minute
        Arrivals in a minute, in the mean.
    tools_times
        How many times as long tools take.
    seed
        Of all that is random.

    Raises
    ------
    ConfigError
        If a number is not above 0.

    Examples
    --------
    >>> draw(WEB_ARENA, 10, seed=1)
    <Programs 'web-arena': 10 of 170 steps>
    """
    everybody = (Tenant("all", kind.mean_steps, per_minute),)
    return draw_tenants(kind, [n], tenants=everybody, tools_times=tools_times, seed=seed)


def draw_tenants(
    kind: AgentKind,
    n: Sequence[int],
    *,
    tenants: Sequence[Tenant] = TENANTS,
    rate_times: float = 1.0,
    tools_times: float = 1.0,
    seed: int = 0,
) -> Programs:
    """Return programs of several tenants, whose programs differ in their number of steps.

    Parameters
    ----------
    kind
        What the programs have in common.
    n
        Programs of each tenant.
    tenants
        Who sends them.
    rate_times
        How many times as fast all come.
    tools_times, seed
        As for `draw`.

    Raises
    ------
    ConfigError
        If a number is not above 0, or `n` does not fit the tenants.
    """
    if len(n) != len(tenants) or min(n, default=0) < 1:
        raise ConfigError("n: expected a number of programs, at least 1, for each tenant")
    if not (rate_times > 0 and tools_times > 0 and all(who.per_minute > 0 for who in tenants)):
        raise ConfigError("rates and tools_times must be above 0")
    luck = Streams(seed)
    arrival_s, steps = [], []
    for number, (count, who) in enumerate(zip(n, tenants, strict=True)):
        gaps_s = luck.of("arrivals", number).exponential(60 / who.per_minute / rate_times, count)
        arrival_s.append(np.cumsum(gaps_s))
        drawn = luck.of("steps", number).gamma(2, who.mean_steps / 2, count)
        steps.append(np.clip(np.rint(drawn), 1, kind.most_steps).astype(np.int64))
    order = np.argsort(np.concatenate(arrival_s), kind="stable")
    tenant = np.repeat(np.arange(len(tenants)), n)[order]
    offsets = np.concatenate([[0], np.cumsum(np.concatenate(steps)[order])])
    return _say(
        kind,
        luck,
        offsets,
        tools_times,
        arrival_s=np.concatenate(arrival_s)[order],
        tenant=tenant,
        tenants=tuple(who.name for who in tenants),
    )


def _say(
    kind: AgentKind,
    luck: Streams,
    offsets: np.ndarray[tuple[int], np.dtype[np.int64]],
    tools_times: float,
    **who: object,
) -> Programs:
    """Return programs with what is said in their steps and by their tools."""
    n, total = len(offsets) - 1, int(offsets[-1])
    first = luck.of("first prompts").integers(*kind.first_prompt, n, endpoint=True)
    output = luck.of("outputs").integers(*kind.output, total, endpoint=True)
    seen = luck.of("observations").gamma(2, kind.mean_observation / 2, total)
    observed = np.maximum(np.rint(seen), 1).astype(np.int64)
    names = tuple(kind.tools)
    tool = luck.of("tools").choice(len(names), total, p=list(kind.tools.values()))
    z = luck.of("latencies").standard_normal(total)
    mu = np.array([TOOLS[name].mu for name in names])[tool]
    sigma = np.array([TOOLS[name].sigma for name in names])[tool]
    tool_s = tools_times * np.exp(mu + sigma * z)
    tool[offsets[1:] - 1] = NO_TOOL
    tool_s[offsets[1:] - 1] = 0.0
    prompt = np.zeros(total, dtype=np.int64)
    for start, (begin, end) in zip(first.tolist(), pairwise(offsets.tolist()), strict=True):
        grown = np.cumsum((output + observed)[begin : end - 1])
        prompt[begin:end] = start + np.concatenate([[0], grown])
    return Programs(
        name=kind.name,
        offsets=offsets,
        prompt_tokens=prompt,
        output_tokens=output,
        tool=tool,
        tool_s=tool_s,
        tools=names,
        **who,  # type: ignore[arg-type]
    )
