"""Programs before a fleet: affinity, room, stealing, fair shares, pauses; nothing gets lost."""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType
from typing import Any

import numpy as np
import pytest

from headway.errors import ConfigError
from headway.serving.agents import (
    SWE_BENCH,
    TENANTS,
    ProgramTraffic,
    as_traffic,
    draw,
    draw_tenants,
    told,
)
from headway.serving.agents.routing import (
    AgentFairShare,
    FairShareQueue,
    Guarded,
    Hint,
    Never,
    Pausing,
    ProgramRouter,
    Stealing,
    Unguarded,
)
from headway.serving.agents.routing.ledger import IDLE_S, Ledger
from headway.serving.engine import EngineConfig
from headway.serving.fleet import (
    ClusterView,
    Crash,
    Dispatch,
    Engines,
    FleetRun,
    FleetSimulation,
    Hold,
    Member,
    RequestView,
)
from headway.serving.fleet.decisions import tell_gone
from headway.serving.fleet.routing import GatewayQueue, order, orders
from headway.serving.fleet.routing import router as named
from headway.serving.results import Status
from headway.serving.step_time import Affine

STEP = Affine(0.01, {"decodes": 4e-4, "decode_context": 1.4e-7, "prefill_tokens": 6e-5})

TIGHT = 1500
"""Blocks of an engine that cannot hold the contexts of all its programs."""


def view(now_s: float = 0.0, in_flight: tuple[int, ...] = (0, 0), blocks: int = 10) -> ClusterView:
    n = len(in_flight)
    ones = np.ones(n, dtype=np.int64)
    engines = Engines(
        names=tuple(f"e{k}" for k in range(n)),
        kinds=("engine",) * n,
        roles=("both",) * n,
        blocks=blocks * ones,
        block_tokens=10 * ones,
        max_sequences=8 * ones,
        price_per_h=np.zeros(n),
        labels=(MappingProxyType({}),) * n,
        adapters=(frozenset(),) * n,
    )
    load = np.array(in_flight)
    return ClusterView(
        now_s=now_s,
        engines=engines,
        ready=np.ones(n, dtype=np.bool_),
        in_flight=load,
        running=load,
        waiting=0 * ones,
        free_blocks=blocks * ones,
        wanted_blocks=0 * ones,
        wanted_blocks_first=0 * ones,
    )


def request(number: int, session: int, tokens: int = 10, tenant: int = 0) -> RequestView:
    return RequestView(
        number=number,
        arrival_s=0.0,
        prompt_tokens=tokens,
        limit_tokens=2**31 - 1,
        priority=0,
        service_class=tenant,
        deadline_s=np.inf,
        session=session,
    )


def play(
    traffic: ProgramTraffic, router: ProgramRouter, n: int = 2, blocks: int = 3000, **more: object
) -> FleetRun:
    config = EngineConfig(blocks=blocks)
    members = [Member(name=str(k), config=config, step_time=STEP) for k in range(n)]
    simulation = FleetSimulation(traffic.workload, members, router, follow=traffic.follow, **more)  # type: ignore[arg-type]
    return simulation.run()


@pytest.fixture(scope="module")
def crowd() -> ProgramTraffic:
    """Short programs that come faster than two engines can serve them."""
    kind = replace(SWE_BENCH, mean_steps=8)
    return as_traffic(draw(kind, 14, per_minute=60, seed=1))


def test_programs_become_requests_that_follow_one_another() -> None:
    programs = draw(SWE_BENCH, 5, per_minute=60, seed=3)
    traffic = as_traffic(programs)
    parent, step = traffic.follow.parent, traffic.step
    later = parent >= 0
    assert (step[later] == step[parent[later]] + 1).all()
    assert (traffic.workload.session == programs.program[step]).all()
    assert (np.diff(traffic.workload.arrival_s) >= 0).all()


def test_a_step_finds_what_was_said_before_in_the_cache_of_an_engine() -> None:
    traffic = as_traffic(draw(replace(SWE_BENCH, mean_steps=6), 1, seed=4))
    run = play(traffic, ProgramRouter(), n=1)
    reusable = traffic.programs.reusable_tokens[traffic.step]
    missed = reusable - run.requests.cached_tokens
    assert reusable.sum() > 0
    assert ((missed >= 0) & (missed < 2 * 16)).all()


