"""What a gateway costs: ours, vLLM's router (Rust) and LiteLLM before the same engines.

    pip install vllm-router                     # anywhere; --vllm-router tells where
    pip install 'litellm[proxy]'                # best in an environment of its own; --litellm
    apt install nginx-light wrk                 # engines that answer at once, and the load
    python benchmarks/gateway.py --vllm-router PATH --litellm PATH

Two nginx servers stand for engines. Each gateway runs as one process and is loaded by ``wrk`` with
64 connections. CPU time is that of the gateway's processes over the requests answered, from
``/proc``: it depends little on what else the machine does. The latency that a gateway adds is
measured at half the rate that it reached, or ``--most-per-s``, by requests sent at even times
whether or not those before are answered, against the same load on nginx itself. All figures are
*measured*, medians of several runs, one machine, one run of this script.
"""

from __future__ import annotations

import argparse
import json
import shutil
import statistics
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from gateway_load import bodies, cpu_s, evenly, free_ports, memory_mb, running, wait_for, wrk
from table import keep, machine

ANSWER = json.dumps(
    {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1,
        "model": "m",
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": "hello"},
                "finish_reason": "stop",
            }
        ],
        "usage": {"prompt_tokens": 20, "completion_tokens": 5, "total_tokens": 25},
    }
)


@dataclass(frozen=True)
class Contender:
    """A gateway that can be started.

    Attributes
    ----------
    name, policy
        For the table.
    command
        That starts it.
    port
        Where it listens.
    headers
        That its clients send.
    environment
        Beyond ours.
    """

    name: str
    policy: str
    command: Sequence[str]
    port: int
    headers: dict[str, str] = field(default_factory=dict)
    environment: dict[str, str] = field(default_factory=dict)


_SERVER = """
server {
  listen 127.0.0.1:%(port)d backlog=4096;
  location / { return 200 '%(answer)s'; }
  location /v1/models { return 200 '{"object":"list","data":[{"id":"m","object":"model"}]}'; }
  location /health { return 200 'ok'; }
  location /metrics { return 200 ''; }
}
"""

_NGINX = """
worker_processes 1; daemon off; pid %(folder)s/nginx.pid; error_log %(folder)s/error.log;
events { worker_connections 8192; }
http {
  access_log off; keepalive_requests 1000000000; default_type application/json;
  client_max_body_size 64m; client_body_buffer_size 1m;
  %(servers)s
}
"""


def nginx(folder: Path, ports: Sequence[int]) -> list[str]:
    """Return the command for engines that answer at once."""
    servers = "".join(_SERVER % {"port": port, "answer": ANSWER} for port in ports)
    config = folder / "nginx.conf"
    config.write_text(_NGINX % {"folder": folder, "servers": servers})
    return ["nginx", "-c", str(config)]


def contenders(
    folder: Path, engines: Sequence[int], arguments: argparse.Namespace
) -> Iterator[Contender]:
    """Give what there is to compare."""
    urls = [f"http://127.0.0.1:{port}" for port in engines]
    for policy in ("least-request", "prefix-cache"):
        port, admin = free_ports(2)
        file = folder / f"{policy}.yaml"
        file.write_text(
            "kind: fleet\n"
            f"engines: [{{name: e, count: {len(urls)}, model: llama-3.1-8b, gpu: h100}}]\n"
            "workload: {synthetic: {rate_per_s: 1}}\n"
            f"policies: [{policy}]\n"
            "serve:\n"
            f"  listen: 127.0.0.1:{port}\n"
            f"  admin: 127.0.0.1:{admin}\n"
            f"  engines: {{e: {{kind: openai, urls: [{', '.join(urls)}]}}}}\n"
        )
        command = [sys.executable, "-m", "headway", "serve", str(file)]
        yield Contender("headway", policy, command, port)
    if arguments.vllm_router:
        for policy in ("round_robin", "cache_aware"):
            port, metrics = free_ports(2)
            command = [arguments.vllm_router, "--host", "127.0.0.1", "--port", str(port)]
            command += [
                "--worker-urls",
                *urls,
                "--policy",
                policy,
                "--prometheus-port",
                str(metrics),
            ]
            command += ["--log-level", "error"]
            yield Contender("vllm-router", policy, command, port)
    if arguments.litellm:
        (port,) = free_ports(1)
        file = folder / "litellm.yaml"
        common = {"model": "openai/m", "api_key": "x"}
        models = [
            {"model_name": "m", "litellm_params": {**common, "api_base": f"{url}/v1"}}
            for url in urls
        ]
        file.write_text(json.dumps({"model_list": models}))
        command = [arguments.litellm, "--config", str(file), "--host", "127.0.0.1"]
        command += ["--port", str(port)]
        key = "sk-1234-benchmark"
        yield Contender(
            "litellm",
            "simple-shuffle",
            command,
            port,
            {"authorization": f"Bearer {key}"},
            {"LITELLM_MASTER_KEY": key, "LITELLM_LOG": "ERROR"},
        )


