"""Engines by name: the settings that make the engine schedule as well-known ones do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from headway.errors import UnknownNameError
from headway.serving.engine.config import UNLIMITED, EngineConfig

_PRESETS: Mapping[str, Mapping[str, Any]] = {
    "vllm": {},
    "vllm-v0": {
        "mix": "prefill first",
        "chunked": False,
        "padded_budget": True,
        "token_budget": 4096,
        "reserve": "prompt",
        "watermark": 0.01,
        "prefix_caching": False,
    },
    "orca": {
        "chunked": False,
        "reserve": "whole",
        "token_budget": UNLIMITED,
        "prefix_caching": False,
    },
    "sarathi": {
        "decode_first": True,
        "token_budget": 512,
        "reserve": "prompt",
        "watermark": 0.01,
        "prefix_caching": False,
    },
    "sglang": {
        "mix": "prefill first",
        "token_budget": 8192,
        "reserve": "prompt",
        "victim": "least progress",
    },
    "static": {
        "refill": "when empty",
        "chunked": False,
        "reserve": "whole",
        "token_budget": UNLIMITED,
        "prefix_caching": False,
    },
}


def presets() -> tuple[str, ...]:
    """Return the names of known engines."""
    return tuple(_PRESETS)


def preset(name: str, **settings: Any) -> EngineConfig:
    """Return the settings of an engine by name; what is given takes precedence.

    ``vllm`` is the V1 scheduler with chunked prefill, ``vllm-v0`` its predecessor, in which prompts
    run whole and before everything else; ``orca`` batches by iteration and reserves memory for all
    tokens that were asked for; ``sarathi`` adds chunks of prompts to decodes; ``sglang`` lets
    prefills go first and retracts who has said least; ``static`` starts a batch when the last one
    has ended, padded to its longest member (FasterTransformer).

    Raises
    ------
    UnknownNameError
        If there is no such engine.
    ConfigError
        If a setting is out of range.
    """
    if name not in _PRESETS:
        raise UnknownNameError("engine", name, _PRESETS)
    return EngineConfig(**{**_PRESETS[name], **settings})
