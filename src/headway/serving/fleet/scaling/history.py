"""How long a fleet did not keep its limits."""

from __future__ import annotations

import numpy as np

from headway.errors import ConfigError
from headway.serving.fleet.run import FleetRun


def violation_s(run: FleetRun, slot_s: float = 10.0, share: float = 0.95) -> float:
    """Return the time in which too few requests kept their limits.

    Parameters
    ----------
    run
        The run.
    slot_s
        The time is cut in slots of so many seconds, by arrivals.
    share
        A slot counts if fewer of the requests that arrived in it kept their limits.

    Raises
    ------
    ConfigError
        If a slot has no length.
    """
    if not slot_s > 0:
        raise ConfigError(f"slot_s: must be positive, got {slot_s}")
    arrived = ~np.isnan(run.requests.arrival_s)
    slot = (run.requests.arrival_s[arrived] // slot_s).astype(np.int64)
    came = np.bincount(slot)
    kept = np.bincount(slot, weights=run.attained[arrived], minlength=len(came))
    return float(np.count_nonzero(kept < share * came) * slot_s)
