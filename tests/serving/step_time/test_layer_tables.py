import itertools
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given

from headway import _core
from headway.errors import ConfigError, FormatError, UnsupportedError
from headway.serving.hardware import Deployment, Gpu
from headway.serving.models import Experts, FeedForward, GroupedAttention, LanguageModel
from headway.serving.step_time import LayerTables, Roofline, Shape
from headway.serving.step_time.interpolation import Curve
from headway.serving.step_time.layer_files import attention_grid
from tests.serving.shapes import batches, many

LAYERS = {
    "embedding": 1.0,
    "layernorm": 2.0,
    "qkv_proj": 30.0,
    "rotary_emb": 3.0,
    "o_proj": 20.0,
    "gate_up_proj": 50.0,
    "act_fn": 4.0,
    "down_proj": 40.0,
    "final_layernorm": 2.5,
}

CONSTANT = {name: Curve.through([1], [1.0]) for name in LAYERS}
HEADS = {"lm_head": Curve.through([1], [1.0])}


def attention_us(chunk, context, decodes, decode_context):
    """Linear in each number, so that a grid of any density holds it exactly."""
    return 5 + 0.02 * chunk + 1e-5 * chunk * context + decodes * (0.1 + 1e-4 * decode_context)


def attention_rows(decodes_with_chunks=(0, 1, 128)):
    decodes = [(0, n) for n in (1, 128, 256)]
    pairs = decodes + [(q, n) for q in (16, 512, 2048) for n in decodes_with_chunks]
    for q, n in pairs:
        for c, k in itertools.product((0, 16, 8192) if q else (0,), (16, 16384) if n else (0,)):
            yield (q, c, n, k, attention_us(q, c, n, k))


