"""Settings shared by all tests."""

from __future__ import annotations

import signal

from hypothesis import HealthCheck, settings


def pytest_runtest_setup() -> None:
    """Let every test hear Ctrl-C.

    A process started in the background of a script ignores it, and CP-SAT as peers call it leaves
    it to kill the process.
    """
    signal.signal(signal.SIGINT, signal.default_int_handler)


# The same examples on every machine and run, and no failure because a machine is busy.
settings.register_profile(
    "headway",
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("headway")
