import itertools
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given

from headway import _core
from headway.errors import ConfigError
from headway.serving.hardware import Deployment, Gpu
from headway.serving.models import LanguageModel
from headway.serving.step_time import Efficiency, Roofline, Shape
from headway.serving.step_time.features import FEATURES
from headway.serving.step_time.work import forward_work
from tests.serving.shapes import batches, many

BARE = Efficiency(1, 1, 1, layer_s=0, step_s=0, collective_s=0)
CASES = [
    ("llama-3.1-8b", "h100", 1, 1),
    ("llama-3.1-70b", "h100", 4, 2),
    ("deepseek-v3", "h200", 8, 1),
    ("qwen3-30b-a3b", "rtx-pro-6000", 2, 1),
    ("mixtral-8x7b", "a100-80gb", 2, 2),
    ("opt-6.7b", "a100-80gb", 1, 1),
]


def deployed(model: str, gpu: str = "h100", tp: int = 1, pp: int = 1, **kwargs) -> Deployment:
    return Deployment(LanguageModel.named(model), Gpu.named(gpu), tp, pp, **kwargs)


@pytest.mark.parametrize(("model", "gpu", "tp", "pp"), CASES)
def test_native_form_agrees(model, gpu, tp, pp) -> None:
    own = Efficiency(sequence_s=1e-6, imbalance=1.3)
    time, shapes = Roofline(deployed(model, gpu, tp, pp), own), many(9, 500)
    native = time.native().seconds(shapes.rows().ravel())
    np.testing.assert_allclose(native, time.seconds(shapes), rtol=1e-12)


@pytest.mark.parametrize(("model", "gpu", "tp", "pp"), CASES)
def test_the_breakdown_adds_up(model, gpu, tp, pp) -> None:
    time, shapes = Roofline(deployed(model, gpu, tp, pp)), many(10, 50)
    total = sum(time.breakdown(shapes).values())
    np.testing.assert_allclose(total, time.seconds(shapes), rtol=1e-12)


@given(batches)
def test_one_batch_at_a_time_gives_the_same(shape: Shape) -> None:
    time = Roofline(deployed("mixtral-8x7b", tp=2))
    one = time.seconds(shape)
    assert isinstance(one, float)
    assert one == pytest.approx(float(time.native().seconds(shape.rows().ravel())[0]), rel=1e-12)


def test_a_single_decode_reads_every_weight_once() -> None:
    """Memory-bound: weights but for the embedding, and the cache; all else is small."""
    model = LanguageModel.named("llama-3.1-8b")
    time = Roofline(deployed("llama-3.1-8b"), BARE)
    read = 2 * (model.parameters - model.embedding_parameters) + 1000 * model.kv_bytes_per_token()
    expected = read / 3.35e12
    assert time.seconds(Shape.of(decodes=[1000])) == pytest.approx(expected, rel=2e-3)


def test_a_long_prompt_computes_its_matrices_and_half_of_its_square() -> None:
    time = Roofline(deployed("llama-3.1-8b"), BARE)
    spent = time.breakdown(Shape.of(prefills=[(8192, 0)]))
    per_layer = 2 * 8192 * 4096 * (4096 + 2 * 1024)
    assert spent["qkv_proj"] == pytest.approx(32 * per_layer / 989e12)
    assert spent["attention"] == pytest.approx(32 * 4 * 4096 * 8192 * 8193 / 2 / 989e12)


def test_a_prompt_in_chunks_computes_the_same_attention() -> None:
    time = Roofline(deployed("llama-3.1-8b"), replace(BARE, compute=0.01))
    whole = time.breakdown(Shape.of(prefills=[(8192, 0)]))["attention"]
    parts = [time.breakdown(Shape.of(prefills=[(2048, 2048 * i)]))["attention"] for i in range(4)]
    assert sum(parts) == pytest.approx(whole)


@pytest.mark.parametrize("model", ["llama-3.1-8b", "qwen3-32b", "mixtral-8x7b", "deepseek-v3"])
def test_all_operators_together_do_the_operations_of_the_model(model: str) -> None:
    """Twice the matrices of the model per token; only what is not a matrix differs."""
    deployment = deployed(model)
    token = np.zeros(len(FEATURES))
    token[[FEATURES.index("prefill_tokens"), FEATURES.index("sequences")]] = 1
    done = sum(work.repeats * work.flops @ token for work in forward_work(deployment))
    assert done == pytest.approx(deployment.model.linear_flops_per_token(), rel=2e-3)


