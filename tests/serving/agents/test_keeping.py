"""Contexts on engines, ranked by evictors as requests come and go."""

from __future__ import annotations

import math

import numpy as np
import pytest

from headway.errors import ConfigError
from headway.serving.agents import (
    SWE_BENCH,
    WEB_ARENA,
    Answer,
    EndedFirst,
    Evictor,
    Furthest,
    Keeping,
    LeastRecent,
    Prefetch,
    ResidualLife,
    WorkflowAware,
    as_traffic,
    draw,
)
from headway.serving.agents.routing import ProgramRouter
from headway.serving.engine import preset
from headway.serving.fleet import (
    Crash,
    Dispatch,
    Fault,
    FleetRun,
    FleetSimulation,
    Hang,
    Keep,
    Member,
    RequestView,
    Warm,
)
from headway.serving.fleet.routing import router
from headway.serving.results import Status
from headway.serving.step_time import Affine
from headway.serving.workload import Workload
from tests.serving.fleet.views import request, view

SECONDS = {"prefill_tokens": 6e-5, "prefill_pairs": 9e-9, "decodes": 4e-4, "decode_context": 1.4e-7}
STEP_TIME = Affine(0.0106, SECONDS)


class Always:
    """Sends everything to one engine."""

    name = "always"

    def __init__(self, engine: int = 0) -> None:
        self.engine = engine

    def route(self, cluster: object, request: RequestView) -> Dispatch:
        return Dispatch(self.engine)

    def ended(self, request: int, engine: int, output_tokens: int, at_s: float) -> None:
        pass


def asked(number: int, session: int, prompt_tokens: int = 100) -> RequestView:
    return request(number, session=session, prompt_tokens=prompt_tokens)


def told(keeping: Keeping, now_s: float = 0.0) -> dict[int, dict[int, float]]:
    """Return the worth of requests by engine; each has a cache of 1,600 tokens."""
    return {
        one.engine: dict(zip(one.requests.tolist(), one.worths.tolist(), strict=True))
        for one in keeping.act(view([0, 0], now_s))
        if isinstance(one, Keep)
    }


def keeping_of(evictor: Evictor, *finals: int, by: Always | None = None) -> Keeping:
    return Keeping(by or Always(), evictor, lambda r, _: Answer(is_final=r in finals))


def test_contexts_are_worth_what_the_evictor_says() -> None:
    """Two sessions end a second apart; who is done is worth less, be it the younger."""
    for finals, least in (((), 0), ((1,), 1)):
        keeping = keeping_of(EndedFirst(), *finals)
        for number in (0, 1):
            keeping.route(view([0, 0]), asked(number, session=number))
            keeping.ended(number, 0, 20, float(number))
        worth = told(keeping, now_s=5.0)[0]
        assert min(worth, key=lambda request: worth[request]) == least


def test_what_is_waited_for_is_worth_most_until_it_ends() -> None:
    keeping = keeping_of(LeastRecent())
    keeping.route(view([0, 0]), asked(0, session=7))
    keeping.ended(0, 0, 20, 1.0)
    keeping.route(view([0, 0], 3.0), asked(1, session=7, prompt_tokens=150))
    assert told(keeping, now_s=3.0) == {0: {0: math.inf}}
    keeping.ended(1, 0, 20, 9.0)
    assert told(keeping, now_s=9.0) == {0: {1: 0.0, 0: -math.inf}}


def test_what_is_left_behind_on_another_engine_is_worth_nothing() -> None:
    by = Always()
    keeping = keeping_of(LeastRecent(), by=by)
    keeping.route(view([0, 0]), asked(0, session=7))
    keeping.ended(0, 0, 20, 1.0)
    by.engine = 1
    keeping.route(view([0, 0], 3.0), asked(1, session=7))
    assert told(keeping, now_s=3.0) == {0: {0: -math.inf}}


