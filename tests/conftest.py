"""Settings shared by all tests."""

from __future__ import annotations

from hypothesis import HealthCheck, settings

# The same examples on every machine and run, and no failure because a machine is busy.
settings.register_profile(
    "headway",
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("headway")
