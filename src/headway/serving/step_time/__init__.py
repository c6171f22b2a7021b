"""How long one step of an engine takes: models of it, and their fit to measurements."""

from headway.serving.step_time.affine import Affine
from headway.serving.step_time.corrections import Corrected, Corrections
from headway.serving.step_time.kernel_files import Kernels
from headway.serving.step_time.kernel_tables import KernelTables
from headway.serving.step_time.layer_tables import LayerTables
from headway.serving.step_time.padded import VLLM_SIZES, Padded
from headway.serving.step_time.protocol import Operator, StepTime, as_native
from headway.serving.step_time.report import Errors, Fitted, Report, cross_predicted, predicted
from headway.serving.step_time.roofline import Efficiency, Roofline
from headway.serving.step_time.roofline_fit import fit_efficiency
from headway.serving.step_time.samples import Samples
from headway.serving.step_time.saved import from_document, load, save, to_document
from headway.serving.step_time.shape import FIELDS, Shape

__all__ = [
    "FIELDS",
    "VLLM_SIZES",
    "Affine",
    "Corrected",
    "Corrections",
    "Efficiency",
    "Errors",
    "Fitted",
    "KernelTables",
    "Kernels",
    "LayerTables",
    "Operator",
    "Padded",
    "Report",
    "Roofline",
    "Samples",
    "Shape",
    "StepTime",
    "as_native",
    "cross_predicted",
    "fit_efficiency",
    "from_document",
    "load",
    "predicted",
    "save",
    "to_document",
]
