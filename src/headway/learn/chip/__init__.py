"""The linear rule for jobs that arrive at a chip: how good it is, and how it is trained."""

from headway.learn.chip.objective import FixedLoads, RandomLoads, Ranges
from headway.learn.chip.training import Recipe, train

__all__ = ["FixedLoads", "RandomLoads", "Ranges", "Recipe", "train"]
