"""Number formats of weights, activations and caches."""

from __future__ import annotations

from headway.errors import UnknownNameError

_BYTES = {
    "float32": 4.0,
    "bfloat16": 2.0,
    "float16": 2.0,
    "fp8": 1.0,
    "int8": 1.0,
    "fp4": 0.5,
    "int4": 0.5,
}
_OTHER_NAMES = {
    "fp32": "float32",
    "float": "float32",
    "bf16": "bfloat16",
    "fp16": "float16",
    "half": "float16",
    "float8_e4m3fn": "fp8",
    "fp8_e4m3": "fp8",
    "fp8_e5m2": "fp8",
    "nvfp4": "fp4",
    "mxfp4": "fp4",
    "awq": "int4",
    "gptq": "int4",
}

DTYPES = tuple(_BYTES)
"""The number formats there are, by their usual names."""


def dtype_name(name: str) -> str:
    """Return the usual name of a number format: ``bfloat16`` for ``bf16`` or ``torch.bfloat16``.

    Raises
    ------
    UnknownNameError
        If there is no such format.
    """
    short = name.strip().lower().removeprefix("torch.")
    found = _OTHER_NAMES.get(short, short)
    if found not in _BYTES:
        raise UnknownNameError("number format", name, (*_BYTES, *_OTHER_NAMES))
    return found


def dtype_bytes(name: str) -> float:
    """Return how many bytes a number takes; scales of quantized blocks are not counted.

    Raises
    ------
    UnknownNameError
        If there is no such format.
    """
    return _BYTES[dtype_name(name)]
