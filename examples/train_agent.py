"""An agent that learns by trial which job a machine takes next: cross-entropy, in plain numpy."""

import gymnasium
import numpy as np

import headway.learn.environments  # noqa: F401 - registers the names
from headway.simulate.shop import FLOW

SAMPLES, ELITE, ROUNDS = 12, 3, 5

env = gymnasium.make("headway/Shop-v0", jobs=25, machines=3, disable_env_checker=True)
n_features = env.observation_space.shape[1]


def episode(weights: np.ndarray, luck: int) -> float:
    """Return the sum of rewards of an agent that takes the job of the largest weighted sum."""
    observation, info = env.reset(options={"luck": luck})
    total, over = 0.0, False
    while not over:
        scores = np.where(info["action_mask"][:-1], observation @ weights, -np.inf)
        observation, reward, over, _, info = env.step(int(np.argmax(scores)))
        total += reward
    return total


def mean_return(weights: np.ndarray, shops: range) -> float:
    """Return what the agent earns on average over shops."""
    return float(np.mean([episode(weights, luck) for luck in shops]))


rng = np.random.default_rng(1)
mean, spread = np.zeros(n_features), np.ones(n_features)
unseen = range(1000, 1012)
print(f"untrained: {mean_return(mean, unseen):.2f}")
for number in range(ROUNDS):
    shops = range(3 * number, 3 * number + 3)
    tried = mean + spread * rng.standard_normal((SAMPLES, n_features))
    earned = [mean_return(weights, shops) for weights in tried]
    best = tried[np.argsort(earned)[-ELITE:]]
    mean, spread = best.mean(axis=0), best.std(axis=0) + 0.1
print(f"trained:   {mean_return(mean, unseen):.2f}")
for name, weight in zip(FLOW.names, mean, strict=True):
    print(f"  {name:14} {weight:+.2f}")