def write(folder: Path, name: str, header: str, rows) -> None:
    lines = [header, *(",".join(map(str, row)) for row in rows)]
    (folder / name).write_text("\n".join(lines) + "\n")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Tables of a model whose dense layers take (1 + tokens / 100) times their fixed time."""
    dense = [(n, t, us * (1 + t / 100)) for n, us in LAYERS.items() for t in (1, 64, 2048)]
    write(tmp_path, "dense.csv", "layer,tokens,time_us", dense)
    heads = [(n, s, us + s) for n, us in (("lm_head", 700), ("sampler", 40)) for s in (1, 256)]
    write(tmp_path, "per_sequence.csv", "layer,sequences,time_us", heads)
    header = "prefill_chunk,kv_prefill,n_decode,kv_decode,time_us"
    write(tmp_path, "attention.csv", header, attention_rows())
    return tmp_path


def dense_us(tokens: float, layers: int) -> float:
    once = LAYERS["embedding"] + LAYERS["final_layernorm"]
    per_layer = sum(LAYERS.values()) - once + LAYERS["layernorm"]
    return (once + layers * per_layer) * (1 + tokens / 100)


def test_a_step_is_the_sum_of_its_layers(folder: Path) -> None:
    """One norm more in each layer; head and sampler once; host time as told."""
    time = LayerTables.read(folder, 32, step_overhead_s=1e-3, sequence_overhead_s=1e-5)
    shape = Shape.of(prefills=[(500, 1000)], decodes=[300, 500])
    attention = attention_us(500, 1000, 2, 400)
    expected = dense_us(502, 32) + 32 * attention + 740 + 2 * 3 + 1000 + 10 * 3
    assert time.seconds(shape) == pytest.approx(expected * 1e-6, rel=1e-12)


def test_operators_stand_in_order_of_execution(folder: Path) -> None:
    time = LayerTables.read(folder, 32)
    operators = time.operators(Shape.of(decodes=[100]))
    assert [(operator.name, operator.repeats) for operator in operators] == [
        ("host", 1),
        ("embedding", 1),
        ("layernorm", 32),
        ("qkv_proj", 32),
        ("rotary_emb", 32),
        ("attention", 32),
        ("o_proj", 32),
        ("layernorm", 32),
        ("gate_up_proj", 32),
        ("act_fn", 32),
        ("down_proj", 32),
        ("final_layernorm", 1),
        ("lm_head", 1),
        ("sampler", 1),
    ]


def test_the_breakdown_adds_up(folder: Path) -> None:
    time, shapes = LayerTables.read(folder, 32, skew=0.1), many(4)
    total = sum(time.breakdown(shapes).values())
    np.testing.assert_allclose(total, time.seconds(shapes), rtol=1e-12)


@pytest.mark.parametrize("skew", [0.0, 0.06])
def test_native_form_agrees(folder: Path, skew: float) -> None:
    time, shapes = LayerTables.read(folder, 32, skew=skew), many(5, 1000)
    native = time.native().seconds(shapes.rows().ravel())
    np.testing.assert_allclose(native, time.seconds(shapes), rtol=1e-12)


def test_native_form_agrees_on_a_rough_grid() -> None:
    """Noise at every point of a ragged grid, so that no mistake in the corners hides."""
    rng = np.random.default_rng(8)
    points = np.array([row[:4] for row in attention_rows((0, 1, 64))], float)
    grid = attention_grid(points, rng.random(len(points)))
    shapes = many(6, 2000)
    native = _core.attention_time(*grid.axes, np.ravel(grid.values), 0.3)
    time = LayerTables(
        1,
        CONSTANT,
        HEADS,
        grid,
        0.3,
        step_overhead_s=0,
        sequence_overhead_s=0,
    )
    np.testing.assert_allclose(
        native.seconds(shapes.rows().ravel()), time.breakdown(shapes)["attention"], rtol=1e-12
    )


@given(batches)
def test_one_batch_at_a_time_gives_the_same(shape: Shape) -> None:
    grid = attention_grid(
        np.array([row[:4] for row in attention_rows()], float),
        np.array([row[4] for row in attention_rows()]),
    )
    time = LayerTables(4, CONSTANT, HEADS, grid, 0.05)
    one = time.seconds(shape)
    assert isinstance(one, float)
    assert one == pytest.approx(float(time.native().seconds(shape.rows().ravel())[0]), rel=1e-12)


def test_several_prefills_cost_what_their_pairs_cost(folder: Path) -> None:
    """Two halves of a prompt have the pairs of neither 2000 tokens nor 2000 after 1000."""
    time = LayerTables.read(folder, 1)
    both = time.breakdown(Shape.of(prefills=[(1000, 0), (1000, 1000)]))["attention"]
    one = time.breakdown(Shape.of(prefills=[(2000, 0)]))["attention"]
    assert both == pytest.approx(one, rel=1e-12)
    fresh = time.breakdown(Shape.of(prefills=[(1000, 0), (1000, 0)]))["attention"]
    assert fresh < one


def test_unequal_contexts_lie_between_the_mean_and_the_longest(folder: Path) -> None:
    mixed = Shape.of(decodes=[100, 900])
    flat = LayerTables.read(folder, 1, skew=0).breakdown(mixed)["attention"]
    bent = LayerTables.read(folder, 1, skew=0.25).breakdown(mixed)["attention"]
    expected = attention_us(0, 0, 2, 500) + 0.25 * (2 * 1e-4 * 400)
    assert flat == pytest.approx(attention_us(0, 0, 2, 500) * 1e-6)
    assert bent == pytest.approx(expected * 1e-6)


def test_a_measured_skew_is_taken_from_the_description(folder: Path) -> None:
    assert LayerTables.read(folder, 1).skew == 0
    (folder / "meta.yaml").write_text("skew_fit:\n  per_tp:\n    1: {alpha_default: 0.0543}\n")
    assert LayerTables.read(folder, 1).skew == 0.0543
    assert LayerTables.read(folder, 1, skew=0.5).skew == 0.5


def test_longer_batches_and_contexts_than_measured_are_prolonged(folder: Path) -> None:
    time = LayerTables.read(folder, 32, step_overhead_s=0, sequence_overhead_s=0)
    shape = Shape.of(prefills=[(16_000, 100_000)], decodes=[60_000] * 200)
    attention = attention_us(16_000, 100_000, 200, 60_000)
    expected = dense_us(16_200, 32) + 32 * attention + 740 + 2 * 201
    assert time.seconds(shape) == pytest.approx(expected * 1e-6, rel=1e-9)


def test_an_empty_step_costs_the_host_alone(folder: Path) -> None:
    assert LayerTables.read(folder, 32, step_overhead_s=0.25).seconds(Shape()) == 0.25


def test_experts_take_the_place_of_the_network(folder: Path) -> None:
    """One token touches two of eight experts, very many all of them; each touch costs 100 us."""
    model = LanguageModel(
        "x", 8, 4, 9, GroupedAttention(1, 1, 8), FeedForward(8), Experts(8, 2, 8), 4
    )
    rows = [(t, e, 100 * e + t) for e in (2, 4, 8) for t in (1, 64, 2048)]
    write(folder, "moe.csv", "tokens,activated_experts,time_us", rows)
    lines = (folder / "dense.csv").read_text().splitlines()
    plain = ("gate_up_proj", "act_fn", "down_proj")
    kept = [line for line in lines if not line.startswith(plain)]
    (folder / "dense.csv").write_text("\n".join(kept))
    with pytest.raises(FormatError, match="'gate_up_proj' is missing"):
        LayerTables.read(folder, 4)
    time = LayerTables.read(folder, model)
    for tokens in (1, 2, 5, 40, 1000):
        spent = time.breakdown(Shape.of(decodes=[10] * tokens))["moe"]
        touched = 8 * (1 - 0.75**tokens)
        assert spent == pytest.approx(4 * (100 * touched + tokens) * 1e-6, rel=1e-3)
    assert "down_proj" not in time.breakdown(Shape.of(decodes=[10]))
    shapes = many(15, 50)
    native = time.native().seconds(shapes.rows().ravel())
    np.testing.assert_allclose(native, time.seconds(shapes), rtol=1e-12)
    with pytest.raises(UnsupportedError, match="in all layers"):
        LayerTables.read(folder, replace(model, expert_layers=2))


def test_a_model_tells_its_layers(folder: Path) -> None:
    model = LanguageModel("x", 8, 5, 9, GroupedAttention(1, 1, 8), FeedForward(8))
    assert LayerTables.read(folder, model).layers == 5


def test_gpus_that_share_layers_sum_over_their_links(folder: Path) -> None:
    alone = Deployment(LanguageModel.named("llama-3.1-8b"), Gpu.named("h100"))
    shape = Shape.of(prefills=[(1000, 0)])
    assert "all_reduce" not in LayerTables.read(folder, alone).breakdown(shape)
    time = LayerTables.read(folder, replace(alone, tp=2))
    own = [part for part in time.operators(shape) if part.name == "all_reduce"]
    expected = Roofline(replace(alone, tp=2)).breakdown(shape)["all_reduce"] / 65
    assert [part.repeats for part in own] == [32, 32]
    assert all(part.seconds == pytest.approx(expected) for part in own)
    native = time.native().seconds(shape.rows().ravel())[0]
    assert native == pytest.approx(time.seconds(shape), rel=1e-12)


@pytest.mark.parametrize(
    ("file", "old", "new", "message"),
    [
        ("dense.csv", "act_fn,64", "acting,64", r"dense\.csv:\d+: unknown layer 'acting'"),
        ("dense.csv", "act_fn,64,", "act_fn,1,", r"dense\.csv:\d+: repeats the point of line"),
        ("dense.csv", "layer,tokens", "layer,token", r"dense\.csv:1: no column 'tokens'"),
        ("dense.csv", "act_fn,64,", "act_fn,64,x", r"dense\.csv:\d+: time_us: expected a number"),
        ("per_sequence.csv", "lm_head,1,", "lm_head,1,-", "a number from 0"),
        ("per_sequence.csv", "lm_head,1,", "lm_head,1,1,", "expected 3 values, found 4"),
        ("attention.csv", "16,0,0,0,", "16,0,0,nan,", r"attention\.csv:\d+: kv_decode"),
        ("attention.csv", "2048,16,0,0", "2048,0,0,0", "repeats the point"),
        ("meta.yaml", "", "skew_fit: {per_tp: {1: {alpha_default: 7}}}", "expected a number in"),
        ("meta.yaml", "", "skew_fit: [", "not YAML"),
    ],
)
def test_malformed_tables_are_refused_with_their_line(
    folder: Path, file: str, old: str, new: str, message: str
) -> None:
    path = folder / file
    text = path.read_text() if path.exists() else ""
    path.write_text(text.replace(old, new, 1) if old else new)
    with pytest.raises(FormatError, match=message):
        LayerTables.read(folder, 32)


def test_a_missing_layer_and_a_missing_file_are_named(folder: Path) -> None:
    path = folder / "dense.csv"
    kept = [line for line in path.read_text().splitlines() if not line.startswith("o_proj")]
    path.write_text("\n".join(kept))
    with pytest.raises(FormatError, match="'o_proj' is missing"):
        LayerTables.read(folder, 32)
    path.unlink()
    with pytest.raises(FormatError, match=r"dense\.csv: cannot read"):
        LayerTables.read(folder, 32)


@pytest.mark.parametrize(
    "wrong", [{"layers": 0}, {"layers": 1, "skew": 2.0}, {"layers": 1, "step_overhead_s": -1.0}]
)
def test_settings_that_cannot_be_are_refused(folder: Path, wrong) -> None:
    with pytest.raises((ConfigError, FormatError), match=next(reversed(wrong))):
        LayerTables.read(folder, **wrong)


def test_the_core_refuses_a_grid_of_another_size() -> None:
    one = np.array([0.0, 1.0])
    with pytest.raises(ValueError, match="per point"):
        _core.attention_time(one, one, one, one, np.zeros(15), 0.0)
    with pytest.raises(ValueError, match="ascend"):
        _core.attention_time(one[::-1].copy(), one, one, one, np.zeros(16), 0.0)
