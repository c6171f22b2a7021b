from collections.abc import Callable
from enum import Enum
from typing import TypeAlias, overload

import numpy as np
from numpy.typing import NDArray

from headway.model.problem import Problem

_Ints: TypeAlias = NDArray[np.int64]
_Bools: TypeAlias = NDArray[np.bool_]
_Floats: TypeAlias = NDArray[np.float64]

# What searches call with the value of a better solution and the one or two columns that tell it.
_ToldOne: TypeAlias = Callable[[int, _Ints], None]
_ToldTwo: TypeAlias = Callable[[int, _Ints, _Ints], None]

def longest_paths(source: _Ints, target: _Ints, length: _Ints, floor: _Ints) -> _Ints | None: ...
def descendant_sums(source: _Ints, target: _Ints, weight: _Ints) -> _Ints: ...

class Generator:
    def __init__(
        self,
        problem: Problem,
        present: _Bools,
        is_open: _Bools,
        conflict_ptr: _Ints,
        conflict: _Ints,
        budget_mode: _Ints,
        mode_penalty: _Ints,
    ) -> None: ...
    def run(
        self,
        parallel: bool,
        formula: int,
        key: _Floats,
        due: _Floats,
        left: _Floats,
        work: _Floats,
        weight: _Floats,
        scale: float,
        alpha: float,
        seed: int,
        interrupted: Callable[[], bool] | None = None,
    ) -> tuple[_Ints, _Ints, _Ints, int, int]: ...

def energetic_bound(
    head: _Ints,
    work: _Ints,
    tail: _Ints,
    amount: _Ints,
    step_time: _Ints,
    step_capacity: _Ints,
    low: int,
    effort: int,
) -> int: ...
def one_machine_optimum(head: _Ints, work: _Ints, tail: _Ints, nodes: int) -> int: ...

class Neighbourhood(Enum):
    N6 = ...
    N7 = ...
    N8 = ...

class JobShop:
    def __init__(
        self,
        machine: _Ints,
        duration: _Ints,
        release: _Ints,
        pauses: _Bools,
        before: _Ints,
        after: _Ints,
        lag: _Ints,
        from_end: _Bools,
        break_machine: _Ints,
        break_start: _Ints,
        break_end: _Ints,
    ) -> None: ...

class Orientation:
    def __init__(self, shop: JobShop) -> None: ...
    def load(self, order: _Ints) -> None: ...
    def move(self, task: int, anchor: int, forward: bool) -> None: ...
    def moves(
        self, seed: int, neighbourhood: Neighbourhood = ...
    ) -> list[tuple[int, int, bool, int]]: ...
    def critical_path(self, seed: int) -> _Ints: ...
    @property
    def makespan(self) -> int: ...
    @property
    def order(self) -> _Ints: ...
    @property
    def head(self) -> _Ints: ...
    @property
    def tail(self) -> _Ints: ...

class Project:
    def __init__(
        self,
        mode_ptr: _Ints,
        duration: _Ints,
        release: _Ints,
        need_ptr: _Ints,
        need_resource: _Ints,
        need_amount: _Ints,
        spend_ptr: _Ints,
        spend_budget: _Ints,
        spend_amount: _Ints,
        budget: _Ints,
        step_ptr: _Ints,
        step_time: _Ints,
        step_capacity: _Ints,
        before: _Ints,
        after: _Ints,
        lag: _Ints,
        from_end: _Bools,
        to_end: _Bools,
    ) -> None: ...

def generate_project(
    project: Project, order: _Ints, mode: _Ints, choose: bool, turn: int | None = None
) -> tuple[_Ints, _Ints] | None: ...

class ProjectSearch:
    def __init__(self, project: Project, population: int, patience: int) -> None: ...
    def run(self, seed: int, iterations: int, stop: StopFlag, on_improvement: _ToldTwo) -> int: ...
    def offer(self, start: _Ints, mode: _Ints) -> None: ...
    def raise_goal(self, goal: int) -> None: ...

