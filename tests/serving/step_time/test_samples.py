import contextlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from headway.errors import ConfigError, FormatError
from headway.serving.hardware import Deployment, Gpu
from headway.serving.models import LanguageModel
from headway.serving.step_time import Samples, Shape


def read(folder: Path, text: str, **kwargs) -> Samples:
    path = folder / "steps.csv"
    path.write_text(text)
    return Samples.read(path, **kwargs)


def test_segments_are_read(tmp_path: Path) -> None:
    samples = read(
        tmp_path, "seconds,prefills_qc,decodes_c\n0.1,512:0 64:2048,100 300\n0.2,,7\n0.3,8:1,\n"
    )
    expected = [
        Shape.of([(512, 0), (64, 2048)], [100, 300]),
        Shape.of([], [7]),
        Shape.of([(8, 1)]),
    ]
    np.testing.assert_array_equal(
        samples.shape.rows(), np.concatenate([shape.rows() for shape in expected])
    )
    np.testing.assert_array_equal(samples.seconds, [0.1, 0.2, 0.3])


def test_fields_of_a_shape_are_read_and_completed(tmp_path: Path) -> None:
    """Two prefills of 100 after 50 each; four decodes alike; everybody emits."""
    samples = read(
        tmp_path,
        "prefill_tokens,prefills,prefill_context,decodes,decode_context,seconds\n"
        "200,2,100,4,400,0.5\n",
    )
    shape = Shape.of([(100, 50)] * 2, [100] * 4)
    np.testing.assert_array_equal(samples.shape.rows(), shape.rows())


def test_fields_that_are_given_are_kept(tmp_path: Path) -> None:
    samples = read(tmp_path, "prefill_tokens,prefill_pairs,sequences,seconds\n10,7,0,1\n")
    assert samples.shape.prefill_pairs[0] == 7
    assert samples.shape.prefills[0] == 1
    assert samples.shape.sequences[0] == 0


def test_what_ran_the_steps_is_read(tmp_path: Path) -> None:
    samples = read(
        tmp_path,
        "model,gpu,tp,dtype,group,decodes,seconds\n"
        "llama-3.1-8b,h100,1,fp8,a,1,0.1\nqwen3-32b,h100,2,,b,1,0.2\n"
        "llama-3.1-8b,h100,1,fp8,b,2,0.3\n",
    )
    h100 = Gpu.named("h100")
    assert samples.deployments == (
        Deployment(LanguageModel.named("llama-3.1-8b"), h100, dtype="fp8"),
        Deployment(LanguageModel.named("qwen3-32b"), h100, tp=2),
    )
    assert samples.deployment.tolist() == [0, 1, 0]
    assert list(samples.groups) == ["model", "gpu", "group"]
    parts = {deployment.tp: which.tolist() for deployment, which in samples.by_deployment()}
    assert parts == {1: [0, 2], 2: [1]}


def test_a_selection_keeps_everything_together(tmp_path: Path) -> None:
    samples = read(tmp_path, "group,decodes,seconds\na,1,0.1\nb,2,0.2\na,3,0.3\n")
    chosen = samples.select(samples.groups["group"] == "a")
    assert chosen.shape.decodes.tolist() == [1, 3]
    assert chosen.seconds.tolist() == [0.1, 0.3]
    assert chosen.groups["group"].tolist() == ["a", "a"]


def test_what_all_ran_on_can_be_told(tmp_path: Path) -> None:
    deployment = Deployment(LanguageModel.named("llama-3.1-8b"), Gpu.named("h100"))
    samples = read(tmp_path, "decodes,seconds\n1,0.1\n", deployment=deployment)
    assert samples.deployments == (deployment,)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", r"steps\.csv:1: expected a header"),
        ("decodes,seconds\n", r"steps\.csv:1: expected a header and at least one row"),
        ("decodes\n1\n", r"steps\.csv:1: no column 'seconds'"),
        ("seconds\n1\n", r"steps\.csv:1: expected columns of the shape"),
        ("decode,seconds\n1,1\n", r"steps\.csv:1: unknown column 'decode'"),
        ("decodes,seconds\n1,1\n\n1,0\n", r"steps\.csv:4: seconds: expected more than 0"),
        ("decodes,seconds\n1,inf\n", r"steps\.csv:2: seconds: expected a number"),
        ("decodes,decodes,seconds\n1,1,1\n", r"steps\.csv:1: a column is named twice"),
        ("decodes,decodes_c,seconds\n1,1,1\n", "not both"),
        ("prefills_qc,seconds\n512,1\n", r"steps\.csv:2: prefills_qc: expected tokens:context"),
        ("prefills_qc,seconds\n0:1,1\n", r"steps\.csv:2: expected a whole number of at least 1"),
        ("decodes_c,seconds\n-1,1\n", r"steps\.csv:2: expected a whole number of at least 0"),
        ("decodes_c,seconds\n٣,1\n", r"steps\.csv:2: expected a whole number of at least 0"),
        ("model,gpu,decodes,seconds\ngpt-9,h100,1,1\n", r"steps\.csv:2: unknown model 'gpt-9'"),
        ("model,gpu,tp,decodes,seconds\nllama-3.1-8b,h100,3,1,1\n", r"steps\.csv:2: tp"),
    ],
)
def test_malformed_files_are_refused_with_their_line(tmp_path, text: str, message: str) -> None:
    with pytest.raises(FormatError, match=message):
        read(tmp_path, text)


@given(st.text(st.sampled_from('seconds,prefills_qc decodes_c\n0123456789.:-"\u0663'), max_size=80))
def test_nonsense_is_read_or_refused_but_never_crashes(tmp_path_factory, text: str) -> None:
    with contextlib.suppress(FormatError):
        head = "seconds,prefills_qc,decodes_c\n"
        assert len(read(tmp_path_factory.mktemp("x"), head + text)) > 0


def test_lengths_must_agree() -> None:
    with pytest.raises(ConfigError, match="shape: expected 2 entries, got 1"):
        Samples(Shape(decodes=np.ones(1)), np.ones(2))
    with pytest.raises(ConfigError, match=r"groups\.x"):
        Samples(Shape(decodes=np.ones(2)), np.ones(2), groups={"x": np.array(["a"])})
    with pytest.raises(ConfigError, match="at least one"):
        Samples(Shape(decodes=np.zeros(0)), np.zeros(0))
