"""Recorded traffic, sent to any OpenAI endpoint at its own times and measured."""

from headway.serving.replay.beside import beside
from headway.serving.replay.prompts import Prompts
from headway.serving.replay.run import ReplayRun
from headway.serving.replay.sender import Endpoint, replay

__all__ = ["Endpoint", "Prompts", "ReplayRun", "beside", "replay"]