def test_a_program_stays_and_waits_for_room() -> None:
    """A and B take the two engines; A's next step needs more than C has left there."""
    router = ProgramRouter()
    assert router.route(view(), request(0, session=0, tokens=60)) == Dispatch(0)
    assert router.route(view(in_flight=(1, 0)), request(1, session=1, tokens=60)) == Dispatch(1)
    router.ended(0, 0, 5, 1.0)
    assert router.route(view(2.0, (0, 1)), request(2, session=2, tokens=50)) == Dispatch(0)
    assert isinstance(router.route(view(3.0, (1, 1)), request(3, session=0, tokens=65)), Hold)
    router.ended(2, 0, 5, 4.0)
    assert router.route(view(4.0, (0, 1)), request(3, session=0, tokens=65)) == Dispatch(0)


def thefts(stealing: Stealing, tokens: int, waits: int = 1) -> int:
    """Return how many moves there are when programs wait for engine 0, and engine 1 is empty."""
    router = ProgramRouter(stealing=stealing)
    for k in range(8):
        # Answers of engine 0 come every 10 s.
        assert router.route(view(10.0 * k, (0, 1), 10_000), request(k, 0, 90)) == Dispatch(0)
        router.ended(k, 0, 1, 10.0 * k + 9)
    router.route(view(80.0, (0, 0), 10_000), request(100, 0, 94_000))
    for k in range(waits):
        router.route(view(81.0, (1, 0), 10_000), request(101 + k, 0, tokens))
    return router.moves


def test_a_guarded_thief_weighs_the_wait_against_the_context() -> None:
    """An answer takes 10 s: 5,000 tokens are computed in 0.4 s, 60,000 in 19 s."""
    assert thefts(Guarded(), 5_000) == 1
    assert thefts(Guarded(), 60_000) == 0
    assert thefts(Never(), 5_000) == 0


def test_a_program_that_was_stolen_stays_for_a_while() -> None:
    assert thefts(Guarded(), 5_000, waits=3) == 1


@pytest.mark.parametrize("seed", range(4))
def test_guarded_stealing_is_never_worse_than_none_and_unguarded_thrashes(seed: int) -> None:
    kind = replace(SWE_BENCH, mean_steps=12)
    traffic = as_traffic(draw(kind, 16, per_minute=40, seed=seed))
    took_s, moves = {}, {}
    for stealing in (Never(), Guarded(), Unguarded()):
        router = ProgramRouter(stealing=stealing)
        took_s[stealing.name] = traffic.completion_s(play(traffic, router, n=3)).mean()
        moves[stealing.name] = router.moves
    assert took_s["guarded stealing"] <= took_s["no stealing"]
    assert moves["unguarded stealing"] > 10 * moves["guarded stealing"]
    assert moves["no stealing"] == 0


@pytest.mark.parametrize("stealing", [Never(), Guarded(), Unguarded()])
@pytest.mark.parametrize("pausing", [None, Pausing()])
def test_every_program_ends_whoever_decides(
    crowd: ProgramTraffic, stealing: Stealing, pausing: Pausing | None
) -> None:
    hints = told(crowd.programs)
    router = ProgramRouter(AgentFairShare(), stealing, pausing, hints)
    run = play(crowd, router, blocks=TIGHT)
    assert (run.requests.status == Status.FINISHED).all()
    assert np.isfinite(crowd.completion_s(run)).all()
    again = play(crowd, ProgramRouter(AgentFairShare(), stealing, pausing, hints), blocks=TIGHT)
    assert np.array_equal(run.requests.last_token_s, again.requests.last_token_s)


def test_programs_survive_the_death_of_an_engine(crowd: ProgramTraffic) -> None:
    faults = [Crash(at_s=20.0, engine=0, until_s=60.0)]
    router = ProgramRouter(stealing=Guarded(), pausing=Pausing(), hints=told(crowd.programs))
    run = play(crowd, router, faults=faults)
    assert not (run.requests.status == Status.REJECTED).any()
    lost = run.requests.status == Status.LOST
    broken = np.isin(crowd.workload.session, crowd.workload.session[lost])
    assert lost.any()
    assert (run.requests.status[~broken] == Status.FINISHED).all()
    assert (
        np.isinf(crowd.completion_s(run)) == np.isin(range(14), crowd.workload.session[lost])
    ).all()


def test_pausing_keeps_contexts_in_the_caches(crowd: ProgramTraffic) -> None:
    hints = told(crowd.programs)
    runs = [
        play(crowd, ProgramRouter(pausing=pausing, hints=hints), blocks=TIGHT)
        for pausing in (None, Pausing())
    ]
    cached = [run.requests.cached_tokens.sum() for run in runs]
    assert cached[1] > cached[0]


