"""The solver ``single``."""

from __future__ import annotations

from headway.solve.searcher import Searcher
from headway.solve.single.bound import single_machine_bound
from headway.solve.single.line import obstacle
from headway.solve.single.search import SingleMachineSearch

solve = Searcher(
    "single",
    "local search on one machine",
    obstacle,
    SingleMachineSearch,
    single_machine_bound,
    pace=2000,
)