class LagProject:
    def __init__(
        self,
        duration: _Ints,
        release: _Ints,
        need_ptr: _Ints,
        need_resource: _Ints,
        need_amount: _Ints,
        step_ptr: _Ints,
        step_time: _Ints,
        step_capacity: _Ints,
        before: _Ints,
        after: _Ints,
        lag: _Ints,
    ) -> None: ...

def generate_with_lags(
    project: LagProject, order: _Ints, turn: int | None = None
) -> _Ints | None: ...

class LagSearch:
    def __init__(self, project: LagProject, population: int, patience: int) -> None: ...
    def run(self, seed: int, iterations: int, stop: StopFlag, on_improvement: _ToldOne) -> int: ...
    def offer(self, start: _Ints) -> None: ...
    def raise_goal(self, goal: int) -> None: ...

class StopFlag:
    def __init__(self) -> None: ...
    def set(self) -> None: ...

class JobShopSearch:
    def __init__(
        self,
        shop: JobShop,
        population: int,
        patience: int,
        neighbourhood: Neighbourhood,
        tenure: int,
    ) -> None: ...
    def run(self, seed: int, iterations: int, stop: StopFlag, on_improvement: _ToldOne) -> int: ...
    def offer(self, order: _Ints) -> None: ...
    def raise_goal(self, goal: int) -> None: ...

class FlexibleShop:
    def __init__(
        self,
        mode_ptr: _Ints,
        machine: _Ints,
        duration: _Ints,
        release: _Ints,
        before: _Ints,
        after: _Ints,
        lag: _Ints,
        from_end: _Bools,
    ) -> None: ...

class FlexibleOrientation:
    def __init__(self, shop: FlexibleShop) -> None: ...
    def load(self, order: _Ints, mode: _Ints) -> None: ...
    def moves(self, task: int) -> list[tuple[int, int, int, int]]: ...
    def move(self, task: int, mode: int, left: int) -> None: ...
    def critical_path(self, seed: int) -> _Ints: ...
    @property
    def makespan(self) -> int: ...
    @property
    def order(self) -> _Ints: ...
    @property
    def mode(self) -> _Ints: ...
    @property
    def head(self) -> _Ints: ...
    @property
    def tail(self) -> _Ints: ...

class FlexibleSearch:
    def __init__(self, shop: FlexibleShop, population: int, patience: int) -> None: ...
    def run(self, seed: int, iterations: int, stop: StopFlag, on_improvement: _ToldTwo) -> int: ...
    def offer(self, order: _Ints, mode: _Ints) -> None: ...
    def raise_goal(self, goal: int) -> None: ...

class BlockingShop:
    def __init__(
        self,
        machine: _Ints,
        duration: _Ints,
        release: _Ints,
        following: _Ints,
        lag: _Ints,
        holds: _Bools,
    ) -> None: ...

class Selection:
    def __init__(self, shop: BlockingShop) -> None: ...
    def load(self, start: _Ints) -> None: ...
    def move(self, left: int, right: int, pull: bool) -> None: ...
    def critical(self, seed: int) -> list[tuple[int, int]]: ...
    @property
    def makespan(self) -> int: ...
    @property
    def start(self) -> _Ints: ...

class BlockingSearch:
    def __init__(self, shop: BlockingShop) -> None: ...
    def run(self, seed: int, iterations: int, stop: StopFlag, on_improvement: _ToldOne) -> int: ...
    def offer(self, start: _Ints) -> None: ...
    def raise_goal(self, goal: int) -> None: ...

class NoWaitShop:
    def __init__(
        self,
        item: _Ints,
        machine: _Ints,
        offset: _Ints,
        length: _Ints,
        release: _Ints,
        span: _Ints,
        weight: _Ints,
        due: _Ints,
        least: _Ints,
        break_machine: _Ints,
        break_start: _Ints,
        break_end: _Ints,
        total: bool,
    ) -> None: ...
    def place(self, order: _Ints) -> tuple[_Ints, int]: ...

class NoWaitSearch:
    def __init__(self, shop: NoWaitShop) -> None: ...
    def run(self, seed: int, iterations: int, stop: StopFlag, on_improvement: _ToldOne) -> int: ...
    def offer(self, start: _Ints) -> None: ...
    def raise_goal(self, goal: int) -> None: ...

