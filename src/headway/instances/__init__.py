"""Named classical instances with their best-known values, and generators of new ones.

>>> from headway.instances import best_known, instance, instances
>>> instance("ft10").n_tasks, best_known("ft10").upper
(100, 930)
>>> instances("ta*", status="open").names[:3]
('ta18', 'ta22', 'ta25')
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

__all__ = [
    "Access",
    "BestKnown",
    "Family",
    "InstanceInfo",
    "Instances",
    "Kind",
    "best_known",
    "citation",
    "families",
    "find",
    "instance",
    "instances",
]
