"""Priority rules: the instant first answer to every problem that needs no backtracking."""

from headway.solve.rules.facts import Facts
from headway.solve.rules.generation import (
    GenerationError,
    Generator,
    Obstacle,
    Scheme,
    generate,
)
from headway.solve.rules.passes import rules_for, solve
from headway.solve.rules.priorities import RULES, Formula, Priority, Rule, find

__all__ = [
    "RULES",
    "Facts",
    "Formula",
    "GenerationError",
    "Generator",
    "Obstacle",
    "Priority",
    "Rule",
    "Scheme",
    "find",
    "generate",
    "rules_for",
    "solve",
]
