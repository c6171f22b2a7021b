import pytest
from hypothesis import given
from hypothesis import strategies as st

from headway.errors import ConfigError, UnknownNameError
from headway.serving.models import (
    Experts,
    FeedForward,
    GroupedAttention,
    LanguageModel,
    dtype_bytes,
    model_names,
)


@pytest.mark.parametrize("name", model_names())
def test_on_one_gpu_every_weight_counts_once(name: str) -> None:
    model = LanguageModel.named(name)
    assert model.weight_bytes(dtype="bfloat16") == 2 * model.parameters


@pytest.mark.parametrize("name", model_names())
@pytest.mark.parametrize("tp", [2, 4, 8])
def test_shared_weights_are_a_bit_more_than_the_part(name: str, tp: int) -> None:
    """Norms, routers and heads that do not divide are copied; nothing gets lost."""
    model = LanguageModel.named(name)
    part = model.weight_bytes(tp=tp) * tp / model.weight_bytes()
    assert 1 <= part < 1.35


@pytest.mark.parametrize("pp", [2, 4])
def test_stages_hold_their_layers_and_one_end(pp: int) -> None:
    model = LanguageModel.named("llama-3.1-70b")
    ends = 2 * model.head_parameters
    layers = model.parameters - ends
    staged = model.weight_bytes(pp=pp) / 2
    assert staged == pytest.approx(layers / pp + ends / 2, rel=1e-3)


def test_heads_fewer_than_gpus_are_copied() -> None:
    model = LanguageModel.named("qwen3-30b-a3b")  # four key-value heads
    one = model.kv_bytes_per_token()
    assert model.kv_bytes_per_token(tp=4) == one // 4
    assert model.kv_bytes_per_token(tp=8) == one // 4


def test_latent_caches_are_copied_and_staged() -> None:
    model = LanguageModel.named("deepseek-v3")
    assert model.kv_bytes_per_token(tp=8) == model.kv_bytes_per_token()
    assert model.kv_bytes_per_token(pp=2) == 31 * 576 * 2
    assert model.kv_bytes_per_token(dtype="fp8") * 2 == model.kv_bytes_per_token()


def test_operations_per_token_are_twice_the_matrices() -> None:
    model = LanguageModel.named("llama-3.1-8b")
    matrices = model.parameters - model.embedding_parameters
    assert model.linear_flops_per_token() == pytest.approx(2 * matrices, rel=1e-4)


@given(st.integers(1, 200), st.integers(1, 200), st.integers(0, 400))
def test_touched_experts_are_those_of_independent_choices(count, chosen, tokens) -> None:
    chosen = min(chosen, count)
    touched = Experts(count, chosen, 8).touched(tokens)
    assert 0 <= touched <= count + 1e-9
    assert touched <= chosen * tokens + 1e-6
    if tokens == 1:
        assert touched == pytest.approx(chosen)


def test_formats_have_many_names() -> None:
    assert dtype_bytes("torch.bfloat16") == dtype_bytes("bf16") == 2
    with pytest.raises(UnknownNameError, match="number format"):
        dtype_bytes("float3")


@pytest.mark.parametrize("wrong", [{"hidden": 0}, {"expert_layers": 2}, {"experts": True}])
def test_dimensions_that_cannot_be_are_refused(wrong) -> None:
    settings = {"hidden": 8, "layers": 1, "vocabulary": 10, "expert_layers": 0, **wrong}
    if wrong.get("experts"):
        settings["experts"] = Experts(4, 2, 8)
    with pytest.raises(ConfigError, match=next(iter(wrong))):
        LanguageModel(
            "x", attention=GroupedAttention(1, 1, 8), feed_forward=FeedForward(8), **settings
        )
