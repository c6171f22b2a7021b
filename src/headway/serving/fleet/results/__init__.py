"""What a fleet's run says: joined over its engines, checked, and turned into figures."""

from headway.serving.fleet.results.audit import audit
from headway.serving.fleet.results.figures import document, fairness, reversals
from headway.serving.fleet.results.joined import JoinedSpeech, join_speech, join_steps

__all__ = [
    "JoinedSpeech",
    "audit",
    "document",
    "fairness",
    "join_speech",
    "join_steps",
    "reversals",
]
