"""What a gateway finds out about its engines: load, health, models, and what their caches hold."""

from __future__ import annotations

from headway.serving.gateway.watch.breaker import Breaker, BreakerRules
from headway.serving.gateway.watch.drain import Drain
from headway.serving.gateway.watch.health import Health, HealthRules
from headway.serving.gateway.watch.load import Load, load
from headway.serving.gateway.watch.restarts import Restarts
from headway.serving.gateway.watch.watcher import Watcher, WatchRules

__all__ = [
    "Breaker",
    "BreakerRules",
    "Drain",
    "Health",
    "HealthRules",
    "Load",
    "Restarts",
    "WatchRules",
    "Watcher",
    "load",
]
