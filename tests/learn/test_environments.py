"""Environments: gymnasium's and PettingZoo's own checks, and rewards that add up."""

from __future__ import annotations

import warnings
from functools import partial

import gymnasium
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env
from pettingzoo.test import api_test

import headway as hw
from headway.errors import ConfigError
from headway.learn.environments import (
    ENVIRONMENTS,
    Agent,
    DecisionEnvironment,
    MachineGame,
    blocking_shop,
    farm,
    job_shop,
    machine,
    pool,
    rollouts,
)
from headway.simulate import Linear, Rule, cluster, greedy, servers, single
from headway.simulate.expression import parse
from headway.simulate.scenario import Scenario
from headway.simulate.shop import DYNAMIC, Realisation, ShopWorld

FEATURES = ("p / p_mean - 1", "tail", "wait", "queue_next")


def shop(luck: int) -> ShopWorld:
    return ShopWorld(Realisation.of(hw.generate("jobshop", jobs=5, machines=3, seed=luck % 1000)))


def floor(luck: int) -> ShopWorld:
    problem = hw.generate("jobshop", jobs=5, machines=3, seed=luck % 1000)
    return ShopWorld(Realisation.of(problem), per_machine=True)


def test_gymnasiums_own_checker_is_content() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        check_env(DecisionEnvironment(shop, FEATURES, most=8), skip_render_check=True)


def test_pettingzoos_own_checker_is_content() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        api_test(MachineGame(floor, ["a", "b", "c"], FEATURES, most=8), num_cycles=300)


def test_rewards_add_up_to_the_value() -> None:
    env = DecisionEnvironment(shop, FEATURES, most=16, scale=10)
    _, info = env.reset(seed=3)
    total, over = 0.0, False
    while not over:
        action = int(np.flatnonzero(info["action_mask"])[-1])
        _, reward, over, cut, info = env.step(action)
        total += reward
        assert not cut
        assert not info["illegal"]
    assert total == pytest.approx(-env.world.value / 10)
    assert not info["action_mask"].any()
    with pytest.raises(ConfigError, match="over"):
        env.step(0)


def test_a_policy_in_the_environment_does_what_it_does_in_the_world() -> None:
    rule = Rule("MWKR", parse("R"), largest=True)
    env = DecisionEnvironment(shop, ["R"], most=16)
    observation, info = env.reset(options={"luck": 5})
    over = False
    while not over:
        seen = np.where(info["action_mask"][:-1] == 1, observation[:, 0], -np.inf)
        observation, _, over, _, info = env.step(int(np.argmax(seen)))
    world = shop(5)
    world.play(rule)
    assert env.world.value == world.value
    agent = Agent("mine", ["R"], lambda table: table[:, 0])
    again = shop(5)
    again.play(agent)
    assert again.value == world.value


def test_the_seed_is_the_luck() -> None:
    env = DecisionEnvironment(shop, FEATURES, most=8)
    first, second = env.reset(seed=8), env.reset(seed=8)
    assert np.array_equal(first[0], second[0])
    assert first[1]["luck"] == second[1]["luck"]
    assert env.reset()[1]["luck"] != first[1]["luck"]


def test_what_is_not_allowed_counts_as_the_first_that_is() -> None:
    env = DecisionEnvironment(shop, FEATURES, most=8, render_mode="ansi")
    env.reset(seed=1)
    assert env.render() == "time 0: 5 candidates"
    *_, info = env.step(7)
    assert info["illegal"]


def test_candidates_beyond_the_rows_are_counted() -> None:
    _, info = DecisionEnvironment(shop, FEATURES, most=2).reset(seed=1)
    assert info["hidden"] == 3
    assert info["action_mask"].tolist() == [1, 1, 1]


def test_environments_run_side_by_side() -> None:
    many = gymnasium.vector.SyncVectorEnv(
        [lambda: DecisionEnvironment(shop, FEATURES, most=8) for _ in range(3)]
    )
    observation, info = many.reset(seed=4)
    assert observation.shape == (3, 8, 4)
    observation, reward, *_ = many.step(np.zeros(3, dtype=np.int64))
    assert reward.shape == (3,)
    assert info["action_mask"].shape == (3, 9)


def test_machines_play_to_the_end_and_share_the_reward() -> None:
    game = MachineGame(floor, ["a", "b", "c"], FEATURES, most=8)
    game.reset(seed=2)
    total, turns = 0.0, 0
    for agent in game.agent_iter(max_iter=1000):
        observation, _, ended, _, _ = game.last()
        assert observation is not None
        if ended:
            game.step(None)
            continue
        turns += 1
        assert observation["action_mask"].any()
        game.step(int(np.argmax(observation["action_mask"])))
        total += game.rewards[agent]
    assert turns == 15
    assert total == -game._world.value


@pytest.mark.parametrize("setting", [{"features": []}, {"most": 0}, {"scale": 0.0}])
def test_nonsense_is_refused(setting: dict[str, object]) -> None:
    with pytest.raises(ConfigError, match="expected features"):
        DecisionEnvironment(shop, **{"features": FEATURES, **setting})  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match="expected machines"):
        MachineGame(floor, ["a"], **{"features": FEATURES, **setting})  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match="render_mode"):
        DecisionEnvironment(shop, FEATURES, render_mode="human")
    with pytest.raises(ConfigError, match="reset the environment first"):
        DecisionEnvironment(shop, FEATURES).step(0)


NAMED = pytest.mark.parametrize("name", ENVIRONMENTS)


