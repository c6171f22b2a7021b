"""Engines that a gateway knows: their makes, addresses and keys."""

from __future__ import annotations

from headway.serving.gateway.engines.kinds import KINDS, EngineKind, engine_kind
from headway.serving.gateway.engines.live import Breaker, LiveEngine

__all__ = ["KINDS", "Breaker", "EngineKind", "LiveEngine", "engine_kind"]
