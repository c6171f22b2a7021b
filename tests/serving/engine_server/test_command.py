"""The command: what it says, what it refuses, and how it ends."""

from __future__ import annotations

import json
import re
import signal
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from headway.errors import ConfigError, UnknownNameError
from headway.serving.engine_server import described, flagged

EXAMPLES = Path(__file__).parents[3] / "examples"
COMMAND = [sys.executable, "-m", "headway", "engine"]


def ask(url: str, body: object = None) -> dict[str, object]:
    data = None if body is None else json.dumps(body).encode()
    with urllib.request.urlopen(url, data, timeout=30) as answer:
        found: dict[str, object] = json.load(answer)
        return found


def test_two_engines_serve_until_they_are_told_to_end() -> None:
    given = ["examples/fleet.yaml", "--kind", "h100", "--count", "2", "--port", "0"]
    with subprocess.Popen(
        [*COMMAND, *given, "--lora", "own", "--speed", "50"],
        cwd=EXAMPLES.parent,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        try:
            urls = [re.split(" at ", process.stdout.readline().strip())[1] for _ in range(2)]
            for url in urls:
                cards = ask(f"{url}/v1/models")["data"]
                assert [card["id"] for card in cards] == ["llama-3.1-8b", "own"]  # type: ignore[attr-defined]
                said = ask(f"{url}/v1/completions", {"prompt": "abc", "max_tokens": 3})
                assert said["usage"]["completion_tokens"] == 3  # type: ignore[index]
            process.send_signal(signal.SIGTERM)
            assert process.wait(20) == 0
        finally:
            process.kill()


@pytest.mark.skipif(sys.platform == "win32", reason="there are no such pipes")
def test_engines_end_with_who_has_started_them() -> None:
    with subprocess.Popen(
        [*COMMAND, "examples/fleet.yaml", "--port", "0", "--lifeline"],
        cwd=EXAMPLES.parent,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            assert b" at http://" in process.stdout.readline()
            process.stdin.close()
            assert process.wait(30) == 0
        finally:
            process.kill()


@pytest.mark.parametrize(
    ("given", "word"),
    [
        ([], "expected a file"),
        (["--model", "llama-3.1-8b"], "--gpu"),
        (["--model", "none", "--gpu", "l40s"], "none"),
        (["--model", "llama-3.1-8b", "--gpu", "l40s", "--speed", "0"], "speed"),
        (["--model", "llama-3.1-8b", "--gpu", "l40s", "--output", "often"], "often"),
        (["--model", "llama-3.1-8b", "--gpu", "l40s", "--faults", "{"], "faults"),
        (["--model", "llama-3.1-8b", "--gpu", "l40s", "--kv-events", "there"], "kv events"),
        ([str(EXAMPLES / "fleet.yaml"), "--kind", "b200"], "b200"),
        ([str(EXAMPLES / "engine.yaml"), "--kind", "b200"], "one engine"),
        ([str(EXAMPLES / "floor.yaml")], "floor.yaml"),
        (["nowhere.yaml"], "nowhere.yaml"),
    ],
)
def test_what_cannot_be_is_refused(
    given: list[str], word: str, capsys: pytest.CaptureFixture[str]
) -> None:
    from headway.cli import main

    with pytest.raises(SystemExit) as ended:
        main(["engine", *given])
    assert ended.value.code == 2
    said = capsys.readouterr().err
    assert said.startswith("headway: ")
    assert said.count("\n") == 1
    assert word in said


def test_an_engine_means_the_same_in_all_files() -> None:
    one = described(EXAMPLES / "engine.yaml")
    of_fleet = described(EXAMPLES / "fleet.yaml")
    assert one.config == of_fleet.config
    flags = flagged("llama-3.1-8b", "l40s", engine={"max_model_tokens": 16384})
    assert flags.config == one.config
    assert one.model == of_fleet.model == "llama-3.1-8b"
    assert one.max_tokens == 16384
    with pytest.raises(UnknownNameError):
        described(EXAMPLES / "fleet.yaml", "b200")


def test_a_policy_of_ones_own_is_refused(tmp_path: Path) -> None:
    text = (EXAMPLES / "fleet.yaml").read_text().replace("count: 2", "count: 2, policy: sjf")
    path = tmp_path / "fleet.yaml"
    path.write_text(text.replace("    count: 2, policy: sjf", "    count: 2\n    policy: sjf"))
    with pytest.raises(ConfigError, match="policy"):
        described(path)


def test_a_port_that_is_taken_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    from headway.cli import main

    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(SystemExit) as ended:
            main(["engine", str(EXAMPLES / "engine.yaml"), "--port", str(port)])
    assert ended.value.code == 2
    assert f"127.0.0.1:{port}" in capsys.readouterr().err
