"""A gateway and engines as processes of their own, and clients that check each word.

What the benchmarks of faults share. The gateway's process listens to commands on its standard
input, one JSON array a line, and answers each with a line.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import uvloop
import yaml
from gateway_load import free_ports, memory_mb

from headway.serving.engine_server.lengths import answer_text
from headway.serving.engine_server.tokens import encode
from headway.serving.gateway.gateway import Gateway, running
from headway.serving.gateway.site import Site
from headway.serving.wire import Pool, UpstreamError


class Engine:
    """A ``headway engine`` process at a port that stays."""

    def __init__(self, file: Path, number: int, port: int, more: Sequence[str] = ()) -> None:
        self.number = number
        self.port = port
        self._command = [
            *(sys.executable, "-m", "headway", "engine", str(file)),
            *("--port", str(port), *more),
        ]
        self._process: subprocess.Popen[bytes] | None = None

    def serve(self, model: str) -> None:
        """Have another model served from the next start on."""
        self._command[-1] = model

    def start(self) -> None:
        self._process = subprocess.Popen(
            self._command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )

    def wait(self) -> None:
        """Wait until it listens."""
        assert self._process is not None
        assert self._process.stdout is not None
        if not self._process.stdout.readline():
            raise SystemExit(f"the engine at port {self.port} does not start")

    def signal(self, number: int) -> None:
        assert self._process is not None
        self._process.send_signal(number)

    async def end(self, number: int) -> None:
        """Signal it, and wait until it has ended."""
        assert self._process is not None
        self._process.send_signal(number)
        await asyncio.to_thread(self._process.wait)
        if self._process.stdout is not None:
            self._process.stdout.close()

    async def begin(self) -> None:
        self.start()
        await asyncio.to_thread(self.wait)

    async def fault(self, told: Mapping[str, object] | None) -> None:
        """Have something go wrong, or nothing any more."""
        pool = Pool("127.0.0.1", self.port)
        method = b"DELETE" if told is None else b"PUT"
        answer = await pool.send(method, b"/faults", (), json.dumps(told).encode())
        await answer.read()
        pool.close()

    def kill(self) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGCONT)
            self._process.kill()
            self._process.wait()


class Steered:
    """A gateway's process, told what to do."""

    def __init__(self, file: Path, log: Path) -> None:
        self._log = log.open("wb")
        self._turn = threading.Lock()  # who gives up waiting for a line leaves it to be read
        self._process = subprocess.Popen(
            [sys.executable, __file__, str(file)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            text=True,
        )
        line = self._line()
        self.address = (str(line[0]), int(line[1]))

    def _line(self) -> Any:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise SystemExit(f"the gateway has ended:\n{Path(self._log.name).read_text()[-3000:]}")
        return json.loads(line)

    def _tell(self, *command: object) -> Any:
        assert self._process.stdin is not None
        with self._turn:
            self._process.stdin.write(json.dumps(command) + "\n")
            self._process.stdin.flush()
            return self._line()

    async def tell(self, *command: object) -> Any:
        return await asyncio.to_thread(self._tell, *command)

    def memory_mb(self) -> float:
        return memory_mb(self._process.pid)

    def files(self) -> int:
        return len(os.listdir(f"/proc/{self._process.pid}/fd"))  # noqa: PTH208

    def close(self) -> None:
        with suppress(OSError):
            self._process.terminate()
        self._process.wait()
        self._log.close()


@contextmanager
def world(
    folder: Path, engines: int, step_s: float, **serve: object
) -> Iterator[tuple[Steered, list[Engine]]]:
    """Give a gateway before simulated engines whose steps take so long."""
    ports = free_ports(engines)
    file = folder / "fleet.yaml"
    kind = {
        "name": "e",
        "count": engines,
        "engine": {"blocks": 16384, "block_tokens": 16, "max_sequences": 512},
        "step_time": {"affine": {"constant_s": step_s}},
    }
    urls = [f"http://127.0.0.1:{port}" for port in ports]
    section = {
        "listen": "127.0.0.1:0",
        "admin": None,
        "engines": {"e": {"kind": "vllm", "urls": urls}},
        **serve,
    }
    file.write_text(
        yaml.safe_dump(
            {"kind": "fleet", "engines": [kind], "policies": ["least-request"], "serve": section}
        )
    )
    there = [
        Engine(file, number, port, ("--served-model-name", "m"))
        for number, port in enumerate(ports)
    ]
    gateway = None
    try:
        for one in there:
            one.start()
        for one in there:
            one.wait()
        gateway = Steered(file, folder / "gateway.log")
        yield gateway, there
    finally:
        if gateway is not None:
            gateway.close()
        for one in there:
            one.kill()


@dataclass
class Got:
    """What came of a request.

    Attributes
    ----------
    kind
        ``"whole"``; ``"refused"`` before the first byte; ``"broken"`` after it, told by an event;
        ``"cut"`` after it, untold; ``"lost"``: cut before it; ``"wrong"``: other words.
    """

    kind: str = "lost"
    status: int = 0
    engine: str = ""
    tries: int = 0
    resumed: int = 0
    begun_s: float = 0.0
    first_s: float = 0.0
    end_s: float = 0.0
    longest_s: float = 0.0
    connects: int = 0
    whole: bool = False
    told: str = ""


_TEXT = re.compile(rb'"text":"((?:[^"\\]|\\.)*)"')


async def stream(
    pool: Pool,
    prompt: str,
    tokens: int,
    headers: Sequence[tuple[bytes, bytes]] = (),
    *,
    whole: bool = False,
) -> Got:
    """Ask for so many tokens, as a stream or whole, and check each word.

    If the gateway cannot be connected to, it is tried again.
    """
    got = Got(begun_s=time.monotonic(), whole=whole)
    body = json.dumps({"model": "m", "prompt": prompt, "max_tokens": tokens, "stream": not whole})
    lines = [(b"content-type", b"application/json"), *headers]
    while True:
        try:
            answer = await pool.send(b"POST", b"/v1/completions", lines, body.encode())
            break
        except UpstreamError as error:
            if error.reached or got.connects >= 100:
                got.end_s, got.told = time.monotonic(), str(error)
                return got
            got.connects += 1
            await asyncio.sleep(0.05)
    got.status = answer.status
    got.engine = (answer.header(b"x-headway-engine") or b"").decode()
    got.tries = int(answer.header(b"x-headway-tries") or b"0")
    raw, last_s = bytearray(), 0.0
    try:
        async for piece in answer.pieces():
            now_s = time.monotonic()
            got.first_s = got.first_s or now_s
            got.longest_s = max(got.longest_s, now_s - last_s if last_s else 0.0)
            last_s = now_s
            raw += piece
        ended = True
    except UpstreamError as error:
        ended, got.told = False, str(error)
    got.end_s = time.monotonic()
    got.resumed = raw.count(b": x-headway-resumed")
    _judge(got, bytes(raw), prompt, tokens, ended=ended, whole=whole)
    return got


def is_right(text: bytes, prompt: str, tokens: int, resumed: int) -> bool:
    """Return whether a text is the beginning of what engines say that went on so often."""
    expected = answer_text(encode(prompt), 0, None, tokens)
    if expected.startswith(text):
        return True
    if not resumed:
        return False
    # Each engine goes on from the prompt and what was said; where, is where words differ, or a
    # little before, as words may be the same by chance.
    same = next(at for at in range(0, len(text), 4) if text[at : at + 4] != expected[at : at + 4])
    return any(
        is_right(text[at:], prompt + text[:at].decode(), tokens - at // 4, resumed - 1)
        for at in range(same, max(same - 16, -1), -4)
    )


def _judge(got: Got, raw: bytes, prompt: str, tokens: int, *, ended: bool, whole: bool) -> None:
    if got.status != 200:
        got.kind, got.told = ("refused" if ended else "lost"), raw.decode(errors="replace")
        return
    text = b"".join(_TEXT.findall(raw))
    if not is_right(text, prompt, tokens, got.resumed):
        got.kind, got.told = "wrong", raw.decode(errors="replace")[-600:]
    elif ended and (whole or raw.endswith(b"data: [DONE]\n\n")):
        got.kind = "whole" if len(text) == 4 * tokens else "wrong"
    elif ended and b'"error"' in raw:
        got.kind, got.told = "broken", raw.rpartition(b"data: ")[2].decode()
    else:
        got.kind = "cut" if text else "lost"


async def _steer(file: Path) -> None:
    """Be the gateway's process."""
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    async with running(Site.read(file)) as (gateway, host, port):
        print(json.dumps([host, port]), flush=True)
        doing: set[asyncio.Task[None]] = set()
        while line := await reader.readline():
            name, *given = json.loads(line)
            if name == "drain":
                task = loop.create_task(gateway.lookout.drain(given[0], given[1]))
                doing.add(task)
                task.add_done_callback(doing.discard)
                print("0", flush=True)
            elif name == "undrain":
                gateway.lookout.resume(given[0])
                print("0", flush=True)
            else:
                print(json.dumps(_look(gateway)), flush=True)


def _look(gateway: Gateway) -> dict[str, Any]:
    board = gateway.board
    return {
        "in_flight": board.total(0).tolist(),
        "queued": board.total(1).tolist(),
        "held": int(board.held.sum()),
        "tickets": len(gateway.tickets),
        "ready": gateway.sight.ready(time.monotonic()).tolist(),
        "tasks": len(asyncio.all_tasks()),
        "counters": board.counters.sum(axis=(0, 2)).tolist(),
        "refusals": board.refusals.sum(axis=0).tolist(),
    }


async def until(holds: Callable[[Any], bool], gateway: Steered, within_s: float = 60.0) -> float:
    """Return how long it takes until what the gateway says of itself is as it should be."""
    begin_s = time.monotonic()
    while not holds(await gateway.tell("look")):
        if time.monotonic() - begin_s > within_s:
            return float("nan")
        await asyncio.sleep(0.05)
    return time.monotonic() - begin_s


if __name__ == "__main__":
    uvloop.run(_steer(Path(sys.argv[1])))
