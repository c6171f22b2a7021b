"""Engines that a gateway knows: their makes, addresses and keys."""

from __future__ import annotations

from headway.serving.gateway.engines.live import Breaker, EngineKind, LiveEngine

__all__ = ["Breaker", "EngineKind", "LiveEngine"]
