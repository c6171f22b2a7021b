from dataclasses import replace

import pytest

from headway.errors import ConfigError
from headway.serving.hardware import Deployment, Gpu
from headway.serving.models import LanguageModel

EIGHT = LanguageModel.named("llama-3.1-8b")
SEVENTY = LanguageModel.named("llama-3.1-70b")


def test_blocks_are_what_is_left_in_whole_blocks() -> None:
    deployment = Deployment(EIGHT, Gpu.named("rtx-4090"))
    activations = deployment.activation_bytes(2048, 256)
    left = int(24 * 2**30 * 0.9) - 2 * EIGHT.parameters - activations - 10**9
    assert deployment.blocks(reserve_bytes=10**9) == left // (16 * 131072)


def test_the_number_of_blocks_is_near_a_real_engine() -> None:
    """vLLM 0.19 told 2,588 blocks on an RTX 4090 whose driver reports 25,250,627,584 bytes."""
    gpu = replace(Gpu.named("rtx-4090"), memory_bytes=25_250_627_584)
    assert Deployment(EIGHT, gpu).blocks() == pytest.approx(2588, rel=0.1)


def test_activations_are_logits_or_the_widest_layer() -> None:
    deployment = Deployment(EIGHT, Gpu.named("h100"))
    assert deployment.activation_bytes(1, 256) == 2 * 4 * 256 * 128256
    assert deployment.activation_bytes(8192, 1) == 8192 * (2 * 4096 + 3 * 14336) * 2


@pytest.mark.parametrize("tp", [2, 4, 8])
def test_more_gpus_hold_more(tp: int) -> None:
    fewer = Deployment(SEVENTY, Gpu.named("b200"), tp=tp // 2).blocks()
    assert Deployment(SEVENTY, Gpu.named("b200"), tp=tp).blocks() > 2 * fewer


def test_what_does_not_fit_is_told_with_how_much_is_missing() -> None:
    with pytest.raises(
        ConfigError, match=r"does not fit: weights 141\.11 GB.*need 64\.\d\d GB more"
    ):
        Deployment(SEVENTY, Gpu.named("h100")).blocks(token_budget=1024)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"tp": 3}, "tp: expected a divisor of the 32 heads"),
        ({"tp": 0}, "tp"),
        ({"pp": 33}, "pp: expected 1 to 32"),
        ({"kv_dtype": "float9"}, "number format"),
    ],
)
def test_sharing_that_cannot_be_is_refused(wrong, message: str) -> None:
    with pytest.raises((ConfigError, LookupError), match=message):
        Deployment(EIGHT, Gpu.named("h100"), **wrong)


@pytest.mark.parametrize("wrong", [{"utilisation": 0.0}, {"block_tokens": 0}])
def test_settings_that_cannot_be_are_refused(wrong) -> None:
    with pytest.raises(ConfigError, match=next(iter(wrong))):
        Deployment(EIGHT, Gpu.named("h100")).blocks(**wrong)
