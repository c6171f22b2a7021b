"""The linear rule for jobs that arrive at a chip: how good it is, and how it is trained."""

from headway.learn.chip.objective import FixedLoads, RandomLoads, Ranges
from headway.learn.chip.rule import policy_of

__all__ = ["FixedLoads", "RandomLoads", "Ranges", "policy_of"]
