"""Named classical instances with their best-known values, and generators of new ones.

>>> from headway.instances import best_known, instance, instances
>>> instance("ft10").n_tasks, best_known("ft10").upper
(100, 930)
>>> instances("ta*", status="open").names[:3]
('ta30', 'ta32', 'ta40')
"""

from headway.instances.catalogue import (
    Access,
    BestKnown,
    Family,
    InstanceInfo,
    Instances,
    Kind,
    citation,
    families,
    instances,
)
from headway.instances.load import best_known, instance
from headway.instances.names import find
from headway.instances.obtain import obtain
from headway.instances.random import RANDOM_FAMILIES, Parameter, RandomFamily, generate

__all__ = [
    "RANDOM_FAMILIES",
    "Access",
    "BestKnown",
    "Family",
    "InstanceInfo",
    "Instances",
    "Kind",
    "Parameter",
    "RandomFamily",
    "best_known",
    "citation",
    "families",
    "find",
    "generate",
    "instance",
    "instances",
    "obtain",
]
