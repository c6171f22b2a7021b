"""The builder: the only mutable thing in the model, and the thing a newcomer types."""

from headway.model.build.handles import Job, Mode, Resource, Task
from headway.model.build.model import Model

__all__ = ["Job", "Mode", "Model", "Resource", "Task"]
