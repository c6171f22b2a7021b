"""Processes that are killed: an engine under load, and a worker of the gateway."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from headway.serving.gateway.gateway import running
from headway.serving.wire import Pool
from tests.serving.gateway.fakes import counts, site
from tests.serving.gateway.faults.clients import ask, many
from tests.serving.gateway.faults.sockets import RawEngine
from tests.serving.gateway.faults.worlds import PATIENT, WATCHED, kinds, run, until

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="processes are killed otherwise")


@contextmanager
def command(*words: str) -> Iterator[Callable[[], tuple[int, str]]]:
    """Give what starts a command, and returns its process and the first line it says."""
    started: list[subprocess.Popen[str]] = []

    def start() -> tuple[int, str]:
        process = subprocess.Popen(
            [sys.executable, "-m", "headway", *words], stdout=subprocess.PIPE, text=True
        )
        started.append(process)
        assert process.stdout is not None
        return process.pid, process.stdout.readline()

    try:
        yield start
    finally:
        for process in started:
            process.send_signal(signal.SIGCONT)
            process.terminate()
            process.wait(30)
            assert process.stdout is not None
            process.stdout.close()


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSTOP])
def test_an_engine_that_is_killed_or_stopped_loses_only_what_it_had_begun(
    tmp_path: Path, number: signal.Signals
) -> None:
    file = tmp_path / "engine.yaml"
    file.write_text(
        "kind: fleet\nengines: [{name: a, engine: {blocks: 4000},"
        " step_time: {affine: {constant_s: 0.01}}}]\n"
    )
    with command("engine", str(file), "--port", "0", "--served-model-name", "m") as start:
        pid, said = start()
        url = re.split(" at ", said.strip())[1]

        async def job() -> None:
            good = RawEngine()
            await good.start()
            place = site([url, good.url], serve={**PATIENT, **WATCHED})
            async with running(place) as (gateway, host, port):
                await until(lambda: bool(gateway.sight.ready(gateway._clock()).all()))
                asked = [asyncio.create_task(_ask(host, port, n)) for n in range(40)]
                await asyncio.sleep(0.1)
                os.kill(pid, number)
                await until(lambda: not gateway.board.engine("healthy")[0], 10)
                asked += [asyncio.create_task(_ask(host, port, n)) for n in range(40, 50)]
                for status, body in await asyncio.gather(*asked):
                    assert status == 200
                    assert body.endswith(b"data: [DONE]\n\n") or b'"error"' in body
                assert not any(counts(gateway))
            await good.kill()

        run(job(), 60)


async def _ask(host: str, port: int, number: int) -> tuple[int, bytes]:
    pool = Pool(host, port)
    body = b'{"model": "m", "prompt": "r%d", "stream": true, "max_tokens": 30}' % number
    answer = await pool.send(b"POST", b"/v1/completions", (), body)
    found = answer.status, await answer.read()
    pool.close()
    return found


def _children(pid: int) -> Sequence[int]:
    found = subprocess.run(
        ["ps", "-o", "pid=", "--ppid", str(pid)], capture_output=True, text=True, check=False
    )
    return sorted(int(one) for one in found.stdout.split())


def test_a_worker_that_is_killed_takes_its_own_requests_with_it_and_no_others(
    tmp_path: Path,
) -> None:
    async def job() -> None:
        engines = [RawEngine(words=8, pace_s=0.05), RawEngine(words=8, pace_s=0.05)]
        for one in engines:
            await one.start()
        file = tmp_path / "fleet.yaml"
        urls = ", ".join(one.url for one in engines)
        file.write_text(
            "kind: fleet\nengines: [{name: a, count: 2, engine: {blocks: 4000},"
            " step_time: {affine: {constant_s: 0.01}}}]\nserve:\n"
            "  {listen: 127.0.0.1:0, admin: null, public_metrics: true, workers: 2, grace_s: 1,\n"
            f"   engines: {{a: {{kind: vllm, urls: [{urls}]}}}}}}\n"
        )
        with command("serve", str(file)) as start:
            pid, line = await asyncio.to_thread(start)
            match = re.search(r"ready at http://([\d.]+):(\d+)", line)
            assert match, line
            address = match[1], int(match[2])
            while (await ask(address, stream=True, words=8)).kind != "whole":
                await asyncio.sleep(0.05)  # health is not known yet
            workers = await asyncio.to_thread(_children, pid)
            assert len(workers) == 2
            load = asyncio.create_task(many(address, 40, over_s=0.1, words=8))
            await asyncio.sleep(0.25)
            os.kill(workers[0], signal.SIGKILL)
            outcomes = await load
            assert set(kinds(outcomes)) <= {"whole", "cut"}
            assert kinds(outcomes)["whole"] > 0, "the other worker's requests go on"
            # Connections that the dead one had taken over are gone; new ones are served.
            async with asyncio.timeout(10):
                while len(await asyncio.to_thread(_children, pid)) < 2:
                    await asyncio.sleep(0.05)
                while kinds(await many(address, 10, over_s=0.01, words=8)) != {"whole": 10}:
                    pass
            await until(lambda: not any(one.open for one in engines))
            assert await _in_flight(address) == 0
        for one in engines:
            await one.kill()

    run(job(), 60)


async def _in_flight(address: tuple[str, int]) -> float:
    pool = Pool(*address)
    page = await (await pool.send(b"GET", b"/metrics")).read()
    pool.close()
    found = re.findall(rb"^headway_in_flight(?:\{[^}]*\})? ([\d.]+)$", page, re.MULTILINE)
    assert found, page[:2000]
    return sum(map(float, found))
