"""Laws that hold for every engine, whatever its settings and traffic."""

from __future__ import annotations

import itertools
import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from headway.serving.engine import presets
from headway.serving.engine.presets import preset
from headway.serving.results import EngineRun, Status
from headway.serving.workload import Blocks, Workload, read_workload, write_workload
from tests.serving.engine.cases import Case, cases, seeded
from tests.serving.engine.implementations import ENGINES, engine_for, moments, run_case

kinds = pytest.mark.parametrize("kind", ENGINES)
few = settings(max_examples=25)


def columns(run: EngineRun) -> dict[str, np.ndarray]:
    """Return all columns of a run."""
    tables = {"requests": run.requests, "steps": run.steps, "speech": run.speech}
    return {
        f"{what}.{name}": getattr(table, name)
        for what, table in tables.items()
        for name in table.__dataclass_fields__
    }


@kinds
@few
@given(case=cases())
def test_no_request_gets_lost(kind: str, case: Case) -> None:
    """Those that have arrived have finished, wait, run or were dropped, at every moment."""
    for moment in moments(engine_for(kind, case)):
        here = sorted(moment.running + moment.waiting)
        assert len(set(here)) == len(here)
        assert (moment.status[here] == Status.UNFINISHED).all()
        gone = np.flatnonzero(moment.status != Status.UNFINISHED).tolist()
        arrived = np.flatnonzero(moment.arrival_s <= moment.now_s).tolist()
        assert sorted(here + gone) == arrived


@kinds
@few
@given(case=cases())
def test_everybody_has_finished_or_was_dropped_in_the_end(kind: str, case: Case) -> None:
    requests = run_case(kind, case).requests
    assert np.isin(requests.status, [Status.FINISHED, Status.DROPPED]).all()
    finished = requests.status == Status.FINISHED
    whole = np.minimum(
        case.workload.output_tokens, case.config.max_model_tokens - case.workload.prompt_tokens
    )
    assert (requests.generated[finished] == whole[finished]).all()


@kinds
@few
@given(case=cases())
def test_blocks_are_free_or_held(kind: str, case: Case) -> None:
    """Those in use are what the running requests need, a shared one once."""
    config = case.config
    free = config.blocks
    for moment in moments(engine_for(kind, case)):
        free = moment.free_blocks
        held = config.blocks - free
        assert 0 <= free <= config.blocks
        if moment.is_stepping:
            continue
        needed = [math.ceil(tokens / config.block_tokens) for tokens in moment.computed]
        if config.reserve == "step" and config.host_blocks == 0:
            assert max(needed, default=0) <= held <= sum(needed)
            if not config.prefix_caching:
                assert held == sum(needed)
        assert (held > 0) == bool(moment.running)
    assert free == config.blocks


@kinds
@few
@given(case=cases())
def test_time_goes_forward(kind: str, case: Case) -> None:
    """The clock never turns back; arrival, first step, first token, last token come in order."""
    now_s = 0.0
    engine = engine_for(kind, case)
    for moment in moments(engine):
        assert moment.now_s >= now_s
        now_s = moment.now_s
        assert engine.next_s >= now_s
    run = engine.result()
    assert (np.diff(run.steps.start_s) >= 0).all()
    assert (np.diff(run.steps.end_s) >= 0).all()
    assert (run.steps.end_s > run.steps.start_s).all()
    done = run.requests.status == Status.FINISHED
    times = [getattr(run.requests, name)[done] for name in ORDER]
    for earlier, later in itertools.pairwise(times):
        assert (earlier <= later).all()
    assert (run.requests.first_token_s[done] > run.requests.scheduled_s[done]).all()


ORDER = ("arrival_s", "scheduled_s", "first_token_s", "last_token_s")


@kinds
@few
@given(case=cases(host_blocks=0))
def test_an_engine_that_has_work_works(kind: str, case: Case) -> None:
    """Between steps nobody is there: whoever is could be given tokens."""
    for moment in moments(engine_for(kind, case)):
        idle = moment.has_begun and not moment.is_stepping
        assert not idle or not moment.running + moment.waiting


@kinds
@few
@given(case=cases())
def test_budget_and_batch_are_kept_to(kind: str, case: Case) -> None:
    config = case.config
    steps = run_case(kind, case).steps
    tokens = steps.prefill_tokens + steps.decodes
    whole_prompt = np.logical_not(config.chunked) & (steps.sequences == 1) & (steps.decodes == 0)
    assert ((tokens <= config.token_budget) | whole_prompt).all()
    assert (tokens >= 1).all()
    assert (steps.running <= config.max_sequences).all()
    if config.mix == "prefill first" and config.preemption == "recompute":
        assert ((steps.decodes == 0) | (steps.prefill_tokens == 0)).all()


@kinds
@few
@given(case=cases())
def test_the_same_case_gives_the_same_bytes(kind: str, case: Case) -> None:
    first, second = (columns(run_case(kind, case)) for _ in range(2))
    for name, column in first.items():
        assert column.tobytes() == second[name].tobytes(), name


@kinds
@few
@given(case=cases(clients=0), pauses=st.lists(st.integers(0, 400), max_size=20))
def test_pauses_change_nothing(kind: str, case: Case, pauses: list[int]) -> None:
    """An engine that is stopped and goes on does what it would have done."""
    engine = engine_for(kind, case)
    engine.submit(np.arange(len(case.workload)), case.workload.arrival_s)
    for pause in sorted(pauses):
        engine.advance(pause / 4)
    engine.advance(math.inf)
    whole = columns(run_case(kind, case))
    for name, column in columns(engine.result()).items():
        assert np.array_equal(column, whole[name], equal_nan=True), name


