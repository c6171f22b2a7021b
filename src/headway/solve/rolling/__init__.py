"""Rolling windows: very large shops, solved stretch by stretch."""

from headway.solve.rolling.fixing import (
    Fixing,
    fix_at_random,
    fix_first,
    fix_none,
    fix_uncritical,
)
from headway.solve.rolling.search import RollingSearch, Settings
from headway.solve.rolling.solver import obstacle, solve

__all__ = [
    "Fixing",
    "RollingSearch",
    "Settings",
    "fix_at_random",
    "fix_first",
    "fix_none",
    "fix_uncritical",
    "obstacle",
    "solve",
]
