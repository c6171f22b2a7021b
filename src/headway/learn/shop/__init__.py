"""Trained rules for shops in motion: tardiness, flow time, and shops without buffers."""

from headway.learn.shop.blocking import BlockingShops
from headway.learn.shop.dynamic import (
    FLOW_TIME,
    TARDINESS,
    Aim,
    Course,
    DynamicFormulas,
    DynamicShops,
    mean_cost,
)
from headway.learn.shop.rule import blocking, flow, tardiness

__all__ = [
    "FLOW_TIME",
    "TARDINESS",
    "Aim",
    "BlockingShops",
    "Course",
    "DynamicFormulas",
    "DynamicShops",
    "blocking",
    "flow",
    "mean_cost",
    "tardiness",
]
