"""What a linear dispatching rule looks at, and what classic rules go by.

With s the start and d the duration of a candidate, q its machine and q' the machine its job needs
next; b the earliest start of all next operations; p the mean duration of an operation, W the mean
work of a job, L the mean work of a machine, and R the most work left of any job:

===================  =====================================================================
``duration``         d / p - 1
``tail``             4 (work of the job after the operation - R / 2) / W
``operations_left``  2 (operations of the job left / all of its operations) - 1
``waited``           (b - time the job is ready) / p, at most 3
``idle``             (s - b) / p
``machine_load``     2 (work of q not yet scheduled) / L - 1
``queue``            (jobs that are ready at b and need q) / 3 - 1
``next_wait``        (time q' is free - s - d) / p, from -3 to 3
``next_load``        2 (work of q' not yet scheduled) / L - 1
``next_duration``    (duration of the job's next operation) / p - 1
``next_queue``       (jobs that are ready at b and need q') / 3 - 1
``work_left``        2 (work of the job left, the operation included) / R - 1
===================  =====================================================================

For the last operation of a job ``next_wait`` is -3 and the others of q' are -1. Classic rules go by
ticks and counts: ``p`` is the duration, ``R`` the work of the job left with the operation and
``done`` what of it is done once the operation is, ``k`` the operations left, ``ready`` the time
since when the job waits.
"""

from __future__ import annotations

FEATURES = (
    "duration",
    "tail",
    "operations_left",
    "waited",
    "idle",
    "machine_load",
    "queue",
    "next_wait",
    "next_load",
    "next_duration",
    "next_queue",
    "work_left",
)
"""Names of the features, in the order of the weights."""

FEATURES_VERSION = 1
"""Raised with every change of what a feature means; weights of other versions are refused."""

FIGURES = ("p", "R", "done", "k", "ready")
"""Columns that classic rules use."""