def test_a_paused_program_waits_until_there_is_room_and_not_for_ever() -> None:
    """Of 100 tokens two programs have 98: the smaller one is paused between two steps."""
    pausing = Pausing(longest_s=50.0)
    hints = {0: Hint(5, 1.0, 10.0), 1: Hint(2, 1.0, 10.0)}
    router = ProgramRouter(pausing=pausing, hints=hints)
    one = view(in_flight=(0,))
    assert router.route(one, request(0, session=0, tokens=30)) == Dispatch(0)
    router.ended(0, 0, 8, 1.0)
    assert router.route(one, request(1, session=1, tokens=45)) == Dispatch(0)
    router.ended(1, 0, 2, 2.0)
    assert router.route(view(3.0, (0,)), request(2, session=1, tokens=60)) == Dispatch(0)
    assert isinstance(router.route(view(4.0, (1,)), request(3, session=0, tokens=40)), Hold)
    assert isinstance(router.route(view(40.0, (1,)), request(3, session=0, tokens=40)), Hold)
    router.ended(2, 0, 2, 41.0)
    assert router.route(view(42.0, (0,)), request(3, session=0, tokens=40)) == Dispatch(0)


def test_fair_shares_let_light_tenants_go_before_the_backlog_of_heavy_ones() -> None:
    kind = replace(SWE_BENCH, first_prompt=(6000, 8000))
    tenants = [replace(who, mean_steps=who.mean_steps / 8) for who in TENANTS]
    counts = [4, 4, 4, 1, 1, 1, 1, 1, 1, 1]
    programs = draw_tenants(kind, counts, tenants=tenants, seed=5)
    traffic, hints = as_traffic(programs), told(programs)
    light = np.array([name.startswith("light") for name in programs.tenants])[programs.tenant]
    first, fair = (
        traffic.completion_s(play(traffic, ProgramRouter(order, None, Pausing(), hints)))
        for order in (None, AgentFairShare())
    )
    assert fair[light].mean() < first[light].mean()


def test_a_program_past_its_deadline_does_not_starve_others() -> None:
    """With a slack of nearly nothing its tenant would be due all; the cap leaves half."""
    order = AgentFairShare(most=0.5)
    ledger = Ledger({0: Hint(10, 100.0, 1.0), 1: Hint(10, 100.0, 1000.0)})
    late = ledger.comes(500.0, request(0, session=0, tenant=0))
    fine = ledger.comes(500.0, request(1, session=1, tenant=1))
    assert np.isfinite(order.key(500.0, ledger, late)).all()
    for _ in range(500):
        order.sent(late)
    assert order.key(500.0, ledger, fine) < order.key(500.0, ledger, late)


def test_a_program_that_says_nothing_for_long_is_forgotten_and_a_new_one_is_not() -> None:
    ledger = Ledger({})
    first = ledger.comes(0.0, request(0, session=0))
    ledger.sent(0.0, first, 0)
    ledger.ended(0, 0, 1, 1.0)
    ledger.comes(2 * IDLE_S, request(1, session=1))
    assert [program.session for program in ledger.programs()] == [1]


def test_a_client_that_leaves_the_queue_holds_up_nobody() -> None:
    router = ProgramRouter()
    one = view(in_flight=(1,))
    assert router.route(view(in_flight=(0,)), request(0, session=0, tokens=60)) == Dispatch(0)
    assert isinstance(router.route(one, request(1, session=1, tokens=60)), Hold)
    assert isinstance(router.route(one, request(2, session=2, tokens=20)), Hold)
    router.ended(1, 0, 0, 1.0)
    assert router.route(one, request(2, session=2, tokens=20)) == Dispatch(0)


def test_it_is_found_by_name() -> None:
    assert named("programs").name == ProgramRouter(stealing=Guarded()).name


def test_programs_of_an_engine_that_lost_its_cache_begin_anew() -> None:
    """The context of program 0 was at engine 1, which comes back busier than the other one."""
    router = ProgramRouter()
    assert router.route(view(), request(0, session=9, tokens=50)) == Dispatch(0)
    assert router.route(view(1.0, (1, 0)), request(1, session=0, tokens=30)) == Dispatch(1)
    router.ended(1, 1, 5, 2.0)
    router.ended(0, 0, 5, 2.0)
    assert router.route(view(3.0), request(2, session=0, tokens=40)) == Dispatch(1)
    router.ended(2, 1, 5, 4.0)
    tell_gone(router, 1, 5.0)
    assert router.route(view(6.0), request(3, session=0, tokens=50)) == Dispatch(0)