@pytest.mark.parametrize("model", ["llama-3.1-70b", "mixtral-8x7b", "deepseek-v3"])
@pytest.mark.parametrize("tp", [1, 8])
def test_a_step_reads_the_weights_that_a_gpu_holds(model: str, tp: int) -> None:
    """All but the embedding, if every expert is touched."""
    deployment = deployed(model, tp=tp, dtype="bfloat16")
    step = np.zeros(len(FEATURES))
    step[0] = 1
    step[-1] = deployment.model.experts.count if deployment.model.experts else 0
    read = sum(work.repeats * work.moved_bytes @ step for work in forward_work(deployment))
    held = deployment.weight_bytes - 2 * deployment.model.embedding_parameters / tp
    assert read == pytest.approx(held, rel=1e-3)


def test_few_tokens_touch_few_experts() -> None:
    time = Roofline(deployed("qwen3-30b-a3b"), BARE)
    one, many_ = (time.breakdown(Shape.of(decodes=[1] * n))["experts"] for n in (1, 512))
    # 8 of 128 experts against practically all; 512 tokens still only read them.
    assert many_ / one == pytest.approx(16, rel=0.05)


def test_transfers_grow_with_gpus_and_stages() -> None:
    shape = Shape.of(prefills=[(1000, 0)])
    alone = Roofline(deployed("llama-3.1-70b", "b200"), BARE).breakdown(shape)
    assert "all_reduce" not in alone
    assert "send" not in alone
    shared = Roofline(deployed("llama-3.1-70b", "b200", tp=4, pp=2), BARE).breakdown(shape)
    moved = 2 * 3 / 4 * 1000 * 8192 * 2 / 900e9
    assert shared["all_reduce"] == pytest.approx(161 * moved)  # two a layer and the embedding
    assert shared["send"] == pytest.approx(1000 * 8192 * 2 / 900e9)


def test_operators_of_a_layer_stand_together() -> None:
    operators = Roofline(deployed("deepseek-v3", "h200", 8)).operators(Shape.of(decodes=[1]))
    repeats = [operator.repeats for operator in operators]
    assert [times for times, _ in itertools.groupby(repeats)] == [1, 3, 58, 1]
    names = [operator.name for operator in operators if operator.repeats == 58]
    assert names[0] == "layernorm"
    assert names[-1] == "gaps"


def test_no_head_without_a_token_to_emit() -> None:
    time = Roofline(deployed("llama-3.1-8b"))
    partial = time.breakdown(Shape.of(prefills=[(512, 0)], sequences=0))
    assert partial["lm_head"] == partial["sampler"] == 0
    assert time.seconds(Shape()) == time.efficiency.step_s


def test_quantized_weights_are_read_and_computed_faster() -> None:
    wide = Roofline(deployed("llama-3.1-70b", tp=4), BARE)
    narrow = Roofline(deployed("llama-3.1-70b", tp=4, dtype="fp8"), BARE)
    one, long = Shape.of(decodes=[1]), Shape.of(prefills=[(4096, 0)])
    for shape in (one, long):
        slow, fast = wide.breakdown(shape)["down_proj"], narrow.breakdown(shape)["down_proj"]
        assert slow / fast == pytest.approx(2, rel=0.02)


@pytest.mark.parametrize(
    "wrong", [{"compute": 0.0}, {"layer_s": -1.0}, {"imbalance": 0.5}, {"step_s": float("inf")}]
)
def test_efficiencies_that_cannot_be_are_refused(wrong) -> None:
    with pytest.raises(ConfigError, match=f"efficiency.{next(iter(wrong))}"):
        Efficiency(**wrong)


def test_the_core_refuses_rows_of_another_size() -> None:
    one, row = np.ones(1), np.ones(12)
    _core.roofline_time(row, row, one, one, one, 0.0, 0.0)
    with pytest.raises(ValueError, match="step time"):
        _core.roofline_time(np.ones(11), row, one, one, one, 0.0, 0.0)
    much, rows = np.ones(65), np.ones(65 * 12)
    with pytest.raises(ValueError, match="too many"):
        _core.roofline_time(rows, rows, much, much, much, 0.0, 0.0)
