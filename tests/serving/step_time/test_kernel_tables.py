"""Kernels measured on a GPU that is exactly half as fast as its roofline."""

import itertools
from dataclasses import replace
from functools import cached_property
from pathlib import Path

import numpy as np
import pytest

from headway.errors import (
    ConfigError,
    FormatError,
    MissingExtraError,
    UnknownNameError,
    UnsupportedError,
)
from headway.serving.hardware import Deployment, Gpu
from headway.serving.models import LanguageModel
from headway.serving.step_time import Efficiency, Kernels, KernelTables, Roofline, Samples, Shape
from headway.serving.step_time.kernel_curves import attention_peak, matrix_peak
from tests.serving.shapes import many

EIGHT = Deployment(LanguageModel.named("llama-3.1-8b"), Gpu.named("h100"))
PAIR = replace(EIGHT, tp=2)
MIXED = replace(EIGHT, model=LanguageModel.named("qwen3-30b-a3b"), tp=2)
TOKENS = [float(4**i) for i in range(8)]
HALF = Efficiency(0.5, 0.5, 0.5, layer_s=0, step_s=0.5e-3, collective_s=0)


def columns(rows, texts: tuple[str, ...], numbers: tuple[str, ...]) -> dict[str, np.ndarray]:
    table = dict(zip((*texts, *numbers), zip(*rows, strict=True), strict=True))
    return {
        name: np.array(column, str if name in texts else float) for name, column in table.items()
    }


class Half(Kernels):
    """Every kernel takes twice its peak time."""

    def __init__(self, deployment: Deployment) -> None:
        super().__init__(Path())
        object.__setattr__(self, "deployment", deployment)

    @cached_property
    def gemm(self):
        sizes = [256.0, 1024.0, 4096.0, 16384.0]
        rows = [
            ("bfloat16", m, n, k, 2 * float(matrix_peak(self.deployment, "bfloat16", m, n, k)))
            for m, n, k in itertools.product(TOKENS, sizes, sizes)
        ]
        return columns(rows, ("gemm_dtype",), ("m", "n", "k", "seconds"))

    @cached_property
    def context(self):
        rows = [
            self._row(1.0, s, 0.0, attention_peak(self.deployment, prefill=(np.array([s]), 0.0)))
            for s in TOKENS
        ]
        return self._attention_table(rows)

    @cached_property
    def generation(self):
        rows = [
            self._row(
                n,
                1.0,
                c - 1,
                attention_peak(self.deployment, decode=(np.array([n]), np.array([c]))),
            )
            for n in TOKENS[:5]
            for c in (16.0, 256.0, 4096.0, 65536.0)
        ]
        return self._attention_table(rows)

    @cached_property
    def all_reduce(self):
        link = self.deployment.gpu.link_bytes_per_s
        rows = [(2.0, 4096 * t, 2 * (4096 * t * 2) / link) for t in TOKENS]
        return columns(rows, (), ("num_gpus", "message_size", "seconds"))

    @cached_property
    def moe(self):
        rows = [
            ("bfloat16", "balanced", t, 2048.0, 768.0, 8.0, 128.0, 2.0, 1.0, 1e-4 * t)
            for t in TOKENS
        ]
        numbers = ("num_tokens", "hidden_size", "inter_size", "topk", "num_experts")
        shared = ("moe_tp_size", "moe_ep_size", "seconds")
        return columns(rows, ("moe_dtype", "distribution"), (*numbers, *shared))

    def _row(self, batch, isl, step, peak):
        own, tp = self.deployment.model.attention, self.deployment.tp
        heads = (own.heads / tp, own.kv_heads / tp, own.head_dim)
        return ("bfloat16", batch, isl, *heads, step, 0.0, 2 * float(peak[0]))

    def _attention_table(self, rows):
        heads = ("num_heads", "num_key_value_heads", "head_dim")
        return columns(
            rows,
            ("kv_cache_dtype",),
            ("batch_size", "isl", *heads, "step", "window_size", "seconds"),
        )


def test_kernels_of_half_the_speed_make_a_step_of_half_the_speed() -> None:
    """At, between and beyond the measured sizes; what only moves bytes has its own rule."""
    time, roofline = KernelTables.of(EIGHT, Half(EIGHT)), Roofline(EIGHT, HALF)
    for shape in (
        Shape.of(decodes=[4095]),
        Shape.of(decodes=[700] * 60),
        Shape.of(prefills=[(1024, 0)]),
        Shape.of(prefills=[(300, 3000)]),
        Shape.of(prefills=[(60_000, 0)]),
        Shape.of(decodes=[120_000] * 300),
    ):
        own, expected = time.breakdown(shape), roofline.breakdown(shape)
        for name in ("qkv_proj", "gate_up_proj", "down_proj", "o_proj", "attention"):
            assert own[name] == pytest.approx(expected[name], rel=0.12), (name, shape)


def test_what_was_not_measured_moves_its_bytes() -> None:
    own = KernelTables.of(EIGHT, Half(EIGHT)).breakdown(Shape.of(prefills=[(1000, 0)]))
    moved = 4 * 4096 * 2 * 1000 / (0.8 * 3.35e12)
    assert own["layernorm"] == pytest.approx(64 * (3e-6 + moved))


