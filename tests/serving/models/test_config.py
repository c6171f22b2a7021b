import contextlib
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headway.errors import ConfigError, FormatError, HeadwayError
from headway.serving.models import Experts, GroupedAttention, LanguageModel, LatentAttention

LLAMA = {
    "model_type": "llama",
    "hidden_size": 64,
    "num_hidden_layers": 3,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "intermediate_size": 96,
    "vocab_size": 100,
}
MIXTRAL = {**LLAMA, "model_type": "mixtral", "num_local_experts": 4, "num_experts_per_tok": 2}
QWEN_MOE = {
    **LLAMA,
    "model_type": "qwen3_moe",
    "num_experts": 8,
    "num_experts_per_tok": 2,
    "moe_intermediate_size": 32,
}
DEEPSEEK = {
    **LLAMA,
    "model_type": "deepseek_v3",
    "num_hidden_layers": 5,
    "kv_lora_rank": 16,
    "qk_nope_head_dim": 8,
    "qk_rope_head_dim": 4,
    "v_head_dim": 8,
    "n_routed_experts": 8,
    "n_shared_experts": 2,
    "num_experts_per_tok": 2,
    "moe_intermediate_size": 16,
    "first_k_dense_replace": 2,
}
OPT = {
    "model_type": "opt",
    "hidden_size": 64,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "ffn_dim": 256,
    "vocab_size": 100,
    "max_position_embeddings": 30,
}


def test_weights_are_counted_by_hand() -> None:
    """hidden 64, two of four heads of 16 shared, inner width 96."""
    attention = 64 * 64 + 2 * (64 * 32) + 64 * 64
    per_layer = attention + 3 * 64 * 96 + 2 * 64
    model = LanguageModel.from_config(LLAMA)
    assert model.parameters == 3 * per_layer + 2 * 100 * 64 + 64
    assert LanguageModel.from_config({**LLAMA, "tie_word_embeddings": True}).parameters == (
        model.parameters - 100 * 64
    )


def test_head_width_is_read_or_derived() -> None:
    derived = LanguageModel.from_config(LLAMA)
    read = LanguageModel.from_config({**LLAMA, "head_dim": 32})
    assert derived.attention == GroupedAttention(4, 2, 16)
    assert read.attention == GroupedAttention(4, 2, 32)


def test_without_shared_heads_every_head_has_its_own() -> None:
    config = {key: value for key, value in LLAMA.items() if key != "num_key_value_heads"}
    assert LanguageModel.from_config(config).attention == GroupedAttention(4, 4, 16)


def test_sparse_layers_follow_the_step_and_the_exceptions() -> None:
    model = LanguageModel.from_config(
        {**QWEN_MOE, "num_hidden_layers": 6, "decoder_sparse_step": 2, "mlp_only_layers": [3]}
    )
    assert model.expert_layers == 2  # of layers 1, 3, 5
    assert model.experts == Experts(8, 2, 32)


def test_a_configuration_without_sparse_layers_has_no_experts() -> None:
    model = LanguageModel.from_config({**QWEN_MOE, "mlp_only_layers": [0, 1, 2]})
    assert model.experts is None
    assert (
        model.parameters == LanguageModel.from_config({**LLAMA, "model_type": "qwen3"}).parameters
    )


def test_deepseek_has_dense_layers_first_and_latent_attention() -> None:
    model = LanguageModel.from_config(DEEPSEEK)
    assert model.expert_layers == 3
    assert model.experts == Experts(8, 2, 16, shared_width=32)
    assert model.attention == LatentAttention(4, 0, 16, 8, 4, 8)
    assert model.kv_bytes_per_token() == 5 * (16 + 4) * 2


def test_plain_networks_have_two_projections() -> None:
    model = LanguageModel.from_config(OPT)
    assert not model.feed_forward.gated
    assert model.tied
    per_layer = 4 * 64 * 64 + 4 * 64 + 2 * 64 * 256 + 256 + 64 + 2 * 128
    assert model.parameters == 2 * per_layer + (100 + 32) * 64 + 128


def test_the_language_part_of_a_wider_model_is_read() -> None:
    assert LanguageModel.from_config({"text_config": LLAMA}, name="x") == (
        LanguageModel.from_config(LLAMA, name="x")
    )
    with pytest.raises(ConfigError, match=r"text_config\.hidden_size"):
        LanguageModel.from_config({"text_config": {**LLAMA, "hidden_size": 0}})


