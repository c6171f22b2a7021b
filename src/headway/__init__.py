"""Headway decides which work gets which scarce resource, when, and proves that it is sound.

>>> import headway as hw
>>> result = hw.solve(hw.instance("ft06"), time_limit=10)
>>> print(result.schedule.makespan, result.status)
55 optimal
"""

from headway.errors import (
    ConfigError,
    FormatError,
    HeadwayError,
    InfeasibleError,
    MissingExtraError,
    ProblemError,
    UnknownNameError,
    UnsupportedError,
    VerificationError,
)
from headway.formats import read, write
from headway.instances import generate, instance, instances
from headway.model import (
    FOREVER,
    Measure,
    Model,
    Objective,
    Problem,
    Report,
    Schedule,
    Violation,
    ViolationKind,
    flexible_job_shop,
    flow_shop,
    job_shop,
    levelling,
    makespan,
    max_lateness,
    max_tardiness,
    open_shop,
    peak_usage,
    project,
    resource_cost,
    single_machine,
    tardy_jobs,
    total_completion,
    total_earliness,
    total_flow_time,
    total_setup,
    total_tardiness,
    verify,
)
from headway.solve import Progress, Result, Status, solve, solvers

__version__ = "0.1.0"

__all__ = [
    "FOREVER",
    "ConfigError",
    "FormatError",
    "HeadwayError",
    "InfeasibleError",
    "Measure",
    "MissingExtraError",
    "Model",
    "Objective",
    "Problem",
    "ProblemError",
    "Progress",
    "Report",
    "Result",
    "Schedule",
    "Status",
    "UnknownNameError",
    "UnsupportedError",
    "VerificationError",
    "Violation",
    "ViolationKind",
    "flexible_job_shop",
    "flow_shop",
    "generate",
    "instance",
    "instances",
    "job_shop",
    "levelling",
    "makespan",
    "max_lateness",
    "max_tardiness",
    "open_shop",
    "peak_usage",
    "project",
    "read",
    "resource_cost",
    "single_machine",
    "solve",
    "solvers",
    "tardy_jobs",
    "total_completion",
    "total_earliness",
    "total_flow_time",
    "total_setup",
    "total_tardiness",
    "verify",
    "write",
]
