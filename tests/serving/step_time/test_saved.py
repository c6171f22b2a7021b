import contextlib
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from headway.errors import ConfigError, FormatError, HeadwayError
from headway.serving.hardware import Deployment, Gpu
from headway.serving.models import LanguageModel
from headway.serving.step_time import (
    Affine,
    Corrections,
    Efficiency,
    Padded,
    Shape,
    StepTime,
    from_document,
    load,
    save,
    to_document,
)
from tests.serving.shapes import many

EIGHT = Deployment(LanguageModel.named("llama-3.1-8b"), Gpu.named("rtx-4090"), kv_dtype="fp8")
OWN = replace(
    EIGHT,
    model=replace(LanguageModel.named("mixtral-8x7b"), name="ours", layers=4, expert_layers=4),
    gpu=replace(Gpu.named("h100"), name="ours", memory_bytes=10**11),
    tp=2,
)
LATENT = replace(EIGHT, model=replace(LanguageModel.named("deepseek-v3"), name="other"))

TIMES = [
    Affine(0.02, {"decodes": 1e-5}),
    Efficiency(compute=0.5).on(EIGHT),
    Corrections.published().on(OWN),
    Padded(Efficiency().on(LATENT), (1, 2, 4), 1e-3, 2e-3),
]


@pytest.mark.parametrize("time", TIMES)
def test_a_saved_step_time_comes_back(tmp_path: Path, time: StepTime) -> None:
    save(time, tmp_path / "time.json", notes={"errors": {"mape": 0.1}})
    again = load(tmp_path / "time.json")
    assert again == time
    shapes = many(12, 20)
    np.testing.assert_array_equal(again.seconds(shapes), time.seconds(shapes))


def test_known_models_and_gpus_are_saved_by_name() -> None:
    assert to_document(TIMES[1])["deployment"] == {
        "model": "llama-3.1-8b",
        "gpu": "NVIDIA GeForce RTX 4090",
        "kv_dtype": "fp8",
    }


def test_a_kind_of_ones_own_cannot_be_saved() -> None:
    class Own(StepTime):
        def seconds(self, shape: Shape):
            return 1.0

    with pytest.raises(ConfigError, match="Own: no such step time can be saved"):
        to_document(Own())


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ({}, "kind: expected one of affine"),
        ({"kind": ["affine"]}, "kind"),
        ({"kind": "affine"}, "constant_s: expected a number"),
        ({"kind": "affine", "constant_s": 1, "per": {"tokens": 1}}, r"per\.tokens"),
        ({"kind": "affine", "constant_s": 1, "per": 3}, "per: expected an object"),
        ({"kind": "roofline"}, "deployment: expected an object"),
        ({"kind": "roofline", "efficiency": {"speed": 1}}, r"efficiency\.speed"),
        ({"kind": "roofline", "deployment": {"gpu": "h100"}}, r"deployment\.model"),
        ({"kind": "corrections", "weights": 3}, "weights: expected a list"),
        ({"kind": "padded", "sizes": [1.5]}, "sizes: expected a list of whole"),
        ({"kind": "padded", "sizes": [1], "inner": 1}, "inner: expected an object"),
        ({"kind": "padded", "sizes": [1], "inner": to_document(TIMES[3])}, "padded again"),
    ],
)
def test_documents_that_describe_nothing_are_refused_by_key(document, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        from_document(document)


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("tp", 1.5, r"deployment\.tp: cannot be 1\.5"),
        ("cpu", "x", r"deployment\.cpu: no such key"),
        ("model", {"attention": {"heads": "x"}}, r"deployment\.model\.attention\.heads"),
        ("model", {"attention": {"heads": 1}}, r"deployment\.model\.attention"),
        ("model", "gpt-9", "unknown model"),
        ("gpu", {"cores": 4}, r"deployment\.gpu\.cores: no such key"),
    ],
)
def test_deployments_that_cannot_be_are_refused_by_key(key, value, message: str) -> None:
    given_ = {"model": "llama-3.1-8b", "gpu": "h100", key: value}
    with pytest.raises(HeadwayError, match=message):
        from_document({"kind": "roofline", "deployment": given_})


@pytest.mark.parametrize("text", ["", "[]", "{", "\xff"])
def test_files_that_hold_no_object_are_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "time.json"
    path.write_bytes(text.encode("latin-1"))
    with pytest.raises(FormatError, match=r"time\.json"):
        load(path)


def test_a_refused_key_names_the_file(tmp_path: Path) -> None:
    path = tmp_path / "time.json"
    path.write_text(json.dumps({"kind": "affine", "constant_s": "x"}))
    with pytest.raises(ConfigError, match=r"time\.json: constant_s"):
        load(path)


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 99) | st.floats() | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=4,
)


@given(st.sampled_from(TIMES), st.data(), _JSON)
def test_nonsense_is_read_or_refused_but_never_crashes(time, data, value) -> None:
    document = json.loads(json.dumps(to_document(time)))
    place = document
    while True:
        key = data.draw(st.sampled_from(sorted(place)))
        if not isinstance(place[key], dict) or not place[key] or data.draw(st.booleans()):
            place[key] = value
            break
        place = place[key]
    with contextlib.suppress(HeadwayError):
        from_document(document)
