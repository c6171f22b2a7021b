"""An OpenAI-compatible gateway: the policies of a fleet, live, before real engines."""

from __future__ import annotations

from headway.serving.gateway.board import Board
from headway.serving.gateway.errors import Refusal, RefusedError

__all__ = ["Board", "Refusal", "RefusedError"]