@pytest.mark.parametrize(
    ("more", "dtype"),
    [
        ({}, "bfloat16"),
        ({"torch_dtype": "float16"}, "float16"),
        ({"dtype": "bfloat16", "quantization_config": {"quant_method": "fp8"}}, "fp8"),
        ({"quantization_config": {"quant_method": "awq", "bits": 4}}, "int4"),
    ],
)
def test_the_number_format_is_read(more, dtype: str) -> None:
    assert LanguageModel.from_config({**LLAMA, **more}).dtype == dtype


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({**LLAMA, "model_type": "mamba"}, "model_type: 'mamba' is not modelled; known"),
        ({}, "model_type: expected a text, got nothing"),
        ({**LLAMA, "hidden_size": "64"}, "hidden_size: expected a whole number"),
        ({**LLAMA, "hidden_size": True}, "hidden_size: expected a whole number"),
        ({**LLAMA, "hidden_size": 66}, "hidden_size: expected a multiple of num_attention_heads"),
        ({**LLAMA, "num_key_value_heads": 3}, "num_key_value_heads: expected a divisor of 4"),
        ({**LLAMA, "vocab_size": None}, "vocab_size"),
        ({**LLAMA, "sliding_window": 4096}, "sliding_window: attention within a window"),
        ({**LLAMA, "tie_word_embeddings": "yes"}, "tie_word_embeddings: expected true or false"),
        ({**LLAMA, "torch_dtype": "float7"}, "torch_dtype: unknown number format 'float7'"),
        ({**LLAMA, "quantization_config": 4}, "quantization_config: expected an object"),
        ({**LLAMA, "quantization_config": {"bits": 3}}, "bits: expected 4 or 8"),
        ({**MIXTRAL, "num_experts_per_tok": 5}, "num_experts_per_tok: expected at most 4"),
        ({**QWEN_MOE, "mlp_only_layers": "all"}, "mlp_only_layers: expected a list"),
        ({**OPT, "word_embed_proj_dim": 32}, "word_embed_proj_dim"),
    ],
)
def test_what_is_not_modelled_is_refused_by_key(config, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        LanguageModel.from_config(config)


def test_windows_that_are_not_used_do_not_matter() -> None:
    plain = LanguageModel.from_config(LLAMA)
    unused = {**LLAMA, "sliding_window": 4096, "use_sliding_window": False}
    assert LanguageModel.from_config(unused) == plain
    assert LanguageModel.from_config({**LLAMA, "sliding_window": None}) == plain


def test_a_file_and_its_folder_are_read(tmp_path: Path) -> None:
    folder = tmp_path / "tiny-llama"
    folder.mkdir()
    (folder / "config.json").write_text(json.dumps(LLAMA))
    assert LanguageModel.read(folder) == LanguageModel.read(folder / "config.json")
    assert LanguageModel.read(folder).name == "tiny-llama"


@pytest.mark.parametrize("text", ["{", "[]", "\xff", "[" * 100_000])
def test_files_that_hold_no_configuration_are_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "config.json"
    path.write_bytes(text.encode("latin-1"))
    with pytest.raises(FormatError, match=r"config\.json"):
        LanguageModel.read(path)


def test_a_refused_key_names_the_file(tmp_path: Path) -> None:
    path = tmp_path / "config.json"
    path.write_text(json.dumps({**LLAMA, "vocab_size": -1}))
    with pytest.raises(ConfigError, match=r"config\.json: vocab_size"):
        LanguageModel.read(path)


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 200) | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=5,
)


@given(
    st.sampled_from([LLAMA, MIXTRAL, QWEN_MOE, DEEPSEEK, OPT]),
    st.data(),
    st.lists(_JSON, min_size=1, max_size=3),
)
def test_nonsense_is_read_or_refused_but_never_crashes(config, data, values) -> None:
    mangled = dict(config)
    for value in values:
        mangled[data.draw(st.sampled_from(sorted(config)))] = value
    with contextlib.suppress(HeadwayError):
        assert LanguageModel.from_config(mangled).parameters > 0
