"""How long one step of an engine takes: models of it, and their fit to measurements."""

from headway.serving.step_time.affine import Affine
from headway.serving.step_time.layer_tables import LayerTables
from headway.serving.step_time.protocol import Operator, StepTime, as_native
from headway.serving.step_time.roofline import Efficiency, Roofline
from headway.serving.step_time.shape import FIELDS, Shape

__all__ = [
    "FIELDS",
    "Affine",
    "Efficiency",
    "LayerTables",
    "Operator",
    "Roofline",
    "Shape",
    "StepTime",
    "as_native",
]