def test_sums_over_gpus_are_of_their_bytes() -> None:
    own = KernelTables.of(PAIR, Half(PAIR)).breakdown(Shape.of(prefills=[(1000, 0)]))
    assert own["all_reduce"] == pytest.approx(65 * 2 * 1000 * 4096 * 2 / 450e9, rel=0.01)


def test_experts_are_taken_from_their_table_or_from_a_roofline() -> None:
    measured = KernelTables.of(MIXED, Half(MIXED)).breakdown(Shape.of(prefills=[(64, 0)]))
    assert measured["experts"] == pytest.approx(48 * 64e-4, rel=0.01)
    kernels = Half(MIXED)
    kernels.moe["hidden_size"][:] = 1.0
    estimated = KernelTables.of(MIXED, kernels).breakdown(Shape.of(prefills=[(64, 0)]))
    roofline = Roofline(MIXED, replace(HALF, memory=0.8)).breakdown(Shape.of(prefills=[(64, 0)]))
    assert estimated["experts"] == pytest.approx(roofline["experts"] + 48 * 3e-6, rel=0.01)


@pytest.mark.parametrize("deployment", [EIGHT, PAIR, MIXED], ids=lambda own: own.name)
def test_native_form_agrees(deployment: Deployment) -> None:
    time = KernelTables.of(deployment, Half(deployment), sequence_overhead_s=1e-6)
    shapes = many(13)
    native = time.native().seconds(shapes.rows().ravel())
    np.testing.assert_allclose(native, time.seconds(shapes), rtol=1e-12)
    np.testing.assert_allclose(native, sum(time.breakdown(shapes).values()), rtol=1e-12)


def test_the_host_is_fitted_to_steps() -> None:
    truth = KernelTables.of(EIGHT, Half(EIGHT), step_overhead_s=2e-3, sequence_overhead_s=3e-5)
    shapes = many(14, 50)
    found = KernelTables.of(EIGHT, Half(EIGHT)).fit(Samples(shapes, truth.seconds(shapes)))
    assert found.step_overhead_s == pytest.approx(2e-3)
    assert found.sequence_overhead_s == pytest.approx(3e-5)


def test_an_empty_step_costs_the_host_alone() -> None:
    assert KernelTables.of(EIGHT, Half(EIGHT)).seconds(Shape()) == 0.5e-3


@pytest.mark.parametrize(
    ("changed", "error", "message"),
    [
        ({"dtype": "fp4"}, ConfigError, "no matrix product of nvfp4 was measured; known: bfloat16"),
        ({"kv_dtype": "fp8"}, ConfigError, "cache of fp8"),
        ({"tp": 4}, ConfigError, "no sum over 4 GPUs was measured; known: 2"),
        ({"model": LanguageModel.named("deepseek-v3")}, UnsupportedError, "latent"),
    ],
)
def test_what_was_not_measured_is_named(changed, error, message: str) -> None:
    with pytest.raises(error, match=message):
        KernelTables.of(replace(EIGHT, **changed), Half(EIGHT))


def write_parquet(path: Path, table: dict[str, list]) -> None:
    import pyarrow as pa
    from pyarrow.parquet import write_table

    path.parent.mkdir(parents=True, exist_ok=True)
    write_table(pa.table(table), path)


def test_files_are_found_by_gpu_engine_and_newest_version(tmp_path: Path) -> None:
    for version, latency in (("0.9.0", 1.0), ("0.24.0", 5.0), ("0.19.0", 2.0)):
        table = {
            "gemm_dtype": ["fp8"] * 2,
            "m": [1, 2],
            "n": [3, 4],
            "k": [5, 6],
            "latency": [latency, float("nan")],
            "device": ["x", "x"],
        }
        write_parquet(tmp_path / "h100_sxm/gemm/vllm" / version / "gemm_perf.parquet", table)
    kernels = Kernels.of("NVIDIA H100 SXM", root=tmp_path)
    assert kernels.gemm["seconds"].tolist() == [5e-3]  # milliseconds; what failed is left out
    assert kernels.gemm["gemm_dtype"].tolist() == ["fp8"]
    with pytest.raises(UnknownNameError, match="GPU with measured kernels"):
        Kernels.of("NVIDIA A10", root=tmp_path)
    with pytest.raises(UnknownNameError, match="engine"):
        Kernels.of("h100_sxm", "orca", root=tmp_path)
    with pytest.raises(FormatError, match=r"no moe_perf\.parquet of vllm"):
        _ = kernels.moe


def test_files_that_are_no_tables_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "l4/gemm/vllm/1.0/gemm_perf.parquet"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"PAR1 nonsense")
    with pytest.raises(FormatError, match=r"gemm_perf\.parquet: not such a table"):
        _ = Kernels.of("l4", root=tmp_path).gemm
    write_parquet(path, {"m": [1]})
    with pytest.raises(FormatError, match="not such a table"):
        _ = Kernels.of("l4", root=tmp_path).gemm


def test_without_the_package_its_name_is_told(monkeypatch) -> None:
    monkeypatch.setattr("headway.serving.step_time.kernel_files.find_spec", lambda name: None)
    with pytest.raises(MissingExtraError, match=r"headway\[kernels\]"):
        Kernels.of("h100_sxm")