def measured(one: Contender, folder: Path, arguments: argparse.Namespace) -> dict[str, object]:
    """Return a row of the table."""
    log = folder / "log"
    small, large = (bodies(folder, size, one.headers) for size in ("small", "large"))
    with running(one.command, log, one.environment) as pid:
        wait_for(one.port, one.headers, log)
        wrk(one.port, small, 2)
        costs: dict[Path, list[float]] = {small: [], large: []}
        rates, latencies, errors = [], [], 0
        for _ in range(arguments.runs):
            for script, found in costs.items():
                before_s = cpu_s(pid)
                load = wrk(one.port, script, arguments.seconds)
                found.append((cpu_s(pid) - before_s) / max(load.requests, 1) * 1e6)
                errors += load.errors
                if script is small:
                    rates.append(load.per_s)
        rate = statistics.median(rates)
        for _ in range(arguments.runs):
            per_s = min(rate / 2, arguments.most_per_s)
            through = evenly(one.port, one.headers, per_s, arguments.seconds)
            alone = evenly(arguments.engine, {}, per_s, arguments.seconds)
            latencies.append(np.percentile(through, [50, 99]) - np.percentile(alone, [50, 99]))
        p50, p99 = np.median(latencies, axis=0)
        return {
            "gateway": one.name,
            "policy": one.policy,
            "CPU µs a request": round(statistics.median(costs[small]), 1),
            "of 94 kB": round(statistics.median(costs[large]), 1),
            "requests/s": round(rate),
            "at requests/s": round(per_s),
            "added P50 ms": round(float(p50), 2),
            "added P99 ms": round(float(p99), 2),
            "memory MB": round(memory_mb(pid)),
            "errors": errors,
        }


def flat(one: Contender, folder: Path, requests: int) -> list[dict[str, object]]:
    """Return the memory of a gateway after each tenth of so many requests."""
    log, rows, done = folder / "log", [], 0
    small = bodies(folder, "small", one.headers)
    with running(one.command, log, one.environment) as pid:
        wait_for(one.port, one.headers, log)
        while done < requests:
            begin = done
            while done < begin + requests / 10:
                done += wrk(one.port, small, 10).requests
            rows.append({"requests": done, "memory MB": round(memory_mb(pid), 1)})
            print(rows[-1], flush=True)
    return rows


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--vllm-router", help="its command")
    parser.add_argument("--litellm", help="its command")
    parser.add_argument("--most-per-s", type=float, default=1500, help="where latency is measured")
    parser.add_argument("--only", default="", help="a part of the names to run")
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--flat", type=int, default=0, help="requests over which memory is watched")
    arguments = parser.parse_args()
    for tool in ("nginx", "wrk"):
        if shutil.which(tool) is None:
            raise SystemExit(f"{tool} is not installed")
    engines = free_ports(2)
    arguments.engine = engines[0]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with running(nginx(folder, engines), folder / "nginx.log"):
            wait_for(engines[0], {}, folder / "nginx.log")
            rows = []
            for one in contenders(folder, engines, arguments):
                if arguments.only in f"{one.name} {one.policy}":
                    rows.append(measured(one, folder, arguments))
                    print(rows[-1], flush=True)
            if rows:
                keep("gateway", "What a gateway costs (measured)", rows, **machine())
            if arguments.flat:
                prefix = [c for c in contenders(folder, engines, arguments) if "prefix" in c.policy]
                keep(
                    "gateway_memory",
                    "Memory of the gateway over a million requests (measured)",
                    flat(prefix[0], folder, arguments.flat),
                    **machine(),
                )


if __name__ == "__main__":
    main()
