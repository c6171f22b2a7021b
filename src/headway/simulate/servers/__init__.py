"""Machines of different speeds with a queue each, and tasks to be sent to one of them."""

from headway.simulate.servers.arrivals import Arrivals
from headway.simulate.servers.experiment import ServersExperiment
from headway.simulate.servers.rules import COLUMNS, RULES
from headway.simulate.servers.run import Outcome, ServersWorld, outcome, run
from headway.simulate.servers.workload import SpeedChange, Tasks, Workload

__all__ = [
    "COLUMNS",
    "RULES",
    "Arrivals",
    "Outcome",
    "ServersExperiment",
    "ServersWorld",
    "SpeedChange",
    "Tasks",
    "Workload",
    "outcome",
    "run",
]