class FlowShop:
    def __init__(
        self,
        n_machines: int,
        duration: _Ints,
        release: _Ints,
        due: _Ints,
        weight: _Ints,
        setup: _Ints,
        aim: int,
        blocking: bool,
        floor: int,
    ) -> None: ...
    def starts(self, order: _Ints) -> _Ints: ...

class FlowSequence:
    def __init__(self, shop: FlowShop) -> None: ...
    def assign(self, jobs: _Ints) -> None: ...
    def insert(self, place: int, job: int) -> None: ...
    def remove(self, place: int) -> int: ...
    def best_place(self, job: int, seed: int) -> tuple[int, int]: ...
    @property
    def value(self) -> int: ...
    @property
    def order(self) -> _Ints: ...

class FlowSearch:
    def __init__(
        self, shop: FlowShop, destruction: int, temperature: int, patience: int
    ) -> None: ...
    def run(self, seed: int, iterations: int, stop: StopFlag, on_improvement: _ToldOne) -> int: ...
    def offer(self, order: _Ints) -> None: ...
    def raise_goal(self, goal: int) -> None: ...

def augmented(work: _Ints, due: _Ints, order: _Ints) -> _Ints: ...
def insertion_descent(work: _Ints, due: _Ints, order: _Ints) -> _Ints: ...
def least_total_tardiness(
    work: _Ints, due: _Ints, states: int, stop: StopFlag
) -> tuple[int, _Ints] | None: ...

class Line:
    def __init__(
        self,
        work: _Ints,
        release: _Ints,
        due: _Ints,
        per_tick: _Ints,
        per_late: _Ints,
        if_late: _Ints,
        setup: _Ints,
        makespan: int,
        max_lateness: int,
        max_tardiness: int,
        total_setup: int,
    ) -> None: ...
    def value(self, order: _Ints) -> int: ...
    def best_by_subsets(self, stop: StopFlag) -> tuple[int, _Ints] | None: ...
    def relaxed(self, order: _Ints, rounds: int, stop: StopFlag) -> int | None: ...

class SingleMachineSearch:
    def __init__(self, line: Line) -> None: ...
    def run(self, seed: int, iterations: int, stop: StopFlag, on_improvement: _ToldOne) -> int: ...
    def offer(self, order: _Ints) -> None: ...
    def raise_goal(self, goal: int) -> None: ...
    @property
    def bound(self) -> int: ...

class Shop:
    def __init__(
        self,
        problem: Problem,
        member_ptr: _Ints,
        member: _Ints,
        offset: _Ints,
        threshold: _Ints,
        slope: _Ints,
        jump: _Ints,
        constant: int,
    ) -> None: ...

class ShopState:
    def __init__(self, shop: Shop) -> None: ...
    def load(self, start: _Ints, mode: _Ints) -> None: ...
    def tails(self, task: int) -> list[int]: ...
    def sequence(self, machine: int) -> list[int]: ...
    def shifts(self, seed: int) -> list[tuple[int, int, int, bool, int]]: ...
    def shift(self, seed: int, k: int) -> None: ...
    def insertions(self, task: int) -> list[tuple[int, list[int], int]]: ...
    def insert(self, task: int, k: int) -> None: ...
    @property
    def value(self) -> int: ...
    @property
    def order(self) -> _Ints: ...
    @property
    def heads(self) -> _Ints: ...
    @property
    def modes(self) -> _Ints: ...

class ShopSearch:
    def __init__(self, shop: Shop, population: int, patience: int) -> None: ...
    def run(self, seed: int, iterations: int, stop: StopFlag, on_improvement: _ToldTwo) -> int: ...
    def offer(self, start: _Ints, mode: _Ints) -> None: ...
    def raise_goal(self, goal: int) -> None: ...

class HybridShop:
    def __init__(
        self,
        stage_ptr: _Ints,
        duration: _Ints,
        release: _Ints,
        due: _Ints,
        weight: _Ints,
        aim: int,
        floor: int,
    ) -> None: ...
    def value(self, order: _Ints) -> int: ...
    def schedule(self, order: _Ints) -> tuple[_Ints, _Ints]: ...

