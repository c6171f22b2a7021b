"""Controllers of a fleet, acting live: engines started and stopped, adapters loaded."""

from headway.serving.gateway.scaling.document import Scaled, Scaling
from headway.serving.gateway.scaling.governor import Governor
from headway.serving.gateway.scaling.hands import Hands
from headway.serving.gateway.scaling.record import Line, Record

__all__ = ["Governor", "Hands", "Line", "Record", "Scaled", "Scaling"]
