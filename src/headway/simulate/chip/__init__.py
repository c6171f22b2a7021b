"""The chip: task graphs on processing elements that pass data to one another.

Static: `place` runs a list scheduler on a graph, `optimum` the exact solver. Streaming: `run` lets
a policy meet a `Workload` of jobs that arrive, in the manner of the DS3 simulator.
"""

from headway.simulate.chip.dag_bench import dag_bench, dag_bench_names, read_task_graph
from headway.simulate.chip.ds3 import read_application, read_graph, read_platform, top
from headway.simulate.chip.exact import Optimum, optimum, problem
from headway.simulate.chip.experiment import ChipExperiment, WorkloadFile
from headway.simulate.chip.features import FEATURES, linear
from headway.simulate.chip.graph import UNSUPPORTED, TaskGraph
from headway.simulate.chip.lists import (
    LIST_SCHEDULERS,
    cpop,
    eft,
    etf,
    fastest_element,
    heft,
    mct,
    met,
    peft,
    place,
    random_elements,
    stf,
)
from headway.simulate.chip.placement import Placement
from headway.simulate.chip.plan import PLAN_COLUMNS, PLAN_RULES, PlanDecision, PlanWorld
from headway.simulate.chip.platform import Application, Element, OperatingPoint, Platform
from headway.simulate.chip.power import Energy, at_points, energy, leakage_w, power_w
from headway.simulate.chip.ranks import downward_ranks, optimistic_costs, upward_ranks
from headway.simulate.chip.rules import COLUMNS, RULES, Bound
from headway.simulate.chip.stream import ChipDecision, ChipWorld, Outcome, outcome, run
from headway.simulate.chip.workload import Fate, Workload

__all__ = [
    "COLUMNS",
    "FEATURES",
    "LIST_SCHEDULERS",
    "PLAN_COLUMNS",
    "PLAN_RULES",
    "RULES",
    "UNSUPPORTED",
    "Application",
    "Bound",
    "ChipDecision",
    "ChipExperiment",
    "ChipWorld",
    "Element",
    "Energy",
    "Fate",
    "OperatingPoint",
    "Optimum",
    "Outcome",
    "Placement",
    "PlanDecision",
    "PlanWorld",
    "Platform",
    "TaskGraph",
    "Workload",
    "WorkloadFile",
    "at_points",
    "cpop",
    "dag_bench",
    "dag_bench_names",
    "downward_ranks",
    "eft",
    "energy",
    "etf",
    "fastest_element",
    "heft",
    "leakage_w",
    "linear",
    "mct",
    "met",
    "optimistic_costs",
    "optimum",
    "outcome",
    "peft",
    "place",
    "power_w",
    "problem",
    "random_elements",
    "read_application",
    "read_graph",
    "read_platform",
    "read_task_graph",
    "run",
    "stf",
    "top",
    "upward_ranks",
]
