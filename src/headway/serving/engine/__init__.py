"""A simulated inference engine, its settings, and the policies that steer it."""

from headway.serving.engine.config import EngineConfig
from headway.serving.engine.engine import Engine
from headway.serving.engine.policy import Policy
from headway.serving.engine.presets import preset, presets
from headway.serving.engine.visible import Group, View, Visible

__all__ = ["Engine", "EngineConfig", "Group", "Policy", "View", "Visible", "preset", "presets"]
