"""Environments: gymnasium's and PettingZoo's own checks, and rewards that add up."""

from __future__ import annotations

import warnings

import gymnasium
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env
from pettingzoo.test import api_test

import headway as hw
from headway.errors import ConfigError
from headway.learn.environments import Agent, DecisionEnvironment, MachineGame
from headway.simulate import Rule
from headway.simulate.expression import parse
from headway.simulate.shop import Realisation, ShopWorld

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
