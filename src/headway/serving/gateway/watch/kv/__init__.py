"""What the caches of engines hold, from the events that they publish."""

from __future__ import annotations

from headway.serving.gateway.watch.kv.events import Cleared, Event, Removed, Stored, events
from headway.serving.gateway.watch.kv.knowledge import Knowledge
from headway.serving.gateway.watch.kv.residency import Prefix, Residency
from headway.serving.gateway.watch.kv.subscriber import Source, Subscriber, sources
from headway.serving.gateway.watch.kv.tokens import PromptTokens

__all__ = [
    "Cleared",
    "Event",
    "Knowledge",
    "Prefix",
    "PromptTokens",
    "Removed",
    "Residency",
    "Source",
    "Stored",
    "Subscriber",
    "events",
    "sources",
]