class HybridSearch:
    def __init__(self, shop: HybridShop, temperature: int, cycle: int) -> None: ...
    def run(self, seed: int, iterations: int, stop: StopFlag, on_improvement: _ToldTwo) -> int: ...
    def offer(self, order: _Ints) -> None: ...
    def raise_goal(self, goal: int) -> None: ...

class ChipApplications:
    def __init__(
        self,
        n_elements: int,
        task_ptr: _Ints,
        duration: _Ints,
        edge_ptr: _Ints,
        edge_source: _Ints,
        delay: _Ints,
        rank: _Floats,
        elsewhere: _Ints,
        plan: _Ints,
    ) -> None: ...

class ChipStream:
    def __init__(
        self,
        applications: ChipApplications,
        gap: _Ints,
        kind: _Ints,
        duration: _Ints,
        initial: int,
        most_jobs: int,
        lost_gap: bool,
        length: int,
        limit: int,
        seed: int,
    ) -> None: ...
    def decide(self) -> bool: ...
    def columns(self) -> _Floats: ...
    def tasks(self) -> _Ints: ...
    def elements(self) -> _Ints: ...
    def commit(self, candidate: int) -> None: ...
    def wait(self) -> None: ...
    def may_wait(self) -> bool: ...
    def run(
        self,
        code: _Ints,
        argument: _Ints,
        constants: _Floats,
        first: _Ints,
        weights: _Floats,
        waits: bool,
        stop: StopFlag,
    ) -> None: ...
    def clone(self) -> ChipStream: ...
    def jobs(self) -> tuple[_Ints, _Ints, _Ints]: ...
    def outcomes(self) -> tuple[_Ints, _Ints, _Ints]: ...
    @property
    def now(self) -> int: ...

class DispatchShop:
    def __init__(self, ptr: _Ints, machine: _Ints, duration: _Ints, release: _Ints) -> None: ...
    @property
    def bound(self) -> int: ...
    def makespans(self, weights: _Floats, delta: _Floats) -> _Ints: ...

class DispatchKey(Enum):
    SPT = ...
    LPT = ...
    MWKR = ...
    LWKR = ...
    LTAIL = ...
    MOPNR = ...
    LOPNR = ...
    FDD_MWKR = ...
    FIFO = ...
    RANDOM = ...

class DispatchRule:
    @overload
    def __init__(self, key: DispatchKey, delta: float) -> None: ...
    @overload
    def __init__(self, weights: _Floats, delta: float) -> None: ...

def dispatch_sampled(
    shop: DispatchShop,
    rule: DispatchRule,
    passes: int,
    temperature: float,
    spread: float,
    share: float,
    noisy_first: bool,
    seed: int,
    stop: StopFlag,
    on_improvement: _ToldOne,
) -> int: ...
def dispatch_beam(
    shop: DispatchShop,
    rule: DispatchRule,
    width: int,
    breadth: int,
    stop: StopFlag,
    on_improvement: _ToldOne,
) -> int: ...

class Score:
    def __init__(
        self,
        code: _Ints,
        argument: _Ints,
        constants: _Floats,
        first: _Ints,
        weights: _Floats,
        n_columns: int,
    ) -> None: ...

class ClusterJobs:
    def __init__(
        self,
        submit: _Ints,
        run: _Ints,
        estimate: _Ints,
        amount: _Ints,
        capacity: int,
        per_unit: int,
    ) -> None: ...
    def start_ranked(self, backfill: int, rank: _Ints) -> tuple[_Ints, _Ints]: ...
    def start_scored(self, backfill: int, score: Score) -> tuple[_Ints, _Ints]: ...
    def start_asking(
        self, backfill: int, scores: Callable[[int, _Ints, _Ints], _Floats]
    ) -> tuple[_Ints, _Ints]: ...
    def preempt_scored(self, levels: _Ints, score: Score) -> tuple[_Ints, _Ints, _Ints]: ...
    def preempt_asking(
        self, levels: _Ints, scores: Callable[[int, _Ints, _Ints], _Floats]
    ) -> tuple[_Ints, _Ints, _Ints]: ...

def shop_columns() -> list[str]: ...