@kinds
@few
@given(case=cases())
def test_a_run_is_the_replay_of_its_own_trace(
    kind: str, case: Case, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """What was seen, written down as traffic, read and run, is what was seen.

    A closed loop becomes an open one: its clients sent what they sent when they sent it.
    """
    if case.config.clients:
        # Clients that come at once send in the order of the workload.
        case = replace(case, workload=case.workload.at(np.zeros(len(case.workload))))
    run = run_case(kind, case)
    path = tmp_path_factory.mktemp("trace") / "seen.jsonl"
    seen = replace(case.workload, arrival_s=run.requests.arrival_s)
    write_workload(seen, path)
    again = Case(read_workload(path), replace(case.config, clients=0))
    replayed = columns(run_case(kind, again))
    for name, column in columns(run).items():
        assert np.array_equal(column, replayed[name], equal_nan=True), name


@kinds
@pytest.mark.parametrize("name", presets())
def test_what_can_never_fit_is_dropped_at_the_door(kind: str, name: str) -> None:
    """A prompt larger than the cache neither runs nor stands in the way of others."""
    config = preset(name, blocks=8, block_tokens=4, max_model_tokens=40)
    workload = Workload.of(
        arrival_s=[0, 0, 1, 2, 50],
        prompt_tokens=[32, 5, 39, 40, 31],
        output_tokens=[1, 6, 3, 1, 1],
        limit_tokens=[1, 6, 3, 1, 1],
    )
    requests = run_case(kind, Case(workload, config)).requests
    dropped, finished = Status.DROPPED, Status.FINISHED
    assert requests.status.tolist() == [dropped, finished, dropped, dropped, finished]
    assert np.isnan(requests.scheduled_s[[0, 2, 3]]).all()


@kinds
def test_one_that_outgrows_the_cache_is_dropped_half_way(kind: str) -> None:
    """It has said what it could; the one behind it goes on."""
    config = preset("vllm", blocks=4, block_tokens=4, prompt_must_fit=False)
    workload = Workload.of(arrival_s=[0, 0], prompt_tokens=[10, 4], output_tokens=[50, 3])
    requests = run_case(kind, Case(workload, config)).requests
    assert requests.status.tolist() == [Status.DROPPED, Status.FINISHED]
    # A prompt of 10 leaves room for 6 more in the cache, and the seventh needs none to be said.
    assert requests.generated.tolist() == [7, 3]


@kinds
@few
@given(case=cases(clients=0, reserve="prompt", refill="continuous", victim="last"))
def test_whoever_finds_no_room_leaves_no_trace(kind: str, case: Case) -> None:
    """A request that needs all blocks waits to the end, and nobody notices that it asks.

    It shares a prefix with the others, so that each time it hits blocks, is refused, and has to
    leave the pool as it was.
    """
    config = replace(case.config, host_blocks=0, pipeline=1, max_model_tokens=10**6, watermark=0.0)
    tokens = config.blocks * config.block_tokens - 1
    small = case.workload.select(case.workload.prompt_tokens <= tokens)
    assume(len(small))
    workload = _with_a_giant(small, tokens)
    alone = run_case(kind, Case(small, config))
    both = run_case(kind, Case(workload, config))
    until_s = both.requests.scheduled_s[-1]
    before = int(np.searchsorted(both.steps.start_s, until_s))
    for name in ("start_s", "end_s", "prefill_tokens", "decodes", "used_blocks", "running"):
        assert np.array_equal(
            getattr(both.steps, name)[:before], getattr(alone.steps, name)[:before]
        ), name


def _with_a_giant(workload: Workload, tokens: int) -> Workload:
    """Add a request as large as the cache, last in order, that begins like the first one."""
    blocks = workload.blocks
    if blocks is not None:
        rows = [blocks[i] for i in range(len(blocks))]
        blocks = Blocks.of([*rows, rows[0]], blocks.block_tokens)
    last_s = float(workload.arrival_s[-1])
    return Workload.of(
        arrival_s=[*workload.arrival_s, last_s],
        prompt_tokens=[*workload.prompt_tokens, tokens],
        output_tokens=[*workload.output_tokens, 1],
        priority=[*workload.priority, 9],
        blocks=blocks,
    )


def test_the_rare_is_common_here() -> None:
    """Without preemptions, hits, drops and the like the laws above would say little."""
    seen = dict.fromkeys(
        ["hits", "preemptions", "recomputed", "drops", "half-way drops", "partial prefills"], 0
    )
    for seed in range(300):
        case = seeded(seed)
        run = run_case("twin", case)
        requests = run.requests
        dropped = requests.status == Status.DROPPED
        seen["hits"] += int((requests.cached_tokens > 0).sum())
        seen["preemptions"] += int(requests.preemptions.sum())
        seen["recomputed"] += int(requests.recomputed_tokens.sum())
        seen["drops"] += int(dropped.sum())
        seen["half-way drops"] += int((dropped & ~np.isnan(requests.scheduled_s)).sum())
        seen["partial prefills"] += int(
            ((run.steps.prefill_tokens > 0) & (run.steps.sequences == run.steps.decodes)).sum()
        )
    assert min(seen.values()) >= 50, seen
