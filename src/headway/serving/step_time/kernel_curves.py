"""From single kernel measurements to curves over tokens and grids of attention."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import Any

import numpy as np

from headway.errors import ConfigError
from headway.serving.hardware import Deployment
from headway.serving.models import GroupedAttention, dtype_bytes
from headway.serving.models.dtypes import dtype_name
from headway.serving.step_time.features import FEATURES, feature_rows
from headway.serving.step_time.interpolation import Curve, Grid
from headway.serving.step_time.kernel_files import Kernels, nearest
from headway.serving.step_time.roofline import peak_seconds
from headway.serving.step_time.shape import Floats, Shape
from headway.serving.step_time.work import Work, forward_work

MEMORY_SHARE, MOVING_S = 0.8, 3e-6
"""Share of the bandwidth and time to start of kernels that were not measured, as AIConfigurator
takes them."""

_GEMM = {"bfloat16": "bfloat16", "float16": "bfloat16", "fp8": "fp8", "fp4": "nvfp4"}
_BETWEEN = 4  # points between two measured ones, at which logarithms are straight but times are not
_CHUNKS = np.array([1.0, *(2.0**i for i in range(4, 18))])
_CONTEXTS = np.array([0.0, *(2.0**i for i in range(6, 18))])


def matrix_curve(deployment: Deployment, kernels: Kernels, work: Work) -> Curve:
    """Return the seconds of a matrix product over its rows of input.

    Raises
    ------
    ConfigError
        If none was measured in the number format of the weights.
    """
    assert work.matrix is not None
    weights = "bfloat16" if work.name in ("lm_head", "router") else deployment.weight_dtype
    table = kernels.gemm
    wanted = _GEMM.get(dtype_name(weights), weights)
    mine = table["gemm_dtype"] == wanted
    if not mine.any():
        known = ", ".join(sorted(set(table["gemm_dtype"].tolist())))
        raise ConfigError(f"dtype: no matrix product of {wanted} was measured; known: {known}")
    m, n, k = (table[name][mine] for name in ("m", "n", "k"))
    ratio = table["seconds"][mine] / matrix_peak(deployment, weights, m, n, k)
    rows, columns = work.matrix
    points = np.unique(m)
    log_ratio = np.array(
        [
            _bilinear(n[m == point], k[m == point], np.log(ratio[m == point]), columns, rows)
            for point in points
        ]
    )
    dense = _densified(points)
    at = np.exp(np.interp(np.log(dense), np.log(points), log_ratio))
    peak = matrix_peak(deployment, weights, dense, columns, rows)
    return Curve.through(dense, peak * at)


def moving_curve(deployment: Deployment, work: Work) -> Curve:
    """Return the seconds of a kernel that only moves bytes, or of a transfer between GPUs."""
    points = np.array([1.0, 2.0])
    _, memory, link = peak_seconds(deployment, work)
    by = "sequences" if work.per_sequence else "prefill_tokens"
    x = np.zeros((2, len(FEATURES)))
    x[:, 0], x[:, FEATURES.index(by)] = 1, points
    start = 0.0 if work.kind == "gap" else MOVING_S
    return Curve(points, start + x @ (memory / MEMORY_SHARE + link))


def experts_curve(deployment: Deployment, kernels: Kernels, work: Work) -> Curve:
    """Return the seconds of a layer of experts over tokens; a roofline where none was measured."""
    own = deployment.model.experts
    assert own is not None
    table, peak = kernels.moe, _experts_peak(deployment, work)
    mine = (table["hidden_size"] == deployment.model.hidden) & (table["inter_size"] == own.width)
    mine &= (table["topk"] == own.chosen) & (table["num_experts"] == own.count)
    mine &= (table["moe_tp_size"] == deployment.tp) & (table["moe_ep_size"] == 1)
    mine &= table["moe_dtype"] == _GEMM.get(dtype_name(deployment.weight_dtype), "")
    if not mine.any():
        points = _densified(np.array([2.0**i for i in range(18)]))
        return Curve.through(points, MOVING_S + peak(points) / MEMORY_SHARE)
    # Real tokens do not choose alike: the mildest of the measured skews.
    skews = sorted(set(table["distribution"][mine].tolist()) - {"balanced"}) or ["balanced"]
    mine &= table["distribution"] == skews[0]
    points, seconds = _fastest(table["num_tokens"][mine], table["seconds"][mine])
    dense = _densified(points)
    ratio = np.interp(np.log(dense), np.log(points), np.log(seconds / peak(points)))
    return Curve.through(dense, peak(dense) * np.exp(ratio))


def all_reduce_curve(deployment: Deployment, kernels: Kernels) -> Curve:
    """Return the seconds of a sum over the GPUs of a layer, over tokens.

    Raises
    ------
    ConfigError
        If none was measured between as many GPUs.
    """
    table = kernels.all_reduce
    mine = table["num_gpus"] == deployment.tp
    if not mine.any():
        known = ", ".join(f"{count:g}" for count in np.unique(table["num_gpus"]))
        raise ConfigError(f"tp: no sum over {deployment.tp} GPUs was measured; known: {known}")
    # Messages are counted in numbers of two bytes: only so are the rates those of the links.
    size, seconds = _fastest(2 * table["message_size"][mine], table["seconds"][mine])
    per_token = deployment.model.hidden * dtype_bytes(deployment.activation_dtype)
    dense = _densified(size)
    at = np.exp(np.interp(np.log(dense), np.log(size), np.log(seconds)))
    return Curve.through(dense / per_token, at)


def prefill_grid(deployment: Deployment, kernels: Kernels) -> Grid:
    """Return the seconds of attention of one prefill in one layer, by chunk and context."""
    table = _heads(deployment, kernels.context)
    alone = table["batch_size"] == table["batch_size"].min()
    length, seconds = _fastest(table["isl"][alone], table["seconds"][alone])
    batch = float(table["batch_size"].min())
    ratio = np.log(seconds / (batch * attention_peak(deployment, prefill=(length, 0.0))))
    chunk, context = np.meshgrid(_CHUNKS, _CONTEXTS, indexing="ij")
    peak = attention_peak(deployment, prefill=(chunk.ravel(), context.ravel()))
    # Only whole prompts were measured: a chunk is as efficient as the prompt of as many pairs.
    pairs = chunk.ravel() * (context.ravel() + (chunk.ravel() + 1) / 2)
    alike = (np.sqrt(1 + 8 * pairs) - 1) / 2
    found = np.exp(np.interp(np.log(alike), np.log(length), ratio)) * peak
    values = np.zeros((len(_CHUNKS) + 1, len(_CONTEXTS), 1, 1))
    values[1:, :, 0, 0] = found.reshape(chunk.shape)
    zero = np.zeros(1)
    return Grid((np.append(0.0, _CHUNKS), _CONTEXTS, zero, zero), values)


def decode_grid(deployment: Deployment, kernels: Kernels) -> Grid:
    """Return the seconds of attention of decodes in one layer, by number and context."""
    table = _heads(deployment, kernels.generation)
    context = table["isl"] + table["step"]
    counts, contexts = np.unique(table["batch_size"]), np.unique(context)
    peaks = attention_peak(deployment, decode=(table["batch_size"], context))
    log_ratio = np.log(table["seconds"] / peaks)
    n, c = np.meshgrid(counts, contexts, indexing="ij")
    found = np.array(
        [
            _bilinear(table["batch_size"], context, log_ratio, *point)
            for point in zip(n.ravel(), c.ravel(), strict=True)
        ]
    )
    peak = attention_peak(deployment, decode=(n.ravel(), c.ravel()))
    values = np.zeros((1, 1, len(counts) + 1, len(contexts)))
    values[0, 0, 1:] = (peak * np.exp(found)).reshape(n.shape)
    zero = np.zeros(1)
    return Grid((zero, zero, np.append(0.0, counts), contexts), values)


def _heads(deployment: Deployment, table: Mapping[str, Any]) -> dict[str, Any]:
    """Return the rows of an attention table with the heads of one GPU, or the nearest there are."""
    own = deployment.model.attention
    assert isinstance(own, GroupedAttention)
    kv_heads = -(-own.kv_heads // deployment.tp)
    wanted = (own.heads / deployment.tp, float(kv_heads), float(own.head_dim))
    cached = "fp8" if dtype_name(deployment.kv_dtype) == "fp8" else "bfloat16"
    mine = table["kv_cache_dtype"] == cached
    if not mine.any():
        raise ConfigError(f"kv_dtype: no attention with a cache of {cached} was measured")
    keys = ("num_heads", "num_key_value_heads", "head_dim")
    points = np.stack([table[key] for key in keys], axis=1)
    chosen = nearest(points[mine], wanted)
    mine &= (points == chosen).all(axis=1)
    return {key: column[mine] for key, column in table.items()}


def matrix_peak(
    deployment: Deployment, dtype: str, m: Floats, n: Floats | float, k: Floats | float
) -> Floats:
    """Return what a matrix product takes at peak rates."""
    weight, number = dtype_bytes(dtype), dtype_bytes(deployment.activation_dtype)
    compute = 2 * m * n * k / deployment.gpu.peak(dtype)
    moved = n * k * weight + m * (n + k) * number
    return np.asarray(np.maximum(compute, moved / deployment.gpu.bandwidth_bytes_per_s))


def _experts_peak(deployment: Deployment, work: Work) -> Any:
    compute, memory, _ = peak_seconds(deployment, work)

    def peak(tokens: Floats) -> Floats:
        x = feature_rows(Shape(prefill_tokens=tokens), deployment.model.experts)
        return np.maximum(x @ compute, x @ memory)

    return peak


def attention_peak(
    deployment: Deployment,
    *,
    prefill: tuple[Floats, Floats | float] | None = None,
    decode: tuple[Floats, Floats] | None = None,
) -> Floats:
    """Return what attention takes in one layer at peak rates, by prefills or by decodes."""
    work = next(own for own in forward_work(deployment) if own.kind == "attention")
    if prefill is not None:
        q, c = prefill
        shape = Shape(q, np.ones(len(q)), c + 0 * q, q * (c + (q + 1) / 2))
    else:
        assert decode is not None
        n, c = decode
        shape = Shape(decodes=n, decode_context=n * c, decode_longest=c)
    x = feature_rows(shape, deployment.model.experts)
    compute, memory, _ = peak_seconds(deployment, work)
    return np.maximum(x @ compute, x @ memory)


def _bilinear(x: Floats, y: Floats, values: Floats, at_x: float, at_y: float) -> float:
    """Return a value between scattered points of a grid, linear in the logarithms of both axes.

    Beyond the grid the edge counts; where a corner is missing, the nearest point stands for it.
    """
    logs = np.log(np.stack([x, y], axis=1))
    corners, shares = [], []
    for axis, at in enumerate((at_x, at_y)):
        points = np.unique(logs[:, axis])
        where = float(np.clip(np.log(at), points[0], points[-1]))
        low = max(int(np.searchsorted(points, where, side="right")) - 1, 0)
        high = min(low + 1, len(points) - 1)
        width = points[high] - points[low]
        corners.append((points[low], points[high]))
        shares.append((where - points[low]) / width if width > 0 else 0.0)
    found = np.zeros((2, 2))
    for i, own_x in enumerate(corners[0]):
        for j, own_y in enumerate(corners[1]):
            distance = np.abs(logs - [own_x, own_y]).sum(axis=1)
            found[i, j] = values[int(np.argmin(distance))]
    along_y = found[:, 0] + shares[1] * (found[:, 1] - found[:, 0])
    return float(along_y[0] + shares[0] * (along_y[1] - along_y[0]))


def _fastest(points: Floats, seconds: Floats) -> tuple[Floats, Floats]:
    """Return points in order with the fastest of the kernels measured at each."""
    unique = np.unique(points)
    return unique, np.array([seconds[points == point].min() for point in unique])


def _densified(points: Floats) -> Floats:
    """Return sorted points with more between them, evenly in logarithms."""
    ends = pairwise(points)
    inner = [np.geomspace(low, high, _BETWEEN + 1, endpoint=False) for low, high in ends]
    return np.concatenate([*inner, points[-1:]])