def test_an_engine_that_is_gone_has_kept_nothing() -> None:
    keeping = keeping_of(LeastRecent())
    keeping.route(view([0, 0]), asked(0, session=7))
    keeping.ended(0, 0, 20, 1.0)
    keeping.gone(0, 2.0)
    assert told(keeping, 3.0) == {}
    keeping.route(view([0, 0], 4.0), asked(1, session=7))
    keeping.ended(1, 0, 20, 5.0)
    assert told(keeping, 6.0) == {0: {1: -1.0}}


def test_lost_requests_leave_nothing() -> None:
    keeping = keeping_of(LeastRecent())
    keeping.route(view([0, 0]), asked(0, session=7))
    keeping.ended(0, 0, 0, 1.0)
    assert told(keeping) == {}


def test_contexts_that_cannot_be_there_any_more_are_forgotten() -> None:
    """A cache of 1,600 tokens holds 13 contexts of 120 and a part of the next."""
    keeping = keeping_of(LeastRecent())
    for number in range(17):
        keeping.route(view([0, 0]), asked(number, session=number))
        keeping.ended(number, 0, 20, float(number))
    worth = told(keeping, now_s=20.0)[0]
    assert [r for r in sorted(worth) if worth[r] == -math.inf] == [0, 1, 2]
    assert len(told(keeping, now_s=20.0)[0]) == 14


def test_requests_without_a_session_come_to_no_more() -> None:
    keeping = keeping_of(EndedFirst())
    keeping.route(view([0, 0]), asked(0, session=3))
    keeping.ended(0, 0, 20, 0.0)
    keeping.route(view([0, 0]), asked(1, session=-1))
    keeping.ended(1, 0, 20, 1.0)
    worth = told(keeping, now_s=2.0)[0]
    assert worth[1] < worth[0]


def test_a_period_must_be_a_time() -> None:
    with pytest.raises(ConfigError, match="period_s"):
        Keeping(Always(), LeastRecent(), lambda r, _: Answer(), period_s=0.0)


