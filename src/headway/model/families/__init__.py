"""Constructors of the classical problem families, from plain arrays.

Each returns a frozen `Problem` without going through the builder, so that an instance of 100,000
tasks takes well under a second. All of them take the keyword arguments of `JobData` for the jobs.
"""

from headway.model.families.flow_shops import flow_shop, hybrid_flow_shop
from headway.model.families.jobs import JobData
from headway.model.families.one_machine import single_machine
from headway.model.families.projects import project
from headway.model.families.shops import flexible_job_shop, job_shop, open_shop

__all__ = [
    "JobData",
    "flexible_job_shop",
    "flow_shop",
    "hybrid_flow_shop",
    "job_shop",
    "open_shop",
    "project",
    "single_machine",
]
