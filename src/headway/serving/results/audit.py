"""Whether the columns of a run can be true: laws that every engine obeys, whatever its policy.

Written from the definitions alone, without a line of the engine's, and executed for every run.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from headway.errors import VerificationError
from headway.serving.results.columns import Floats, Ints, Requests, Speech, Status, Steps

if TYPE_CHECKING:
    from headway.serving.results.run import EngineRun, Limits
    from headway.serving.results.served import Served

Mask = NDArray[np.bool_]

Broken = tuple[str, Mask]
"""A law in words, and where it is broken."""


def audit(run: EngineRun) -> None:
    """Check a run.

    Takes time and memory in proportion to the requests, steps and segments of the run, not to its
    tokens.

    Raises
    ------
    VerificationError
        If a law is broken; the message names it, and the first request, step or segment.
    """
    hold(
        f"{run.workload.name}: {run.policy}, seed {run.seed}",
        ("request", _requests(run)),
        ("step", step_laws(run.steps, run.config)),
        ("segment of speech", _speech(run)),
        ("request", spoken_laws(run.requests, run.speech, run.steps.end_s)),
        ("step", heard_laws(run.speech, run.steps)),
        ("step", _present(run)),
        ("step", _idle(run)),
        ("run", _work(run)),
    )


def hold(who: str, *laws: tuple[str, Iterable[Broken]]) -> None:
    """Refuse a run in which a law is broken.

    Parameters
    ----------
    who
        The run, for the message.
    laws
        What they speak of, as ``"request"``, and the laws.

    Raises
    ------
    VerificationError
        If one is broken; the message names it, and where first.
    """
    for what, some in laws:
        for law, broken in some:
            if broken.any():
                first, number = int(np.argmax(broken)), int(np.count_nonzero(broken))
                raise VerificationError(
                    f"{who}: {law}, but not so for {what} {first} ({number} in all);"
                    " please report this"
                )


def request_laws(run: Served, most: Ints) -> Iterator[Broken]:
    """Yield the laws that requests obey, whoever serves them.

    Parameters
    ----------
    run
        The run.
    most
        Output tokens of each request that has finished; shape (n_requests,).
    """
    table, traffic = run.requests, run.workload
    n = len(traffic.arrival_s)
    yield "every request of the workload has a row", np.array([len(table) != n])
    status = table.status
    yield "a request has one of the ends there are", ~np.isin(status, list(Status))
    finished = status == Status.FINISHED
    yield "what is finished has all its tokens", finished & (table.generated != most)
    yield "nobody says more than it has to say", table.generated > most
    begun, spoke = ~np.isnan(table.scheduled_s), ~np.isnan(table.first_token_s)
    yield "who has tokens has a first one", spoke != (table.generated > 0)
    yield "who has a first token has a last one", spoke != ~np.isnan(table.last_token_s)
    yield "who has a token was scheduled", spoke & ~begun
    yield "nobody is scheduled before it arrives", table.scheduled_s < table.arrival_s
    yield "the first token comes after scheduling", table.first_token_s < table.scheduled_s
    yield "the last token is not before the first", table.last_token_s < table.first_token_s
    cached = table.cached_tokens
    yield "at least one token of a prompt runs", begun & (cached >= traffic.prompt_tokens)
    for name in ("cached_tokens", "recomputed_tokens", "preemptions"):
        yield f"{name} is not negative", getattr(table, name) < 0


def step_laws(steps: Steps, config: Limits, cut: Mask | None = None) -> Iterator[Broken]:
    """Yield the laws that the steps of an engine obey.

    Parameters
    ----------
    steps
        The steps.
    config
        Settings of the engine.
    cut
        Steps that did not come to their end because the engine died; shape (n_steps,).
    """
    yield "no step ends before it starts", ~(steps.end_s >= steps.start_s)
    yield "steps start one after the other", _falls(steps.start_s)
    yield "steps end one after the other", _falls(steps.end_s)
    if config.pipeline == 1:
        overlap = np.zeros(len(steps), dtype=np.bool_)
        overlap[1:] = steps.start_s[1:] < steps.end_s[:-1]
        yield "one step runs at a time", overlap
    tokens = steps.prefill_tokens.astype(np.int64) + steps.decodes
    yield "a step has tokens", tokens + steps.extra_tokens <= 0
    # A prompt that must not be cut runs alone where it is larger than the budget.
    alone = (steps.sequences == 1) & (steps.decodes == 0)
    whole = np.zeros(len(steps), dtype=np.bool_) if cut is None else cut
    over = tokens > config.token_budget
    yield "the token budget is kept", over & (np.True_ if config.chunked else ~(alone | whole))
    yield "the batch has room", steps.running > config.max_sequences
    yield "nobody speaks outside the batch", steps.sequences > steps.running
    yield "every decode speaks", (steps.decodes > steps.sequences) & ~whole
    yield "blocks in use are blocks there are", steps.used_blocks > config.blocks
    for name in ("decodes", "prefill_tokens", "waiting", "used_blocks", "extra_tokens"):
        yield f"{name} is not negative", getattr(steps, name) < 0


def heard_laws(speech: Speech, steps: Steps) -> Iterator[Broken]:
    """Yield the law that binds what an engine's steps say to who spoke."""
    size = len(steps) + 1
    change = np.bincount(speech.first_step, minlength=size)
    change -= np.bincount(speech.last_step + 1, minlength=size)
    yield "what a step says is heard", np.cumsum(change)[:-1] != steps.sequences


