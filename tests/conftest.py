"""Settings shared by all tests."""

from __future__ import annotations

import signal

from hypothesis import HealthCheck, settings

# A process started in the background of a script ignores Ctrl-C; tests that send it need it heard.
signal.signal(signal.SIGINT, signal.default_int_handler)

# The same examples on every machine and run, and no failure because a machine is busy.
settings.register_profile(
    "headway",
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("headway")
