"""Other libraries as contestants: problems translated for them, their schedules translated back."""

from headway.bench.peers.jobshoplib import Annealing, ConstraintProgramming, DispatchingRules
from headway.bench.peers.plain import PlainCpSat
from headway.bench.peers.pyjobshop import PyJobShop

__all__ = [
    "Annealing",
    "ConstraintProgramming",
    "DispatchingRules",
    "PlainCpSat",
    "PyJobShop",
    "annealing",
    "constraint_programming",
    "dispatching_rules",
    "plain_cpsat",
    "py_job_shop",
]

annealing = Annealing()
constraint_programming = ConstraintProgramming()
dispatching_rules = DispatchingRules()
plain_cpsat = PlainCpSat()
py_job_shop = PyJobShop()
