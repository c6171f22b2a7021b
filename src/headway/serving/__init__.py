"""LLM inference: traffic, engines with continuous batching, and the policies that steer them.

>>> from headway.serving import Affine, Engine, Workload, preset
>>> two = Workload.of(arrival_s=[0, 1], prompt_tokens=[100, 50], output_tokens=[20, 30])
>>> run = Engine(two, preset("vllm", blocks=1000), Affine(0.02)).run()
>>> run.requests.first_token_s.tolist()
[0.02, 1.02]
"""

from headway.serving.engine import Engine, EngineConfig, Policy, View, preset, presets
from headway.serving.fleet import FleetSimulation, Member
from headway.serving.hardware import Deployment, Gpu
from headway.serving.models import LanguageModel
from headway.serving.results import EngineRun
from headway.serving.step_time import Affine, LayerTables, Roofline, StepTime
from headway.serving.workload import Workload, read_workload, synthetic

__all__ = [
    "Affine",
    "Deployment",
    "Engine",
    "EngineConfig",
    "EngineRun",
    "FleetSimulation",
    "Gpu",
    "LanguageModel",
    "LayerTables",
    "Member",
    "Policy",
    "Roofline",
    "StepTime",
    "View",
    "Workload",
    "preset",
    "presets",
    "read_workload",
    "synthetic",
]