class ShopCourse:
    def __init__(
        self,
        *,
        arrival: _Ints,
        release: _Ints,
        due: _Ints,
        weight: _Ints,
        cancelled: _Ints,
        op_ptr: _Ints,
        family: _Ints,
        pause: _Ints,
        mode_ptr: _Ints,
        machine: _Ints,
        estimate: _Ints,
        duration: _Ints,
        is_open: _Ints,
        demand_ptr: _Ints,
        demand_resource: _Ints,
        demand_amount: _Ints,
        capacity: _Ints,
        buffer: _Ints,
        batch: _Ints,
        setup: _Ints,
        break_ptr: _Ints,
        break_start: _Ints,
        break_end: _Ints,
        down_ptr: _Ints,
        down_start: _Ints,
        down_end: _Ints,
        effect: _Ints,
        setup_times: _Ints,
        n_families: int,
        transfers: _Ints,
        change_time: _Ints,
        change_kind: _Ints,
        change_subject: _Ints,
        change_value: _Ints,
        revealed_when_ready: bool,
        trapped: bool,
    ) -> None: ...

class ShopWorld:
    def __init__(self, shop: ShopCourse, per_machine: bool) -> None: ...
    def clone(self) -> ShopWorld: ...
    def advance(self, until: int) -> bool: ...
    def candidates(self) -> _Ints: ...
    def column(self, which: int) -> _Floats: ...
    def choose(self, position: int) -> None: ...
    def hold(self) -> None: ...
    def play(self, score: Score, waits: bool, until: int, stop: StopFlag) -> bool: ...
    def record(self) -> dict[str, _Ints]: ...
    def due(self) -> _Ints: ...
    def completion(self) -> _Ints: ...
    @property
    def n_candidates(self) -> int: ...
    @property
    def may_hold(self) -> bool: ...
    @property
    def deciding(self) -> bool: ...
    @property
    def now(self) -> int: ...
    @property
    def n_events(self) -> int: ...
    @property
    def n_decisions(self) -> int: ...

class ClusterNodes:
    def __init__(
        self,
        cpu: _Ints,
        memory: _Ints,
        gpus: _Ints,
        model: _Ints,
        kind_cpu: _Ints,
        kind_memory: _Ints,
        kind_gpus: _Ints,
        kind_share: _Ints,
        kind_accepts: _Ints,
        kind_weight: _Ints,
        choice: int,
        seed: int,
    ) -> None: ...
    def place(self, kind: int) -> tuple[int, int] | None: ...
    def release(self, kind: int, node: int, gpus: int) -> None: ...
    def fill(self, kinds: _Ints) -> tuple[_Ints, _Ints, _Ints, _Ints]: ...
    @property
    def free(self) -> int: ...
    @property
    def fragments(self) -> int: ...

class ServerFarm:
    def __init__(
        self,
        arrival: _Ints,
        size: _Ints,
        believed: _Ints,
        home: _Ints,
        speed: _Ints,
        declared: _Ints,
        change_time: _Ints,
        change_machine: _Ints,
        change_speed: _Ints,
        mean: float,
        seed: int,
    ) -> None: ...
    def arrive(self) -> bool: ...
    def columns(self) -> _Floats: ...
    def assign(self, machine: int) -> None: ...
    def run(self, score: Score, stop: StopFlag) -> None: ...
    def learn(self, learner: ServerLearner, stop: StopFlag) -> None: ...
    def clone(self) -> ServerFarm: ...
    def outcomes(self) -> tuple[_Ints, _Ints, _Ints]: ...
    @property
    def now(self) -> int: ...
    @property
    def task(self) -> int: ...

class ServerLearner:
    def __init__(
        self,
        joint: bool,
        group: _Ints,
        levels: _Floats,
        sizes: _Floats,
        loads: _Floats,
        alpha: _Floats,
        first_epsilon: float,
        last_epsilon: float,
        exploring: int,
        learns: bool,
        margin: float,
        window: int,
        values: _Floats,
        visits: _Ints,
        seed: int,
    ) -> None: ...
    def values(self) -> _Floats: ...
    def visits(self) -> _Ints: ...
    @property
    def distrusted(self) -> int: ...
