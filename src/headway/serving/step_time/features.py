"""What operators' work is linear in: the fields of a shape, one, and experts touched."""

from __future__ import annotations

import numpy as np

from headway.serving.models import Experts
from headway.serving.step_time.shape import FIELDS, Floats, Shape

FEATURES = ("one", *FIELDS, "experts")
"""Names of the features, in the order that vectors of work and the native core use."""


def features(**weight: float) -> Floats:
    """Return one weight per feature, 0 where none is given; shape (12,)."""
    return np.array([weight.get(name, 0.0) for name in FEATURES])


ONE = features(one=1)
TOKENS = features(prefill_tokens=1, decodes=1, extra_tokens=1)
SEQUENCES = features(sequences=1)
EXPERTS = features(experts=1)


def feature_rows(shape: Shape, experts: Experts | None) -> Floats:
    """Return the features of steps as rows, shape (n, 12).

    The last is the expected number of routed experts that any token of the step visits.
    """
    rows = shape.rows()
    tokens = rows[:, 0] + rows[:, 4] + rows[:, 8]
    touched = np.zeros(len(rows))
    if experts is not None:
        touched = experts.count * (1.0 - (1.0 - experts.chosen / experts.count) ** tokens)
    return np.column_stack([np.ones(len(rows)), rows, touched])
