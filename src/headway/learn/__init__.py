"""Policies that are trained: weights, rules and tables, shipped as small files."""

from headway.learn.evolution import Floats, Objective, Stage, Step, Trained, evolve
from headway.learn.genetic import Bred, Breeding, Generation, breed
from headway.learn.recipe import Recipe, recipes, train
from headway.learn.rule_file import LinearRule
from headway.learn.rule_file import load as load_rule
from headway.learn.rule_file import parse as parse_rule
from headway.learn.trained import trained, trained_rules
from headway.simulate.features import FeatureSet

__all__ = [
    "Bred",
    "Breeding",
    "FeatureSet",
    "Floats",
    "Generation",
    "LinearRule",
    "Objective",
    "Recipe",
    "Stage",
    "Step",
    "Trained",
    "breed",
    "evolve",
    "load_rule",
    "parse_rule",
    "recipes",
    "train",
    "trained",
    "trained_rules",
]
