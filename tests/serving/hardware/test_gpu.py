import pytest

from headway.errors import ConfigError, UnknownNameError
from headway.serving.hardware import Gpu, gpu_names


@pytest.mark.parametrize("name", gpu_names())
def test_every_gpu_has_its_figures_and_their_source(name: str) -> None:
    gpu = Gpu.named(name)
    assert gpu.source.startswith("https://")
    assert gpu.peak("fp8") >= gpu.peak("bfloat16") >= gpu.peak("float32")
    assert gpu.bandwidth_bytes_per_s > gpu.link_bytes_per_s


def test_names_are_forgiving() -> None:
    assert Gpu.named("RTX 4090") == Gpu.named("rtx-4090")
    with pytest.raises(UnknownNameError, match="did you mean h100"):
        Gpu.named("h1000")


def test_missing_formats_run_at_the_rate_of_the_next_wider() -> None:
    a100, h100 = Gpu.named("a100-80gb"), Gpu.named("h100")
    assert a100.peak("fp8") == 624e12  # of int8, as wide
    assert h100.peak("fp4") == h100.peak("fp8")
    assert h100.peak("float16") == h100.peak("bfloat16")


@pytest.mark.parametrize("key", ["memory_bytes", "bandwidth_bytes_per_s", "link_bytes_per_s"])
def test_figures_that_cannot_be_are_refused(key: str) -> None:
    figures = {
        "memory_bytes": 1,
        "bandwidth_bytes_per_s": 1.0,
        "link_bytes_per_s": 1.0,
        "flops_per_s": {"bfloat16": 1.0},
    }
    Gpu("x", **figures)
    with pytest.raises(ConfigError, match=key):
        Gpu("x", **{**figures, key: 0})
    with pytest.raises(ConfigError, match="at least one number format"):
        Gpu("x", **{**figures, "flops_per_s": {}})
