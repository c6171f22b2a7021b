"""Linear dispatching rules for job shops: trained on random shops, measured on the field's."""

from headway.learn.jobshop.measure import SETS, gaps, table
from headway.learn.jobshop.objective import RandomShops, mean_excess, random_shop, random_shops
from headway.learn.jobshop.rule import FEATURE_SET, SETTINGS, JobShopRule
from headway.learn.jobshop.tune import noise

__all__ = [
    "FEATURE_SET",
    "SETS",
    "SETTINGS",
    "JobShopRule",
    "RandomShops",
    "gaps",
    "mean_excess",
    "noise",
    "random_shop",
    "random_shops",
    "table",
]
