"""Linear dispatching rules for job shops: how good they are, and how they are trained."""

from headway.learn.jobshop.objective import FixedShops, RandomShops, mean_excess, random_shop

__all__ = ["FixedShops", "RandomShops", "mean_excess", "random_shop"]
