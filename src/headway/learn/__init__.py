"""Policies that are trained: weights, rules and tables, shipped as small files."""

from headway.learn.genetic import Bred, Breeding, Generation, breed

__all__ = ["Bred", "Breeding", "Generation", "breed"]
