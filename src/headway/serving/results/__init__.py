"""What came out of an engine: columns, checked and turned into figures."""

from headway.serving.results.audit import audit
from headway.serving.results.columns import Requests, Speech, Status, Steps
from headway.serving.results.run import EngineRun

__all__ = ["EngineRun", "Requests", "Speech", "Status", "Steps", "audit"]
