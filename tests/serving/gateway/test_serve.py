"""The processes that serve: ports shared, the dead replaced, answers ended, engines simulated."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import ssl
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
import trustme

from headway.errors import EndpointError
from headway.serving.gateway.simulated import SimulatedEngines
from tests.serving.gateway.fakes import site

ENGINES = (
    "engines: [{name: a, count: 2, engine: {blocks: 4000},"
    " step_time: {affine: {constant_s: 0.002}}}]"
)


@contextmanager
def serving(
    folder: Path, serve: str, file: str = ENGINES
) -> Iterator[tuple[str, subprocess.Popen]]:
    """Give the address of a gateway in processes of its own."""
    path = folder / "fleet.yaml"
    path.write_text(f"kind: fleet\n{file}\nserve: {{listen: 127.0.0.1:0, admin: null, {serve}}}\n")
    process = subprocess.Popen(
        [sys.executable, "-m", "headway", "serve", str(path)], stdout=subprocess.PIPE, text=True
    )
    try:
        line = process.stdout.readline()
        match = re.search(r"ready at (https?://\S+)", line)
        assert match, line
        yield match[1], process
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)
        process.stdout.close()


def ask(url: str, tls: ssl.SSLContext | None = None) -> tuple[int, dict]:
    told = json.dumps({"model": "a", "prompt": "hello", "max_tokens": 3}).encode()
    asked = urllib.request.Request(
        f"{url}/v1/completions", told, {"content-type": "application/json"}
    )
    with urllib.request.urlopen(asked, timeout=20, context=tls) as answer:
        return answer.status, json.load(answer)


def children(pid: int) -> list[int]:
    found = subprocess.run(["ps", "-o", "pid=", "--ppid", str(pid)], capture_output=True, text=True)
    return [int(one) for one in found.stdout.split()]


@pytest.mark.skipif(sys.platform != "linux", reason="forks, and looks for children")
def test_workers_share_a_port_and_are_replaced_and_engines_are_simulated(tmp_path: Path) -> None:
    with serving(tmp_path, "workers: 2, grace_s: 1") as (url, process):
        assert ask(url)[0] == 200
        known = set(children(process.pid))
        workers = [
            pid
            for pid in known
            if b"engine" not in Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
        ]
        assert len(workers) == 2
        os.kill(workers[0], signal.SIGKILL)
        until_s = time.monotonic() + 20
        while len(set(children(process.pid)) - known) < 1:
            assert time.monotonic() < until_s
            time.sleep(0.05)
        for _ in range(8):
            status, told = ask(url)
            assert status == 200
            assert told["usage"]["completion_tokens"] == 3
    assert process.returncode == 0
    assert not any(Path(f"/proc/{pid}").exists() for pid in known)


def test_a_port_that_is_taken_is_refused_in_one_line(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        path = tmp_path / "fleet.yaml"
        serve = f"{{listen: '127.0.0.1:{port}', engines: {{a: {{urls: ['http://127.0.0.1:1']}}}}}}"
        path.write_text(f"kind: fleet\n{ENGINES}\nserve: {serve}\n")
        command = [sys.executable, "-m", "headway", "serve", str(path)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert "serve.listen" in done.stderr


def test_clients_come_by_https_if_there_is_a_certificate(tmp_path: Path) -> None:
    authority = trustme.CA()
    issued = authority.issue_cert("127.0.0.1")
    issued.private_key_pem.write_to_path(tmp_path / "key.pem")
    issued.cert_chain_pems[0].write_to_path(tmp_path / "chain.pem")
    trusting = ssl.create_default_context()
    authority.configure_trust(trusting)
    tls = "tls: {certificate: chain.pem, key: key.pem}"
    with serving(tmp_path, f"{tls}, grace_s: 1") as (url, _):
        assert url.startswith("https://")
        assert ask(url, trusting)[0] == 200
        with pytest.raises(urllib.error.URLError, match="certificate"):
            ask(url, ssl.create_default_context())


def test_certificates_that_cannot_be_read_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "fleet.yaml"
    serve = "{tls: {certificate: no.pem, key: no.pem}, engines: {a: {urls: ['http://x:1']}}}"
    path.write_text(f"kind: fleet\n{ENGINES}\nserve: {serve}\n")
    command = [sys.executable, "-m", "headway", "serve", str(path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 2
    assert "serve.tls" in done.stderr


def test_engines_that_do_not_start_are_told_with_their_last_words(tmp_path: Path) -> None:
    engines = SimulatedEngines(replace(site([]), path=tmp_path / "none.yaml"))
    with engines, pytest.raises(EndpointError, match=r"engines 'a' did not start: .*none.yaml"):
        engines.start()