def test_a_paused_program_whose_context_is_lost_goes_on_where_there_is_room() -> None:
    ledger = Ledger({})
    entry = ledger.comes(0.0, request(0, session=0, tokens=30))
    ledger.sent(0.0, entry, 1)
    ledger.ended(0, 1, 5, 1.0)
    entry = ledger.comes(2.0, request(1, session=0, tokens=40))
    entry.program.is_paused = True
    assert Pausing().admit(2.0, view(2.0), ledger, entry) == 1
    ledger.gone(1)
    assert Pausing().admit(2.0, view(2.0), ledger, entry) == 0


def fair_queue(limit: int = 1, **given: Any) -> tuple[GatewayQueue, FairShareQueue]:
    order = FairShareQueue(**given)
    return GatewayQueue(named("least-request"), order, limit=limit), order


def test_in_a_queue_the_tenant_goes_first_whose_programs_are_due_most() -> None:
    """Two have asked for as much, then the one with ten times the work left is due more."""
    hints = {0: Hint(10, 10.0, 100.0), 1: Hint(10, 100.0, 100.0)}
    queue, order = fair_queue(share=AgentFairShare(most=1.0), hints=hints)
    full = view(0.0, (1,))
    for number in range(8):
        asks = request(number, session=number % 2, tenant=number % 2, tokens=40)
        assert isinstance(queue.route(full, asks), Hold)
    served = []
    for turn in range(8):
        head = order.head()
        assert head is not None
        asks = request(head, session=head % 2, tenant=head % 2, tokens=40)
        assert queue.route(view(1.0 + turn, (0,)), asks) == Dispatch(0)
        served.append(head)
    assert served == [0, 1, 3, 5, 7, 2, 4, 6]


def test_in_a_queue_who_waits_for_too_long_goes_first_and_is_asked_about() -> None:
    queue, order = fair_queue(share=AgentFairShare(aging_s=100.0))
    full = view(0.0, (1,))
    asks = [request(number, session=number, tenant=number // 2, tokens=40) for number in range(3)]
    assert [queue.route(full, one) for one in asks] == [Hold(1.0), Hold(np.inf), Hold(np.inf)]
    assert queue.route(view(1.0, (0,)), asks[0]) == Dispatch(0)
    assert queue.awake() == 2
    assert queue.route(view(1.0, (1,)), asks[2]) == Hold(2.0)
    late = view(101.0, (1,))
    assert queue.route(late, asks[2]) == Hold(np.inf)  # no longer the first
    assert queue.awake() == order.head() == 1
    assert queue.route(late, asks[1]) == Hold(102.0)
    assert queue.awake() is None


def test_a_queue_learns_what_is_left_of_programs() -> None:
    """Those of tenant 1 make many steps, those of tenant 0 one: 1 is due more in the end."""
    queue, order = fair_queue(limit=100)
    number = 0
    for session in range(120):
        for _ in range(1 if session % 2 == 0 else 8):
            at_s = 40.0 * session
            asks = request(number, session=session, tenant=session % 2, tokens=10)
            assert queue.route(view(at_s, (0,)), asks) == Dispatch(0)
            queue.ended(number, 0, 5, at_s + 2.0)
            number += 1
    at_s = 40.0 * 120
    for session in (1000, 1001):
        asks = request(number + session, session=session, tenant=session % 2, tokens=10)
        queue.route(view(at_s, (200,)), asks)
    order.clock(at_s)
    left = {one.session: one.work_left_s for one in order._ledger.programs()}
    assert left[1001] > 5 > left[1000]


@pytest.mark.parametrize("weights", [{}, {"a": 1.0, "b": 3.0}])
def test_the_order_is_found_by_name(weights: dict[str, float]) -> None:
    assert "afs" in orders()
    one = order("afs", weights)
    for number in range(40):
        whose = {"tenant": "ab"[number % 2]} if weights else {}
        one.push(replace(request(number, session=number, tenant=number % 2), **whose))
    served = []
    for _ in range(20):
        head = one.head()
        assert head is not None
        one.remove(head)
        whose = {"tenant": "ab"[head % 2]} if weights else {}
        one.sent(replace(request(head, session=head, tenant=head % 2), **whose))
        served.append(head % 2)
    assert sum(served) == (15 if weights else 10)


def test_senseless_settings_are_refused(crowd: ProgramTraffic) -> None:
    with pytest.raises(ConfigError, match="pausing"):
        Pausing(high=0.8, low=0.8)
    with pytest.raises(ConfigError, match="AFS"):
        AgentFairShare(most=0)
    with pytest.raises(ConfigError, match="weights"):
        AgentFairShare(weights={"a": 0.0})
    with pytest.raises(ConfigError, match="stealing"):
        Guarded(ratio=0.5)
    with pytest.raises(ConfigError, match="told"):
        told(crowd.programs, slack=0)
