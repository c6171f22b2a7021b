"""The time of the host that measured kernels do not explain."""

from __future__ import annotations

import numpy as np

from headway.serving.step_time.least_squares import non_negative
from headway.serving.step_time.protocol import StepTime
from headway.serving.step_time.samples import Samples


def fitted_host(bare: StepTime, samples: Samples) -> tuple[float, float]:
    """Return seconds per step and per segment that a step time without them leaves unexplained.

    Parameters
    ----------
    bare
        What the kernels take.
    samples
        Measured steps.
    """
    segments = np.asarray(samples.shape.prefills + samples.shape.decodes, np.float64)
    columns = np.stack([np.ones(len(samples)), segments], axis=1)
    explained = np.asarray(bare.seconds(samples.shape))
    step_s, sequence_s = non_negative(columns, samples.seconds, explained).tolist()
    return step_s, sequence_s
