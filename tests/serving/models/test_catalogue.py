import pytest

from headway.errors import UnknownNameError
from headway.serving.models import LanguageModel, model_names

# Weights as counted in the published checkpoints.
PUBLISHED = {
    "llama-2-7b": 6_738_415_616,
    "llama-2-13b": 13_015_864_320,
    "llama-2-70b": 68_976_648_192,
    "llama-3.1-8b": 8_030_261_248,
    "llama-3.1-70b": 70_553_706_496,
    "llama-3.1-405b": 405_853_388_800,
    "llama-3.2-1b": 1_235_814_400,
    "qwen2.5-0.5b": 494_032_768,
    "qwen2.5-7b": 7_615_616_512,
    "qwen2.5-14b": 14_770_033_664,
    "qwen2.5-32b": 32_763_876_352,
    "qwen2.5-72b": 72_706_203_648,
    "qwen3-0.6b": 596_049_920,
    "qwen3-8b": 8_190_735_360,
    "qwen3-14b": 14_768_307_200,
    "qwen3-32b": 32_762_123_264,
    "qwen3-30b-a3b": 30_532_122_624,
    "qwen3-235b-a22b": 235_093_634_560,
    "mistral-7b-v0.3": 7_248_023_552,
    "mixtral-8x7b": 46_702_792_704,
    "mixtral-8x22b": 140_620_634_112,
    "deepseek-v3": 671_026_419_200,  # without the layer that predicts a second token
    "deepseek-r1": 671_026_419_200,
    "opt-6.7b": 6_658_473_984,
    "gpt-neox-20b": 20_554_567_680,
}


@pytest.mark.parametrize("name", model_names())
def test_weights_are_those_of_the_published_checkpoint(name: str) -> None:
    assert LanguageModel.named(name).parameters == PUBLISHED[name]


@pytest.mark.parametrize(
    ("name", "billions"),
    [("qwen3-30b-a3b", 3.3), ("qwen3-235b-a22b", 22), ("mixtral-8x7b", 12.9), ("deepseek-v3", 37)],
)
def test_active_weights_are_as_announced(name: str, billions: float) -> None:
    assert LanguageModel.named(name).active_parameters / 1e9 == pytest.approx(billions, rel=0.02)


@pytest.mark.parametrize(
    ("name", "kib"),
    [
        ("llama-2-7b", 512),
        ("llama-3.1-8b", 128),
        ("llama-3.1-70b", 320),
        ("qwen3-32b", 256),  # 64 layers of 8 heads of 128, though 5120 / 64 is 80
        ("deepseek-v3", 68.625),  # 61 layers of 512 + 64 numbers
    ],
)
def test_cache_per_token_is_as_known(name: str, kib: float) -> None:
    assert LanguageModel.named(name).kv_bytes_per_token() == kib * 1024


def test_a_model_is_found_by_its_hub_name_too() -> None:
    assert LanguageModel.named("meta-llama/Llama-3.1-8B").name == "llama-3.1-8b"
    assert LanguageModel.named("Mixtral-8x7B").name == "mixtral-8x7b"


def test_an_unknown_model_gets_suggestions() -> None:
    with pytest.raises(UnknownNameError, match=r"did you mean llama-3\.1-8b"):
        LanguageModel.named("lama-3.1-8b")
