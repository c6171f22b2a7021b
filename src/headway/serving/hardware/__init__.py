"""GPUs, and what their memory holds of a model and its cache."""

from headway.serving.hardware.deployment import Deployment
from headway.serving.hardware.gpu import Gpu, gpu_names

__all__ = ["Deployment", "Gpu", "gpu_names"]
