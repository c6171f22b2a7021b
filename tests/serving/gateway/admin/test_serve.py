"""`headway serve` with an admin app: one process or several, and who may come from where."""

from __future__ import annotations

import json
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import msgspec
import pytest

from headway.errors import ConfigError
from headway.serving.fleet.document import FleetFile
from headway.serving.gateway.serve import admin_access
from headway.serving.gateway.site import Site

ENGINES = [
    {
        "name": "a",
        "count": 2,
        "engine": {"blocks": 4000},
        "step_time": {"affine": {"constant_s": 0.002}},
    }
]


def site(**serve: object) -> Site:
    file = {"kind": "fleet", "engines": ENGINES, "serve": serve}
    return Site.of(msgspec.convert(file, FleetFile), Path("fleet.yaml"))


def ask(url: str, token: str, body: dict | None = None) -> dict:
    raw = None if body is None else json.dumps(body).encode()
    asked = urllib.request.Request(url, raw, {"authorization": f"Bearer {token}"})
    with urllib.request.urlopen(asked, timeout=20) as answer:
        return json.load(answer)


@pytest.mark.skipif(sys.platform == "win32", reason="forks")
@pytest.mark.parametrize("workers", [1, 2])
def test_operators_look_after_all_workers_at_once(tmp_path: Path, workers: int) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    serve = {"listen": "127.0.0.1:0", "admin": f"127.0.0.1:{port}", "workers": workers}
    serve |= {"grace_s": 1, "accounts": {"store": "x.db", "bounds": {"acme": {"in_flight": 3}}}}
    path = tmp_path / "fleet.yaml"
    path.write_text(json.dumps({"kind": "fleet", "engines": ENGINES, "serve": serve}))
    process = subprocess.Popen(
        [sys.executable, "-m", "headway", "serve", str(path)], stdout=subprocess.PIPE, text=True
    )
    try:
        lines = [process.stdout.readline() for _ in range(2)]
        url, token = re.search(r"page at (http\S+)/ui#token=(\S+)", lines[1]).groups()
        with pytest.raises(urllib.error.HTTPError, match="401"):
            ask(f"{url}/admin/state", "a-token-of-nobody")
        until_s = time.monotonic() + 30
        while True:
            told = ask(f"{url}/admin/state", token)
            if told["tenants"] and all(one["models"] for one in told["engines"]):
                break
            assert time.monotonic() < until_s, told
            time.sleep(0.1)
        assert told["workers"] == workers
        assert told["tenants"][0]["owner"] == "acme"
        ask(f"{url}/admin/engines/a-0/drain", token, {})
        engines = ask(f"{url}/admin/state", token)["engines"]
        assert [one["state"] for one in engines] == ["draining", "serving"]
        with urllib.request.urlopen(f"{url}/metrics", timeout=20) as answer:
            assert b'headway_engine_draining{engine="a-0",kind="a"} 1.0' in answer.read()
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)
        process.stdout.close()
    assert process.returncode == 0


def test_other_machines_may_come_only_with_a_token_that_was_configured(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for address in ("0.0.0.0:8001", "10.0.0.7:8001", "[::]:8001", "gateway.example:8001"):
        with pytest.raises(ConfigError, match=r"serve\.admin: .* other machines"):
            admin_access(site(admin=address))
    monkeypatch.setenv("TOKEN", "a-token-of-operators")
    access = admin_access(site(admin="0.0.0.0:8001", admin_token_env="TOKEN"))
    assert access.made is None
    for address in ("127.0.0.1:1", "localhost:1", "[::1]:1"):
        assert admin_access(site(admin=address)).made is not None
