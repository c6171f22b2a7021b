"""Requests, costs and policies to try, and what must hold of every run."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf

import numpy as np
from hypothesis import strategies as st

from headway.serving.prefill import (
    ORDERS,
    Alone,
    Fill,
    Guards,
    Load,
    NoisyFitting,
    Operators,
    PrefillPolicy,
    PrefillRequests,
    PrefillRun,
    PrefillWork,
    QuadraticWork,
    SloAware,
)

WORK = QuadraticWork(layers=4)


@dataclass(frozen=True)
class UnitWork:
    """A second per token, one operator each; each pass stands for itself and nothing else."""

    def seconds(self, load: Load) -> float:
        return load.tokens * 1.0

    def operators(self, load: Load) -> Operators:
        return Operators((), (1.0,), int(load.tokens), ())


def longest_layer_s(one_pass: Operators) -> float:
    """Return the longest stretch between two boundaries of layers."""
    return max(map(sum, (one_pass.before_s, one_pass.layer_s, one_pass.after_s)))


@st.composite
def requests(draw: st.DrawFn, most: int = 12) -> PrefillRequests:
    """Prompts of very different lengths whose limits are tight or loose."""
    n = draw(st.integers(1, most))
    of = lambda values: draw(st.lists(values, min_size=n, max_size=n))  # noqa: E731
    gaps = of(st.sampled_from([0.0, 0.01, 0.1, 0.5]))
    tokens = of(st.sampled_from([16, 300, 2000, 9000]))
    history = of(st.sampled_from([0, 0, 4000]))
    ttft = of(st.sampled_from([0.1, 0.4, 1.0, 3.0]))
    return PrefillRequests.of(np.cumsum(gaps), tokens, history, ttft_s=ttft)


@st.composite
def policies(draw: st.DrawFn) -> PrefillPolicy:
    """Policies of every order and cut, guarded and batched in every way."""
    cut = draw(st.sampled_from(["operator", "layer", "chunk", "whole"]))
    chunked = cut == "chunk"
    guards = Guards(
        margin=draw(st.sampled_from([0.0, 0.05])),
        preemptions=draw(st.sampled_from([inf, 1, 2])),
        progress=draw(st.sampled_from([1.0, 0.9, 0.5])),
        resume_s=draw(st.sampled_from([inf, 0.05])),
        rescue_s=draw(st.sampled_from([0.0, 1.0])),
        short_s=0.2,
    )
    batchings = [Alone(), Fill(3000)] if chunked else [Alone(), Fill(3000), SloAware(3000, seeds=2)]
    return PrefillPolicy(
        "tried",
        ORDERS[draw(st.sampled_from(sorted(ORDERS)))],
        cut,
        draw(st.sampled_from([512, 2048])) if chunked else None,
        draw(st.sampled_from(batchings)),
        guards,
        draw(st.sampled_from([PrefillPolicy("").fitting, NoisyFitting()])),
        keeps_state=draw(st.booleans()),
    )


def batch_loads(run: PrefillRun) -> list[Load]:
    """Return the load of each pass, from who was in it and what each had computed before."""
    done = run.requests.history.astype(float)
    loads = []
    passes = run.passes
    for first, after in zip(passes.offsets[:-1], passes.offsets[1:], strict=True):
        load = None
        for member, tokens in zip(
            passes.members[first:after], passes.tokens[first:after], strict=True
        ):
            own = Load.of(tokens, done[member])
            load = own if load is None else load.joined(own)
            done[member] += tokens
        loads.append(load)
    return loads


def audit(run: PrefillRun, work: PrefillWork, policy: PrefillPolicy) -> None:
    """Assert what must hold of every run, from its columns alone."""
    requests, passes = run.requests, run.passes
    computed = np.bincount(passes.members, passes.tokens, len(requests))
    assert computed.tolist() == requests.tokens.tolist()
    assert np.all(run.scheduled_s >= requests.arrival_s)
    assert np.all(run.first_token_s > run.scheduled_s)
    assert np.all(passes.start_s[1:] >= passes.end_s[:-1] - 1e-12), "two passes at once"
    loads = batch_loads(run)
    spent = np.bincount(passes.batch, passes.end_s - passes.start_s, len(loads))
    heads = passes.members[passes.offsets[:-1]]
    needed = np.array([work.seconds(load) for load in loads])
    if policy.cut == "chunk":
        assert not run.wasted_s.any()
        assert all(load.tokens <= policy.chunk_tokens for load in loads)
    else:
        needed += run.wasted_s[heads]
    np.testing.assert_allclose(spent, needed, rtol=1e-9)
    if policy.keeps_state:
        assert not run.wasted_s.any()
    idle = passes.start_s[1:] > passes.end_s[:-1] + policy.round_s + 1e-9
    for end, start in zip(passes.end_s[:-1][idle], passes.start_s[1:][idle], strict=True):
        here = requests.arrival_s < start - policy.round_s - 1e-9
        assert np.all(run.first_token_s[here] <= end + 1e-9), "idle while somebody waits"
