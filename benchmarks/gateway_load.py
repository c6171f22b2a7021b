"""Programs started and stopped, loaded and watched: what benchmarks of gateways share."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import re
import signal
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import uvloop

from headway.serving.wire import Pool

SMALL = "session %05d: what will the weather be like in the town with number %07d tomorrow?"
TURN = "step: " + "the tool has answered with some lines of text and a number or two. " * 34


def free_ports(count: int) -> list[int]:
    """Return ports that nobody listens at."""
    sockets = [socket.socket() for _ in range(count)]
    for one in sockets:
        one.bind(("127.0.0.1", 0))
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


@contextlib.contextmanager
def running(
    command: Sequence[str], log: Path, environment: dict[str, str] | None = None
) -> Iterator[int]:
    """Run a program, and stop it and its children."""
    with log.open("wb") as out:
        process = subprocess.Popen(
            command,
            stdout=out,
            stderr=subprocess.STDOUT,
            env={**os.environ, **(environment or {})},
            start_new_session=True,
        )
    try:
        yield process.pid
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def wait_for(
    port: int, headers: Mapping[str, str], log: Path, *, model: str = "m", seconds: float = 90
) -> None:
    """Wait until a gateway answers a request."""
    body = json.dumps({"model": model, "messages": [{"role": "user", "content": "hi"}]}).encode()
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}/v1/chat/completions",
        body,
        {"content-type": "application/json", **headers},
    )
    until = time.monotonic() + seconds
    while True:
        try:
            with urllib.request.urlopen(request, timeout=5) as answer:
                if answer.status == 200:
                    return
        except OSError:
            if time.monotonic() > until:
                raise SystemExit(
                    f"port {port} does not answer:\n{log.read_text()[-2000:]}"
                ) from None
        time.sleep(0.3)


def family(pid: int) -> list[int]:
    """Return a process and all below it."""
    found = [pid]
    for one in found:
        for task in Path(f"/proc/{one}/task").glob("*/children"):
            with contextlib.suppress(OSError):
                found += [int(child) for child in task.read_text().split()]
    return found


def cpu_s(pid: int) -> float:
    """Return the CPU time of a process and all below it."""
    ticks = 0
    for one in family(pid):
        with contextlib.suppress(OSError):
            fields = Path(f"/proc/{one}/stat").read_text().rpartition(")")[2].split()
            ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def memory_mb(pid: int) -> float:
    """Return the resident memory of a process and all below it."""
    total = 0
    for one in family(pid):
        with contextlib.suppress(OSError):
            found = re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{one}/status").read_text())
            total += int(found[1]) if found else 0
    return total / 1024


_REQUESTS = """
local n = 0
local head = '{"model":"m","max_tokens":16,"messages":'
local headers = {["content-type"] = "application/json"%(headers)s}
%(setup)s
request = function()
  n = n + 1
  return wrk.format("POST", "/v1/chat/completions", headers, head .. %(messages)s .. '}')
end
"""

_ONE = """string.format('[{"role":"user","content":"%s"}]', n %% 512, n)"""

_PASTS = """
local past = {}
for s = 0, 63 do
  local t = {}
  for k = 1, 39 do
    t[k] = string.format('{"role":"user","content":"session %%d message %%d %s"}', s, k)
  end
  past[s] = table.concat(t, ',')
end
"""

_NEXT = """'[' .. past[n %% 64] .. string.format(',{"role":"user","content":"go on %d"}]', n)"""


def bodies(folder: Path, size: str, headers: Mapping[str, str]) -> Path:
    """Write the script that makes wrk's requests.

    Small ones are of 512 sessions; large ones go on with one of 64 conversations of 40 messages by
    their last message.
    """
    small = size == "small"
    script = folder / f"{size}.lua"
    script.write_text(
        _REQUESTS
        % {
            "headers": "".join(f', ["{name}"] = "{value}"' for name, value in headers.items()),
            "setup": "" if small else _PASTS % TURN,
            "messages": _ONE % SMALL if small else _NEXT.replace("%%", "%"),
        }
    )
    return script


@dataclass(frozen=True)
class Load:
    """What wrk saw."""

    per_s: float
    p50_ms: float
    p99_ms: float
    requests: int
    errors: int


def wrk(port: int, script: Path, seconds: float, connections: int = 64) -> Load:
    """Load a port."""
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds:g}s", "--latency", "-s", str(script)]
    out = subprocess.run(
        [*command, f"http://127.0.0.1:{port}"], capture_output=True, text=True, check=True
    ).stdout
    units = {"us": 1e-3, "ms": 1.0, "s": 1e3}

    def latency(share: str) -> float:
        found = re.search(rf"{share}%\s+([\d.]+)(us|ms|s)", out)
        return float(found[1]) * units[found[2]] if found else float("nan")

    errors = re.search(r"Non-2xx or 3xx responses: (\d+)", out)
    broken = re.search(r"connect (\d+), read (\d+), write (\d+), timeout (\d+)", out)
    requests = re.search(r"(\d+) requests in", out)
    per_s = re.search(r"Requests/sec:\s+([\d.]+)", out)
    assert requests is not None, out
    assert per_s is not None, out
    failed = int(errors[1]) if errors else 0
    failed += sum(map(int, broken.groups())) if broken else 0
    return Load(float(per_s[1]), latency("50"), latency("99"), int(requests[1]), failed)


def evenly(port: int, headers: dict[str, str], per_s: float, seconds: float) -> np.ndarray:
    """Return latencies in ms of small requests sent at even times."""

    async def job() -> np.ndarray:
        pool = Pool("127.0.0.1", port, idle=4096)
        sent = [(b"content-type", b"application/json")]
        sent += [(name.encode(), value.encode()) for name, value in headers.items()]
        loop, found, tasks = asyncio.get_running_loop(), [], set()

        async def one(number: int) -> None:
            content = SMALL % (number % 512, number)
            body = json.dumps({"model": "m", "messages": [{"role": "user", "content": content}]})
            begin_s = time.perf_counter()
            await (await pool.send(b"POST", b"/v1/chat/completions", sent, body.encode())).read()
            found.append((time.perf_counter() - begin_s) * 1e3)

        start_s = time.perf_counter()
        for number in range(int(per_s * seconds)):
            await asyncio.sleep(max(start_s + number / per_s - time.perf_counter(), 0))
            task = loop.create_task(one(number))
            tasks.add(task)
            task.add_done_callback(tasks.discard)
        await asyncio.gather(*tasks)
        pool.close()
        return np.array(found[len(found) // 10 :])

    return uvloop.run(job())
