"""Kinds of engines: what each tells about its load, and what it lets be done to it.

=============  =======================================================================
kind           where the names stand
=============  =======================================================================
``vllm``       vllm-project/vllm: ``vllm/v1/metrics/loggers.py`` (current names and those
               that version 1 took over from version 0, such as ``gpu_cache_usage_perc``),
               ``vllm/entrypoints/openai/api_server.py`` and ``vllm/distributed/kv_events.py``
``sglang``     sgl-project/sglang: ``python/sglang/srt/metrics/collector.py``, later
               ``.../observability/metrics_collector.py``;
               ``python/sglang/srt/entrypoints/http_server.py``
``llamacpp``   ggml-org/llama.cpp: ``tools/server/README.md``, "GET /metrics"
``openai``     nothing but the API itself: ``/v1/models``
=============  =======================================================================
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from headway.errors import UnknownNameError

Feature = Literal["priority", "request-id", "token-ids", "data-parallel-rank"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Signals:
    """Names of metrics by what they mean; the first that a page has counts.

    Attributes
    ----------
    running, waiting
        Gauges: requests in the batch, and in the queue.
    usage
        Gauge: share of the cache that is held, from 0 to 1.
    cache
        A gauge whose labels tell the size of the cache.
    cache_blocks, cache_block_tokens
        Those labels.
    cache_tokens
        Gauge: tokens that the cache has room for.
    prompt_tokens, output_tokens, cached_tokens, preemptions
        Counters.
    queried, hit
        Counters: prompt tokens looked up in the prefix cache, and found.
    awake
        Gauge with a label ``sleep_state``: 1 under ``awake`` unless the engine sleeps.
    started
        Gauge: Unix time at which the process began.
    rank
        Label that tells data-parallel ranks apart, whose figures add up.
    """

    running: tuple[bytes, ...] = ()
    waiting: tuple[bytes, ...] = ()
    usage: tuple[bytes, ...] = ()
    cache: tuple[bytes, ...] = ()
    cache_blocks: str = ""
    cache_block_tokens: str = ""
    cache_tokens: tuple[bytes, ...] = ()
    prompt_tokens: tuple[bytes, ...] = ()
    output_tokens: tuple[bytes, ...] = ()
    cached_tokens: tuple[bytes, ...] = ()
    preemptions: tuple[bytes, ...] = ()
    queried: tuple[bytes, ...] = ()
    hit: tuple[bytes, ...] = ()
    awake: tuple[bytes, ...] = ()
    started: tuple[bytes, ...] = ()
    rank: str = ""


@dataclass(frozen=True, slots=True)
class Switch:
    """Two requests that undo each other, such as loading and unloading an adapter.

    Attributes
    ----------
    on, off
        Targets, as sent.
    needs
        How the engine must have been started.
    """

    on: bytes
    off: bytes
    needs: str


@dataclass(frozen=True, slots=True)
class Tokenizer:
    """How to ask for the tokens of a text.

    Attributes
    ----------
    target
        Where.
    text, messages
        Keys of the body for a plain prompt and for a conversation; an empty one if it is not known.
    model
        Whether the body names the model.
    more
        What else the body says, so that tokens come as those of a completion.
    """

    target: bytes
    text: str
    messages: str
    model: bool
    more: Mapping[str, bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineKind:
    """What is known of all engines of a kind.

    Attributes
    ----------
    name
        In files.
    health
        Answers 200 while the engine can serve.
    metrics
        Tells the load in Prometheus' text format; None if nothing does.
    models
        Lists models and adapters.
    signals
        Names on the page of metrics.
    features
        What requests may carry.
    adapters, sleep
        How adapters come and go, and how memory is given up and taken back; None if it cannot.
    tokenizer
        How a prompt becomes tokens; None if it cannot.
    kv_events
        Whether it can publish what its cache holds.
    """

    name: str
    health: bytes
    metrics: bytes | None = None
    models: bytes = b"/v1/models"
    signals: Signals = Signals()
    features: frozenset[Feature] = frozenset()
    adapters: Switch | None = None
    sleep: Switch | None = None
    tokenizer: Tokenizer | None = None
    kv_events: bool = False


VLLM = EngineKind(
    name="vllm",
    health=b"/health",
    metrics=b"/metrics",
    signals=Signals(
        running=(b"vllm:num_requests_running",),
        waiting=(b"vllm:num_requests_waiting",),
        usage=(b"vllm:kv_cache_usage_perc", b"vllm:gpu_cache_usage_perc"),
        cache=(b"vllm:cache_config_info",),
        cache_blocks="num_gpu_blocks",
        cache_block_tokens="block_size",
        prompt_tokens=(b"vllm:prompt_tokens_total",),
        output_tokens=(b"vllm:generation_tokens_total",),
        cached_tokens=(b"vllm:prompt_tokens_cached_total",),
        preemptions=(b"vllm:num_preemptions_total",),
        queried=(b"vllm:prefix_cache_queries_total", b"vllm:gpu_prefix_cache_queries_total"),
        hit=(b"vllm:prefix_cache_hits_total", b"vllm:gpu_prefix_cache_hits_total"),
        awake=(b"vllm:engine_sleep_state",),
        started=(b"process_start_time_seconds",),
        rank="engine",
    ),
    features=frozenset(("priority", "request-id", "token-ids", "data-parallel-rank")),
    adapters=Switch(
        b"/v1/load_lora_adapter",
        b"/v1/unload_lora_adapter",
        "--enable-lora and VLLM_ALLOW_RUNTIME_LORA_UPDATING=1",
    ),
    sleep=Switch(b"/sleep?level=1", b"/wake_up", "--enable-sleep-mode and VLLM_SERVER_DEV_MODE=1"),
    tokenizer=Tokenizer(
        b"/tokenize", "prompt", "messages", model=True, more={"add_special_tokens": True}
    ),
    kv_events=True,
)

SGLANG = EngineKind(
    name="sglang",
    health=b"/health",
    metrics=b"/metrics",
    signals=Signals(
        running=(b"sglang:num_running_reqs", b"sglang:num_requests_running"),
        waiting=(b"sglang:num_queue_reqs", b"sglang:num_requests_waiting"),
        usage=(b"sglang:token_usage",),
        cache_tokens=(b"sglang:max_total_num_tokens",),
        prompt_tokens=(b"sglang:prompt_tokens_total",),
        output_tokens=(b"sglang:generation_tokens_total",),
        cached_tokens=(b"sglang:cached_tokens_total",),
        preemptions=(b"sglang:num_retracted_requests_total",),
        queried=(b"sglang:prompt_tokens_total",),
        hit=(b"sglang:cached_tokens_total",),
        started=(b"process_start_time_seconds",),
        rank="dp_rank",
    ),
    features=frozenset(("priority", "request-id", "token-ids")),
    adapters=Switch(b"/load_lora_adapter", b"/unload_lora_adapter", "--enable-lora"),
    sleep=Switch(
        b"/release_memory_occupation", b"/resume_memory_occupation", "--enable-memory-saver"
    ),
    tokenizer=Tokenizer(b"/tokenize", "prompt", "", model=True, more={"add_special_tokens": True}),
    kv_events=True,
)

LLAMACPP = EngineKind(
    name="llamacpp",
    health=b"/health",
    metrics=b"/metrics",
    signals=Signals(
        running=(b"llamacpp:requests_processing",),
        waiting=(b"llamacpp:requests_deferred",),
        usage=(b"llamacpp:kv_cache_usage_ratio",),
        prompt_tokens=(b"llamacpp:prompt_tokens_total",),
        output_tokens=(b"llamacpp:tokens_predicted_total",),
        cached_tokens=(b"llamacpp:prompt_tokens_cached_total",),
    ),
    features=frozenset(("token-ids",)),
    tokenizer=Tokenizer(b"/tokenize", "content", "", model=False, more={"add_special": True}),
)

OPENAI = EngineKind(name="openai", health=b"/v1/models")

KINDS: Mapping[str, EngineKind] = {kind.name: kind for kind in (VLLM, SGLANG, LLAMACPP, OPENAI)}


def engine_kind(name: str) -> EngineKind:
    """Return a kind by its name.

    Raises
    ------
    UnknownNameError
        If there is none of that name.
    """
    try:
        return KINDS[name]
    except KeyError:
        raise UnknownNameError("kind of engine", name, KINDS) from None
