"""What a server serves, and how."""

from __future__ import annotations

from dataclasses import dataclass, field

from headway.errors import ConfigError
from headway.serving.engine import EngineConfig
from headway.serving.engine_server.faults import NONE, Faults
from headway.serving.step_time import StepTime
from headway.simulate import Law


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What is served, and how.

    Parameters
    ----------
    name
        Of the engine.
    model
        Name that clients ask for.
    config, step_time
        Of the engine, as in the simulator.
    adapters
        Names of the adapters that are loaded.
    speed
        Simulated seconds in a second.
    output
        Law of the tokens of answers; by default as many as the client allows.
    seed
        Of lengths and faults.
    max_queued
        Requests that may wait; more are refused. 0: no such limit.
    kv_events, kv_replay, kv_topic
        Addresses and topic of cache events; none by default.
    faults
        What goes wrong from the beginning.
    number
        Of the engine in its process.
    """

    name: str
    model: str
    config: EngineConfig
    step_time: StepTime = field(repr=False)
    adapters: tuple[str, ...] = ()
    speed: float = 1.0
    output: Law | None = None
    seed: int = 0
    max_queued: int = 0
    kv_events: str | None = None
    kv_replay: str | None = None
    kv_topic: str = ""
    faults: Faults = NONE
    number: int = 0

    def __post_init__(self) -> None:
        if not 0 < self.speed <= 1e6:
            raise ConfigError(f"speed: must be positive and at most 1e6, got {self.speed}")
        if self.max_queued < 0:
            raise ConfigError(f"max_queued: must not be negative, got {self.max_queued}")
        if self.config.clients:
            raise ConfigError("clients: a closed loop belongs to the traffic, not to an engine")

    @property
    def max_tokens(self) -> int:
        """Longest sequence that is served."""
        return min(self.config.max_model_tokens, self.config.blocks * self.config.block_tokens)