@NAMED
def test_gymnasiums_own_checker_is_content_with_what_it_makes(name: str) -> None:
    env = gymnasium.make(name)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        check_env(env.unwrapped)


@NAMED
def test_rewards_of_any_behaviour_add_up_to_the_value(name: str) -> None:
    env = gymnasium.make(name, scale=7.0)
    rng = np.random.default_rng(3)
    _, info = env.reset(seed=3)
    inner = env.unwrapped
    total, steps, over = inner.world.value / 7, 0, False
    assert total == 0
    while not over:
        assert info["action_mask"].any()
        assert not info["hidden"]
        action = rng.choice(np.flatnonzero(info["action_mask"]))
        observation, reward, over, _, info = env.step(action)
        assert np.isfinite(observation).all()
        assert np.abs(observation).max() < 100
        total, steps = total + reward, steps + 1
    assert steps >= 10
    assert inner.world.value > 0
    assert total == pytest.approx(-inner.world.value / 7)


@NAMED
def test_agents_do_in_the_environment_what_they_do_in_the_world(name: str) -> None:
    """Some weights, as an agent that sees observations and as a policy that sees the columns."""
    env = gymnasium.make(name)
    inner = env.unwrapped
    weights = np.random.default_rng(1).standard_normal(len(inner.features))
    observation, info = env.reset(options={"luck": 11})
    over = False
    while not over:
        scores = observation.astype(np.float64) @ weights
        seen = np.where(info["action_mask"][:-1] == 1, scores, -np.inf)
        observation, _, over, _, info = env.step(int(np.argmax(seen)))
    agent = Agent("mine", inner.features, lambda table: table.astype(np.float64) @ weights)
    env.reset(options={"luck": 11})
    world = greedy(inner.world.clone(), agent)
    assert world.value == pytest.approx(rollouts(lambda: env, agent, [11]).value[0])


@NAMED
def test_named_environments_run_side_by_side_and_follow_their_seeds(name: str) -> None:
    many = gymnasium.make_vec(name, num_envs=2, vectorization_mode="sync")
    observation, info = many.reset(seed=4)
    again, _ = many.reset(seed=4)
    assert np.array_equal(observation, again)
    assert info["luck"][0] != info["luck"][1]
    for _ in range(3):
        *_, info = many.step(np.argmax(info["action_mask"], axis=1))
    assert info["action_mask"].shape == (2, many.single_action_space.n)


def test_a_name_can_bring_its_module_and_settings() -> None:
    env = gymnasium.make(
        "headway.learn.environments:headway/Shop-v0",
        scenario="{kind: shop, problem: ft06}",
        features=["p", "R"],
        most=9,
    )
    assert env.reset(seed=1)[0].shape == (9, 2)
    assert env.unwrapped.world.realisation.problem.name == "ft06"
    due = Scenario.parse(
        "{kind: shop, shop: {machines: 2}, arrivals: {jobs: 5, load: 0.9}, jobs: {due_factor: 2}}"
    )
    env = gymnasium.make("headway/Shop-v0", scenario=due, features=DYNAMIC.expressions)
    env.reset(seed=1)
    assert env.unwrapped.world.realisation.problem.n_jobs == 5


def test_worlds_of_ones_own_take_the_place_of_the_usual_ones() -> None:
    jobs = single.Chains.of([(0, [2, 6]), (1, [4])])
    workload = cluster.Workload.of(capacity=2, submit=[0, 0], run=[4, 2], amount=[1, 2])
    machines = servers.Workload((1, 3), "poisson(0.5)", "exponential(100)", 7)
    for env, steps in (
        (job_shop("ft06"), 36),
        (blocking_shop(hw.instance("ft06"), chance=0), None),
        (farm(machines), 7),
        (pool(lambda _: workload), 2),
        (machine(lambda _: jobs, features=["left"]), 4),
    ):
        agent = Agent("first", env.features, lambda table: -np.arange(len(table)))
        found = rollouts(lambda env=env: env, agent, [0])
        assert steps is None or found.steps[0] == steps


def test_rollouts_are_the_same_on_one_process_and_on_two() -> None:
    policy = Linear("short", (parse("-p"),), np.ones(1))
    small = partial(ENVIRONMENTS["headway/Shop-v0"], jobs=6, machines=2)
    alone, shared = (rollouts(small, policy, [4, 7, 9], workers=w) for w in (1, 2))
    assert alone.value.tolist() == shared.value.tolist()
    assert alone.seeds == (4, 7, 9)
    assert alone.summary.n == 3
    assert str(alone).startswith("short: ")
    with pytest.raises(ConfigError, match="seeds"):
        rollouts(small, policy, [])
    with pytest.raises(ConfigError, match="environment that makes decisions"):
        rollouts(lambda: gymnasium.make("CartPole-v1"), policy, 1)


def test_a_policy_that_waits_holds_jobs_back_in_rollouts() -> None:
    def block(luck: int) -> DecisionEnvironment[ShopWorld]:
        problem = hw.generate("jobshop", jobs=5, machines=3, seed=luck)
        return DecisionEnvironment(lambda _: ShopWorld(Realisation.of(problem, buffer=0)), ["p"])

    shy = Linear("shy", (parse("wip < 2"),), np.ones(1), waits=True)
    env = block(1)
    found = rollouts(lambda: env, shy, [0])
    world = ShopWorld(env.world.realisation)
    world.play(shy)
    assert found.value[0] == world.value
