"""One preemptive machine whose jobs reveal their sizes gradually."""

from headway.simulate.single.experiment import SingleExperiment
from headway.simulate.single.families import (
    FAMILIES,
    batch_of_tests,
    random_chains,
    tightness_stream,
    uniform_tests,
    why_chunks,
)
from headway.simulate.single.jobs import Chains
from headway.simulate.single.registry import POLICIES, find
from headway.simulate.single.reveal import Reveal
from headway.simulate.single.run import Outcome, outcome, run
from headway.simulate.single.stepwise import COLUMNS, SingleDecision, SingleWorld
from headway.simulate.single.view import JobView, Policy, Rank

__all__ = [
    "COLUMNS",
    "FAMILIES",
    "POLICIES",
    "Chains",
    "JobView",
    "Outcome",
    "Policy",
    "Rank",
    "Reveal",
    "SingleDecision",
    "SingleExperiment",
    "SingleWorld",
    "batch_of_tests",
    "find",
    "outcome",
    "random_chains",
    "run",
    "tightness_stream",
    "uniform_tests",
    "why_chunks",
]
