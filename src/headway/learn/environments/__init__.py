"""Worlds for outside trainers: gymnasium environments and PettingZoo games (extra: learn)."""

from headway.learn.environments.decisions import Agent, DecisionEnvironment, observed
from headway.learn.environments.machines import MachineGame

__all__ = ["Agent", "DecisionEnvironment", "MachineGame", "observed"]
