"""What adapters weigh, and how long they take to load."""

from __future__ import annotations

import pytest

from headway.errors import ConfigError
from headway.serving.fleet.adapters import Adapter, Catalogue, lora_bytes
from headway.serving.models import LanguageModel
from tests.serving.fleet.adapters.shelf import catalogue


def test_loads_take_latency_and_size_by_bandwidth() -> None:
    known = catalogue(0.0, 3.0)
    assert (known.seconds("law"), known.seconds("math")) == (1.0, 4.0)


def test_an_adapter_has_a_pair_of_matrices_for_each_projection() -> None:
    """Llama-3.1-8B: hidden 4096, 32 heads and 8 pairs of 128, feed-forward 14336, 32 layers."""
    q_and_o, k_and_v = 2 * (4096 + 4096), 2 * (4096 + 1024)
    per_layer = q_and_o + k_and_v + 3 * (4096 + 14336)
    assert lora_bytes(LanguageModel.named("llama-3.1-8b"), 8) == 32 * 8 * per_layer * 2


def test_a_tiny_adapter_loads_as_fast_as_vllm_was_measured() -> None:
    """8 to 16 ms for rank 4 of a model of two layers."""
    tiny = LanguageModel.from_config(
        {
            "model_type": "llama",
            "hidden_size": 128,
            "num_hidden_layers": 2,
            "num_attention_heads": 4,
            "num_key_value_heads": 2,
            "intermediate_size": 256,
            "vocab_size": 1024,
        }
    )
    known = Catalogue((Adapter(name="tiny", size_bytes=lora_bytes(tiny, 4)),))
    assert 0.008 <= known.seconds("tiny") <= 0.016


@pytest.mark.parametrize("model", ["deepseek-v3", "mixtral-8x7b"])
def test_models_of_experts_need_bytes(model: str) -> None:
    with pytest.raises(ConfigError, match="not dense"):
        lora_bytes(LanguageModel.named(model), 8)


def test_what_cannot_be_is_refused() -> None:
    with pytest.raises(ConfigError, match="rank"):
        lora_bytes(LanguageModel.named("llama-3.1-8b"), 0)
    with pytest.raises(ConfigError, match="size_bytes"):
        Adapter(name="x", size_bytes=float("nan"))
    with pytest.raises(ConfigError, match="name"):
        Adapter(name="", size_bytes=1)
    with pytest.raises(ConfigError, match="'x' is the name of two"):
        Catalogue((Adapter(name="x", size_bytes=1), Adapter(name="x", size_bytes=2)))
