"""Worlds for outside trainers: gymnasium environments and PettingZoo games (extra: learn)."""

from headway.learn.environments.decisions import Agent, DecisionEnvironment, observed
from headway.learn.environments.machines import MachineGame
from headway.learn.environments.registered import (
    ENVIRONMENTS,
    blocking_shop,
    chip_stream,
    farm,
    graph,
    job_shop,
    machine,
    pool,
    shop,
)
from headway.learn.environments.rollouts import Rollouts, rollouts

__all__ = [
    "ENVIRONMENTS",
    "Agent",
    "DecisionEnvironment",
    "MachineGame",
    "Rollouts",
    "blocking_shop",
    "chip_stream",
    "farm",
    "graph",
    "job_shop",
    "machine",
    "observed",
    "pool",
    "rollouts",
    "shop",
]
