"""Recorded runs of vLLM 0.19 replayed: measured and simulated times side by side.

::

    python benchmarks/vllm_replay.py                    # data below HEADWAY_DATA
    python benchmarks/vllm_replay.py --plot replay.png

Requests arrive when vLLM queued them, with their true lengths; block counts and limits are those of
the runs; the time of a step comes from kernels that LLMServingSim's profiler measured on the same
GPU, and overheads of the host from another engine's fit. Nothing is tuned to these runs.

The kernels do not come with the recorded runs: put the profiler's folder of each model and GPU
beside its run, as ``profile``. Runs whose kernels are not there are left out.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from table import keep, machine

from headway.instances.remote import data_folder
from headway.serving.engine import Engine, EngineConfig
from headway.serving.hardware import Deployment, Gpu
from headway.serving.models import LanguageModel
from headway.serving.results import EngineRun
from headway.serving.results.charts import distributions
from headway.serving.step_time import LayerTables
from headway.serving.workload import RECORDINGS, Recorded, recorded
from headway.show.table import rounded


@dataclass(frozen=True)
class Recording:
    """A recorded run and how its engine was set up.

    Attributes
    ----------
    name
        In `RECORDINGS`.
    model, gpu
        What ran, and on what.
    blocks
        That vLLM reported; None where it did not, and the memory tells.
    max_sequences, max_model_tokens
        Limits that it was started with.
    tolerance
        Most error of mean TTFT, TPOT and latency, in percent, that we promise; None for nothing.
    tp
        GPUs that share each layer.
    """

    name: str
    model: str
    gpu: str
    blocks: int | None
    max_sequences: int
    max_model_tokens: int
    tolerance: tuple[int, int, int] | None
    tp: int = 1

    @property
    def profile(self) -> Path:
        """Where the kernels are."""
        return (data_folder() / RECORDINGS[self.name]).parent / "profile"

    def measured(self) -> Recorded:
        """Return what vLLM did."""
        return recorded(self.name)

    def simulated(self, run: Recorded) -> EngineRun:
        """Return what the simulated engine does with the same requests."""
        deployed = Deployment(LanguageModel.named(self.model), Gpu.named(self.gpu), tp=self.tp)
        config = EngineConfig(
            blocks=self.blocks or deployed.blocks(),
            max_sequences=self.max_sequences,
            max_model_tokens=self.max_model_tokens,
        )
        return Engine(run.workload, config, LayerTables.read(self.profile, deployed)).run()


RUNS = (
    Recording(
        "llama-3.1-8b-rtx-pro-6000", "llama-3.1-8b", "rtx-pro-6000", None, 128, 131_072, (10, 5, 7)
    ),
    Recording("llama-3.1-8b-rtx-4090", "llama-3.1-8b", "rtx-4090", 2588, 256, 32_768, (12, 8, 9)),
    Recording("qwen3-32b-rtx-pro-6000", "qwen3-32b", "rtx-pro-6000", None, 128, 40_960, None, tp=2),
)
METRICS = ("ttft_s", "tpot_s", "latency_s")


def times(run: Recorded) -> dict[str, np.ndarray]:
    """Return the measured times, by the definitions of `headway.serving.results.metrics`."""
    arrival, tokens = run.workload.arrival_s, run.workload.output_tokens
    spaces = np.where(tokens > 1, tokens - 1.0, np.nan)
    return {
        "ttft_s": run.first_token_s - arrival,
        "tpot_s": (run.last_token_s - run.first_token_s) / spaces,
        "latency_s": run.last_token_s - arrival,
    }


def row(of: Recording, metric: str, real: np.ndarray, ours: np.ndarray) -> dict[str, object]:
    """Return one row of the table."""
    mean, tail = np.nanmean(real), np.nanquantile(real, 0.99)
    own_mean, own_tail = np.nanmean(ours), np.nanquantile(ours, 0.99)
    return {
        "run": of.name,
        "metric": metric,
        "measured mean": rounded(float(mean), 4),
        "simulated mean": rounded(float(own_mean), 4),
        "error %": rounded(100 * float(own_mean / mean - 1), 1),
        "promised %": of.tolerance and of.tolerance[METRICS.index(metric)],
        "measured p99": rounded(float(tail), 4),
        "simulated p99": rounded(float(own_tail), 4),
        "error p99 %": rounded(100 * float(own_tail / tail - 1), 1),
    }


def main() -> None:
    """Replay all runs and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--plot", help="draw the distributions of both, one file per run")
    args = parser.parse_args()
    rows: list[dict[str, object]] = []
    facts: dict[str, str] = {}
    for of in RUNS:
        if not of.profile.is_dir():
            facts[of.name] = "left out: no kernels beside the recorded run"
            continue
        run = of.measured()
        began = time.process_time()
        ours = of.simulated(run)
        seconds = time.process_time() - began
        real = times(run)
        rows += [row(of, metric, real[metric], getattr(ours, metric)) for metric in METRICS]
        facts[of.name] = (
            f"{len(run)} requests, {len(ours.steps):,} steps,"
            f" {int(ours.requests.preemptions.sum())} preemptions simulated,"
            f" {seconds:.2f} s of processor time with the reading of tables"
        )
        if of.tp > 1:
            facts[of.name] += f"; sums over {of.tp} GPUs are estimated from PCIe, not measured"
        if args.plot:
            stem, dot, suffix = args.plot.rpartition(".")
            distributions(
                {
                    metric: {"measured": real[metric], "simulated": getattr(ours, metric)}
                    for metric in METRICS
                },
                title=of.name,
                facts="vLLM 0.19 and its simulation, 300 requests of ShareGPT at 10 per second",
            ).save(f"{stem}-{of.name}{dot}{suffix}")
    keep(
        "vllm_replay",
        "Recorded runs of vLLM replayed: measured and simulated seconds",
        rows,
        **facts,
        **machine(),
    )
    late = [row for row in rows if row["promised %"] and abs(row["error %"]) > row["promised %"]]
    assert not late, f"beyond what is promised: {late}"


if __name__ == "__main__":
    main()