def _requests(run: EngineRun) -> Iterator[Broken]:
    traffic = run.workload
    room = np.maximum(run.config.max_model_tokens - traffic.prompt_tokens.astype(np.int64), 0)
    most = np.minimum(np.minimum(traffic.output_tokens, traffic.limit_tokens), room)
    if run.config.prefill_only:
        most = np.minimum(most, 1)
    yield from request_laws(run, most)


def _speech(run: EngineRun) -> Iterator[Broken]:
    speech, n_requests, n_steps = run.speech, len(run.requests), len(run.steps)
    wrong = (speech.request < 0) | (speech.request >= n_requests)
    yield "a segment is of a request", wrong
    yield "a segment lies in the run", (speech.first_step < 0) | (speech.last_step >= n_steps)
    yield "a segment has tokens", speech.last_step < speech.first_step
    again = speech.continues
    again[1:] &= speech.first_step[1:] <= speech.last_step[:-1]
    yield "a request has at most one token a step", again


def spoken_laws(table: Requests, speech: Speech, end_s: Floats) -> Iterator[Broken]:
    """Check what requests have against what was said at the ends of steps."""
    tokens = np.bincount(speech.request, weights=speech.tokens, minlength=len(table))
    yield "each token was spoken in a step", tokens != table.generated
    for column, step, mine in (
        (table.first_token_s, speech.first_step, ~speech.continues),
        (table.last_token_s, speech.last_step, np.append(~speech.continues[1:], True)),
    ):
        said = np.full(len(table), np.nan)
        if len(speech):
            said[speech.request[mine]] = end_s[step[mine]]
        differ = said != column
        yield "tokens come at the ends of steps", differ & ~(np.isnan(said) & np.isnan(column))


def _present(run: EngineRun) -> Iterator[Broken]:
    """Check that who has arrived and not left is in the batch or the queue."""
    table, steps = run.requests, run.steps
    stays = table.status != Status.DROPPED
    here = _until(table.arrival_s[stays], steps.start_s)
    here -= _until(table.last_token_s[table.status == Status.FINISHED], steps.start_s)
    told = steps.running.astype(np.int64) + steps.waiting
    # Who is dropped half-way was in the batch or the queue until then.
    late = int(np.count_nonzero(~stays & ~np.isnan(table.scheduled_s)))
    yield "nobody gets lost", told < here
    yield "nobody is there who has not come, or has left", told > here + late


def _idle(run: EngineRun) -> Iterator[Broken]:
    """Check that an engine without a step under way has nobody in it."""
    table, steps = run.requests, run.steps
    if run.may_idle or not len(steps):
        return
    stays = table.status != Status.DROPPED
    before = np.append(-np.inf, np.maximum.accumulate(steps.end_s)[:-1])
    idle = np.flatnonzero(steps.start_s > before)
    here = _until(table.arrival_s[stays], before[idle])
    here -= _until(table.last_token_s[table.status == Status.FINISHED], before[idle])
    late = np.zeros(len(steps), dtype=np.bool_)
    late[idle] = here > 0
    yield "the engine is not idle while somebody waits", late
    soonest = np.append(np.sort(table.arrival_s[stays]), np.inf)
    late[idle] = steps.start_s[idle] > soonest[_until(table.arrival_s[stays], before[idle])]
    yield "an idle engine starts when somebody arrives", late


def _work(run: EngineRun) -> Iterator[Broken]:
    """Check that the tokens of steps are those of requests."""
    table, steps = run.requests, run.steps
    begun = ~np.isnan(table.scheduled_s)
    if (table.status[begun] != Status.FINISHED).any():
        return  # how far the others have come is not written down
    prompts = run.workload.prompt_tokens[begun].sum(dtype=np.int64)
    needed = prompts - table.cached_tokens[begun].sum(dtype=np.int64)
    needed += (table.generated[begun].astype(np.int64) - 1).sum()
    needed += table.recomputed_tokens.sum(dtype=np.int64)
    ran = steps.prefill_tokens.sum(dtype=np.int64) + steps.decodes.sum(dtype=np.int64)
    # Who comes back after a preemption may find more of its prompt, computed by others meanwhile.
    missing = ran < needed if not table.preemptions.any() else False
    yield "tokens that ran are those of requests", np.array([ran > needed or missing])


def _falls(times: Floats) -> NDArray[np.bool_]:
    falls = np.zeros(len(times), dtype=np.bool_)
    falls[1:] = times[1:] < times[:-1]
    return falls


def _until(times: Floats, moments: Floats) -> NDArray[np.int64]:
    """Return how many of some times are not after each moment."""
    return np.searchsorted(np.sort(times), moments, side="right").astype(np.int64)