def played(evictor: Evictor | None, prefetch: Prefetch | None = None) -> tuple[FleetRun, Workload]:
    """Return what ten agents with slow tools make of an engine that cannot hold them all."""
    traffic = as_traffic(draw(WEB_ARENA, 10, per_minute=12, tools_times=20, seed=3))
    config = preset("vllm", blocks=80_000 // 16)
    members = [Member(name="one", config=config, step_time=STEP_TIME)]
    by = router("session", seed=1)
    answers = traffic.answers()
    kept = None if evictor is None else Keeping(by, evictor, answers, prefetch=prefetch)
    run = FleetSimulation(
        traffic.workload,
        members,
        kept or by,
        controllers=() if kept is None else (kept,),
        follow=traffic.follow,
    ).run()
    assert np.isfinite(traffic.completion_s(run)).all()
    return run, traffic.workload


def computed(evictor: Evictor | None) -> int:
    run, workload = played(evictor)
    return int(workload.prompt_tokens.sum() - run.requests.cached_tokens.sum())


def test_a_whole_fleet_computes_less_if_it_keeps_the_right_contexts() -> None:
    costs = {
        name: computed(evictor)
        for name, evictor in {
            "none": None,
            "WA-LRU": WorkflowAware(),
            "residual": ResidualLife(),
            "future": Furthest(),
        }.items()
    }
    assert costs["future"] < costs["residual"] < costs["none"]
    assert costs["future"] < costs["WA-LRU"] < costs["none"]


def test_an_idle_engine_computes_what_will_be_needed() -> None:
    """More is found than without; what it costs is in the steps that are no request's."""
    plain, _ = played(ResidualLife())
    ahead, _ = played(ResidualLife(), Prefetch())
    assert ahead.requests.cached_tokens.sum() > plain.requests.cached_tokens.sum()
    assert sum(note.what == "warm" for note in ahead.notes) > 0
    assert sum(steps.extra_tokens.sum() for steps in ahead.steps) > 0
    assert sum(steps.extra_tokens.sum() for steps in plain.steps) == 0


def test_only_what_fits_and_comes_back_is_computed_ahead() -> None:
    """Of 17 contexts of 120 tokens 13 fit, one of which is of a program that is done."""
    keeping = Keeping(
        Always(), LeastRecent(), lambda r, _: Answer(is_final=r == 15), prefetch=Prefetch(most=20)
    )
    for number in range(17):
        keeping.route(view([0]), asked(number, session=number))
        keeping.ended(number, 0, 20, float(number))
    (warm,) = (one for one in keeping.act(view([0], 20.0)) if isinstance(one, Warm))
    assert [request for request, _ in warm.contexts] == [16, 14, 13, 12, *range(11, 3, -1)]
    assert {tokens for _, tokens in warm.contexts} == {119}


def test_nothing_is_computed_ahead_where_somebody_is_or_is_awaited() -> None:
    keeping = Keeping(Always(), LeastRecent(), lambda r, _: Answer(), prefetch=Prefetch())
    for number in range(2):
        keeping.route(view([0]), asked(number, session=number))
        keeping.ended(number, 0, 20, float(number))
    assert any(isinstance(one, Warm) for one in keeping.act(view([0])))
    assert not any(isinstance(one, Warm) for one in keeping.act(view([1])))
    keeping.route(view([0]), asked(2, session=1))
    assert not any(isinstance(one, Warm) for one in keeping.act(view([0])))


def test_whatever_fails_every_step_comes_to_an_end() -> None:
    """Engines die and hang while contexts are kept, judged and computed ahead."""
    traffic = as_traffic(draw(WEB_ARENA, 6, per_minute=30, tools_times=20, seed=5))
    config = preset("vllm", blocks=50_000 // 16)
    members = [Member(name=str(k), config=config, step_time=STEP_TIME) for k in range(2)]
    luck = np.random.default_rng(1)
    at_s = np.sort(luck.uniform(0, 200, 6)).tolist()
    faults: list[Fault] = []
    for k, t in enumerate(at_s):
        faults += [Crash(engine=k % 2, at_s=t, until_s=t + 5)]
        faults += [Hang(engine=(k + 1) % 2, at_s=t + 3, until_s=t + 9)]
    by = Keeping(router("session", seed=1), WorkflowAware(), traffic.answers(), prefetch=Prefetch())
    run = FleetSimulation(
        traffic.workload, members, by, controllers=(by,), faults=faults, follow=traffic.follow
    ).run()
    assert sum(note.what == "crash" for note in run.notes) > 3
    came = ~np.isnan(run.requests.arrival_s)
    assert np.isin(run.requests.status[came], [Status.FINISHED, Status.LOST]).all()


@pytest.mark.parametrize("wrong", [{"returns": 1.5}, {"most": 0}])
def test_settings_of_prefetch_are_checked(wrong: dict[str, float]) -> None:
    with pytest.raises(ConfigError, match="prefetch"):
        Prefetch(**wrong)  # type: ignore[arg-type]


def test_the_same_run_comes_out_the_same() -> None:
    first, second = played(WorkflowAware())[0], played(WorkflowAware())[0]
    assert np.array_equal(first.requests.last_token_s, second.requests.last_token_s)


def test_it_stands_around_routers_that_hold_requests() -> None:
    traffic = as_traffic(draw(SWE_BENCH, 6, per_minute=30, seed=1))
    config = preset("vllm", blocks=6000)
    by = Keeping(ProgramRouter(), WorkflowAware(), traffic.answers())
    member = Member(name="one", config=config, step_time=STEP_TIME)
    run = FleetSimulation(
        traffic.workload, [member], by, controllers=(by,), follow=traffic.follow
    ).run()
    assert np.isfinite(traffic.completion_s(run)).all()
    assert by.name == "programs, FCFS, no stealing, keeping by WA-LRU"
