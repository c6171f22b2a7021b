"""Discovering rules for one machine: programs proposed, tried in a sandbox, kept on islands."""

from headway.solve.discover.chat import ChatProposer
from headway.solve.discover.database import Sampling
from headway.solve.discover.program import START, Program, ProgramError
from headway.solve.discover.proposer import GeneticProposer, Proposer
from headway.solve.discover.report import HeldOut, held_out, source_of
from headway.solve.discover.sandbox import Limits, Sandbox
from headway.solve.discover.search import Settings, Step, discover

__all__ = [
    "START",
    "ChatProposer",
    "GeneticProposer",
    "HeldOut",
    "Limits",
    "Program",
    "ProgramError",
    "Proposer",
    "Sampling",
    "Sandbox",
    "Settings",
    "Step",
    "discover",
    "held_out",
    "source_of",
]
