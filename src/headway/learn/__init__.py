"""Policies that are trained: weights, rules and tables, shipped as small files."""

from headway.learn.evolution import Floats, Objective, Stage, Step, Trained, evolve
from headway.learn.genetic import Bred, Breeding, Generation, breed

__all__ = [
    "Bred",
    "Breeding",
    "Floats",
    "Generation",
    "Objective",
    "Stage",
    "Step",
    "Trained",
    "breed",
    "evolve",
]
