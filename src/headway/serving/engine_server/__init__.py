"""A simulated engine as a server: the API of OpenAI, timed by the simulator's own engine."""

from __future__ import annotations

from headway.serving.engine_server.faults import Faults
from headway.serving.engine_server.process import Place, serve
from headway.serving.engine_server.server import EngineServer
from headway.serving.engine_server.settings import Settings
from headway.serving.engine_server.setup import described, flagged

__all__ = ["EngineServer", "Faults", "Place", "Settings", "described", "flagged", "serve"]
