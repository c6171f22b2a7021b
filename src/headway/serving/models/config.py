"""From a Hugging Face ``config.json`` to a model."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from os import PathLike
from pathlib import Path
from typing import Any

from headway import files
from headway.errors import ConfigError, FormatError
from headway.serving.models.keys import Keys
from headway.serving.models.layers import (
    Attention,
    Experts,
    FeedForward,
    GroupedAttention,
    LatentAttention,
)
from headway.serving.models.model import LanguageModel


def read_config(path: str | PathLike[str]) -> LanguageModel:
    """Return the model of a ``config.json``, or of the folder that holds one.

    Raises
    ------
    FormatError
        If the file cannot be read or is not a JSON object.
    ConfigError
        If it describes no model that we know; names file and key.
    """
    file = Path(path)
    if file.is_dir():
        file = file / "config.json"
    try:
        config = json.loads(files.read_bytes(file))
    except (json.JSONDecodeError, UnicodeDecodeError, RecursionError) as error:
        line = getattr(error, "lineno", None)
        raise FormatError(f"not JSON: {error}", path=file, line=line) from None
    if not isinstance(config, dict):
        raise FormatError("expected a JSON object", path=file, line=1)
    stem = file.parent.name if file.name == "config.json" else file.stem
    try:
        return from_config(config, stem)
    except ConfigError as error:
        raise ConfigError(f"{file}: {error}") from None


def from_config(config: Mapping[str, Any], name: str = "") -> LanguageModel:
    """Return the model that a configuration describes; see `LanguageModel.from_config`."""
    keys = Keys(config)
    if "text_config" in config:  # the language part of a model that also sees
        keys = keys.inner("text_config")
    family = keys.text("model_type")
    if family not in _FAMILIES:
        raise ConfigError(
            f"{keys.place}model_type: {family!r} is not modelled;"
            f" known: {', '.join(sorted(_FAMILIES))}"
        )
    if keys.has("sliding_window") and keys.flag("use_sliding_window", default=True):
        raise ConfigError(
            f"{keys.place}sliding_window: attention within a window is not modelled;"
            " set it to null to count full attention"
        )
    published = config.get("_name_or_path")
    label = name or (published if isinstance(published, str) else "") or family
    return _FAMILIES[family](keys, label)


def _decoder(
    keys: Keys, name: str, *, qkv_bias: bool = False, qk_norm: bool = False
) -> LanguageModel:
    """Return a model in the fashion of Llama."""
    attention = _grouped(keys, qkv_bias=qkv_bias, qk_norm=qk_norm)
    bias = keys.flag("mlp_bias", default=False)
    feed_forward = FeedForward(keys.count("intermediate_size"), gated=True, bias=bias)
    return _model(keys, name, attention, feed_forward)


def _llama(keys: Keys, name: str) -> LanguageModel:
    return _decoder(keys, name)


def _qwen2(keys: Keys, name: str) -> LanguageModel:
    return _decoder(keys, name, qkv_bias=True)


def _qwen3(keys: Keys, name: str) -> LanguageModel:
    return _decoder(keys, name, qk_norm=True)


def _mixtral(keys: Keys, name: str) -> LanguageModel:
    width = keys.count("intermediate_size")
    experts = Experts(keys.count("num_local_experts"), keys.count("num_experts_per_tok"), width)
    attention = _grouped(keys)
    return _model(keys, name, attention, FeedForward(width), experts)


def _qwen_moe(keys: Keys, name: str, *, qkv_bias: bool, qk_norm: bool) -> LanguageModel:
    shared = keys.count("shared_expert_intermediate_size", 0)
    experts = Experts(
        keys.count("num_experts"),
        keys.count("num_experts_per_tok"),
        keys.count("moe_intermediate_size"),
        shared_width=shared,
        shared_gate=shared > 0,
    )
    layers, every = keys.count("num_hidden_layers"), keys.count("decoder_sparse_step", 1)
    plain = set(keys.counts("mlp_only_layers"))
    sparse = sum(1 for i in range(layers) if (i + 1) % every == 0 and i not in plain)
    attention = _grouped(keys, qkv_bias=qkv_bias, qk_norm=qk_norm)
    feed_forward = FeedForward(keys.count("intermediate_size"))
    return _model(keys, name, attention, feed_forward, experts, sparse)


def _qwen2_moe(keys: Keys, name: str) -> LanguageModel:
    return _qwen_moe(keys, name, qkv_bias=True, qk_norm=False)


def _qwen3_moe(keys: Keys, name: str) -> LanguageModel:
    return _qwen_moe(keys, name, qkv_bias=False, qk_norm=True)


def _deepseek(keys: Keys, name: str) -> LanguageModel:
    attention = LatentAttention(
        keys.count("num_attention_heads"),
        keys.count("q_lora_rank", 0),
        keys.count("kv_lora_rank"),
        keys.count("qk_nope_head_dim"),
        keys.count("qk_rope_head_dim"),
        keys.count("v_head_dim"),
    )
    feed_forward = FeedForward(keys.count("intermediate_size"))
    if not keys.has("n_routed_experts"):
        return _model(keys, name, attention, feed_forward)
    width = keys.count("moe_intermediate_size")
    experts = Experts(
        keys.count("n_routed_experts"),
        keys.count("num_experts_per_tok"),
        width,
        shared_width=width * keys.count("n_shared_experts", 0),
        router_bias=keys.has("topk_method") and keys.text("topk_method") == "noaux_tc",
    )
    every, first = keys.count("moe_layer_freq", 1), keys.count("first_k_dense_replace", 0)
    layers = keys.count("num_hidden_layers")
    sparse = sum(1 for i in range(first, layers) if i % every == 0)
    return _model(keys, name, attention, feed_forward, experts, sparse)


def _gpt_neox(keys: Keys, name: str) -> LanguageModel:
    heads, hidden = keys.count("num_attention_heads"), keys.count("hidden_size")
    bias = keys.flag("attention_bias", default=True)
    attention = GroupedAttention(
        heads, heads, keys.divided("hidden_size", "num_attention_heads"), bias, bias
    )
    feed_forward = FeedForward(keys.count("intermediate_size"), gated=False, bias=True)
    return _model(keys, name, attention, feed_forward, norm=2 * hidden)


def _opt(keys: Keys, name: str) -> LanguageModel:
    heads, hidden = keys.count("num_attention_heads"), keys.count("hidden_size")
    if keys.count("word_embed_proj_dim", hidden) != hidden:
        raise ConfigError(f"{keys.place}word_embed_proj_dim: expected hidden_size, {hidden}")
    attention = GroupedAttention(
        heads,
        heads,
        keys.divided("hidden_size", "num_attention_heads"),
        qkv_bias=True,
        output_bias=True,
    )
    feed_forward = FeedForward(keys.count("ffn_dim"), gated=False, bias=True)
    # Two positions more than the longest text: OPT counts from 2.
    positions = (keys.count("max_position_embeddings") + 2) * hidden
    return _model(
        keys, name, attention, feed_forward, norm=2 * hidden, positions=positions, tied=True
    )


_FAMILIES: dict[str, Callable[[Keys, str], LanguageModel]] = {
    "llama": _llama,
    "mistral": _llama,
    "phi3": _llama,
    "qwen2": _qwen2,
    "qwen3": _qwen3,
    "mixtral": _mixtral,
    "qwen2_moe": _qwen2_moe,
    "qwen3_moe": _qwen3_moe,
    "deepseek_v2": _deepseek,
    "deepseek_v3": _deepseek,
    "kimi_k2": _deepseek,
    "gpt_neox": _gpt_neox,
    "opt": _opt,
}


def _grouped(keys: Keys, *, qkv_bias: bool = False, qk_norm: bool = False) -> GroupedAttention:
    heads = keys.count("num_attention_heads")
    kv_heads = keys.count("num_key_value_heads", heads)
    if heads % kv_heads:
        raise ConfigError(
            f"{keys.place}num_key_value_heads: expected a divisor of {heads}, got {kv_heads}"
        )
    if keys.has("head_dim"):
        head_dim = keys.count("head_dim")
    else:
        head_dim = keys.divided("hidden_size", "num_attention_heads")
    bias = keys.flag("attention_bias", default=False)
    return GroupedAttention(heads, kv_heads, head_dim, qkv_bias or bias, bias, qk_norm)


def _model(
    keys: Keys,
    name: str,
    attention: Attention,
    feed_forward: FeedForward,
    experts: Experts | None = None,
    sparse: int | None = None,
    *,
    norm: int = 0,
    positions: int = 0,
    tied: bool = False,
) -> LanguageModel:
    """Return the model with what all families have in common."""
    layers = keys.count("num_hidden_layers")
    if experts is not None and experts.chosen > experts.count:
        raise ConfigError(
            f"{keys.place}num_experts_per_tok: expected at most {experts.count},"
            f" got {experts.chosen}"
        )
    of_experts = 0 if experts is None else layers if sparse is None else sparse
    return LanguageModel(
        name,
        keys.count("hidden_size"),
        layers,
        keys.count("vocab_size"),
        attention,
        feed_forward,
        experts if of_experts else None,
        of_experts,
        tied=keys.flag("tie_word_embeddings", default=tied),
        position_parameters=positions,
        norm_parameters=norm,
        dtype=keys.dtype(),
    )
