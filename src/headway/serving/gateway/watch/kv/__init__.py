"""What the caches of engines hold, from the events that they publish."""

from __future__ import annotations

from headway.serving.gateway.watch.kv.events import Cleared, Event, Removed, Stored, events
from headway.serving.gateway.watch.kv.residency import Prefix, Residency
from headway.serving.gateway.watch.kv.subscriber import Source, Subscriber, sources

__all__ = [
    "Cleared",
    "Event",
    "Prefix",
    "Removed",
    "Residency",
    "Source",
    "Stored",
    "Subscriber",
    "events",
    "sources",
]
