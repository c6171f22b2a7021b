from pathlib import Path

import numpy as np
import pytest

from headway.errors import ConfigError, UnsupportedError
from headway.serving.models import Experts, FeedForward, GroupedAttention, LanguageModel
from headway.serving.step_time import Affine, Samples, Shape
from headway.serving.step_time.measure import Batch, batches_to_try, measured, write_steps

TINY = LanguageModel("tiny", 32, 2, 50, GroupedAttention(4, 2, 8), FeedForward(48))
MIXED = LanguageModel(
    "mixed",
    32,
    3,
    50,
    GroupedAttention(4, 4, 8),
    FeedForward(48, gated=False),
    Experts(4, 2, 16, 16),
    2,
)


def test_batches_cover_prompts_chunks_decodes_and_mixtures() -> None:
    batches = batches_to_try(tokens=256, context=1024, decodes=16)
    shapes = np.concatenate([batch.shape.rows() for batch in batches])
    prefill, decode = shapes[:, 0] > 0, shapes[:, 4] > 0
    for kind in (prefill & ~decode, decode & ~prefill, prefill & decode):
        assert kind.sum() >= 9
    assert shapes[:, 0].max() == 256
    assert shapes[:, 4].max() == 16
    assert shapes[:, 6].max() == 1024
    uneven = shapes[:, 6] * shapes[:, 4] > shapes[:, 5]
    assert uneven.any()
    assert len(set(batches)) == len(batches)


def test_limits_and_repeats_are_at_least_one() -> None:
    with pytest.raises(ConfigError, match="decodes"):
        batches_to_try(decodes=0)
    with pytest.raises(ConfigError, match="repeats"):
        list(measured(lambda batch: 1.0, [Batch()], repeats=0))


def test_the_first_run_does_not_count_and_the_fastest_other_does() -> None:
    times = iter([0.5, 3.0, 1.0, 2.0])
    assert list(measured(lambda batch: next(times), [Batch()], repeats=3)) == [(Batch(), 1.0)]


def test_measured_steps_are_written_read_and_fitted(tmp_path: Path) -> None:
    truth = Affine(0.003, {"prefill_tokens": 2e-5, "decode_context": 1e-7})
    steps = measured(lambda batch: float(truth.seconds(batch.shape)), batches_to_try(), repeats=1)
    write_steps(tmp_path / "steps.csv", steps)
    samples = Samples.read(tmp_path / "steps.csv")
    assert len(samples) == len(batches_to_try())
    assert set(samples.groups["group"]) == {"prefill", "decode", "prefill and decode"}
    found = Affine.fit(samples)
    assert found.constant_s == pytest.approx(0.003)
    assert found.per["prefill_tokens"] == pytest.approx(2e-5)


@pytest.mark.parametrize("model", [TINY, MIXED], ids=lambda model: model.name)
def test_torch_runs_any_batch(model: LanguageModel) -> None:
    pytest.importorskip("torch", reason="torch is a choice of the user")
    from headway.serving.step_time.torch_model import TorchModel

    run = TorchModel(model, device="cpu", dtype="float32").run
    for batch in (
        Batch(((5, 0),)),
        Batch(((5, 7), (3, 0)), (4, 4, 9)),
        Batch((), (1, 2, 2)),
    ):
        assert run(batch) > 0
        assert run(batch) > 0


def test_torch_computes_what_a_chunked_prompt_should(monkeypatch) -> None:
    """A prompt whole, and its second half after the first one's keys and values, end the same."""
    torch = pytest.importorskip("torch", reason="torch is a choice of the user")
    from headway.serving.step_time.torch_model import TorchModel

    made = TorchModel(TINY, device="cpu", dtype="float32", seed=3)
    x = torch.randn(8, 32)
    whole = made._caches(Batch(((8, 0),)))
    layer = made._layers[0]
    expected = made._attend(x, layer, Batch(((8, 0),)), whole)[4:]
    chunk = made._caches(Batch(((4, 4),)))
    for own, other in zip(chunk["prefills"][0], whole["prefills"][0], strict=True):
        own[:, :, :4] = other[:, :, :4]
    found = made._attend(x[4:], layer, Batch(((4, 4),)), chunk)
    torch.testing.assert_close(found, expected)
    last = made._caches(Batch((), (7,)))
    for own, other in zip(last["decodes"][0], whole["prefills"][0], strict=True):
        own[:, :, :7] = other[:, :, :7]
    torch.testing.assert_close(made._attend(x[7:], layer, Batch((), (7,)), last), expected[3:])


def test_what_torch_cannot_run_is_refused() -> None:
    pytest.importorskip("torch", reason="torch is a choice of the user")
    from headway.serving.step_time.torch_model import TorchModel

    with pytest.raises(UnsupportedError, match="latent"):
        TorchModel(LanguageModel.named("deepseek-v3"))
    with pytest.raises(ConfigError, match="float3"):
        TorchModel(TINY, device="cpu", dtype="float3")
    with pytest.raises(ConfigError, match="device 'abacus'"):
        TorchModel(TINY, device="abacus")


def test_shapes_of_batches_are_those_of_their_segments() -> None:
    assert Batch(((3, 1),), (2, 4)).shape == Shape.of([(3, 1)], [2, 4])
