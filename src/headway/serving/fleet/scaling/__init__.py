"""How many engines of which kind there should be, and what a load costs at least."""

from headway.serving.fleet.scaling.load import LoadMonitor, Pattern, rates
from headway.serving.fleet.scaling.optimizer import Allocation, allocate
from headway.serving.fleet.scaling.profile import Profile

__all__ = ["Allocation", "LoadMonitor", "Pattern", "Profile", "allocate", "rates"]
