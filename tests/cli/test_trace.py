"""`headway trace`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from headway.instances import remote

TRACES = Path(__file__).parents[1] / "data" / "traces"


@pytest.fixture(autouse=True)
def no_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEADWAY_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


def test_info_tells_what_is_in_a_trace(run) -> None:
    done = run("trace", "info", TRACES / "mooncake_conversation.jsonl")
    assert done.status == 0
    lines = done.out.splitlines()
    assert lines[0] == "mooncake_conversation: 80 requests in 27 s"
    assert lines[2].split()[:4] == ["tokens", "mean", "p50", "p90"]
    assert "2,024 blocks of 512 tokens, 1,945 of them distinct" in done.out
    assert "finds 3.90% of the blocks" in done.out


def test_info_tells_classes_sessions_limits_and_adapters(run) -> None:
    out = run("trace", "info", TRACES / "headway.jsonl").out
    assert "paid: 1 request, prompt 20, output 4 tokens" in out
    assert "1 session, 1 requests in the mean" in out
    assert "33.3% of the requests ask" in out
    assert "2, used by 2 requests" in out
    assert "all at once" in run("trace", "info", TRACES / "lengths.json").out


def test_info_draws_and_speaks_json(run, tmp_path: Path) -> None:
    done = run("trace", "info", TRACES / "azure_2023_conv.csv", "--json", "--plot", "a.png")
    document = json.loads(done.out)
    assert document["n"] == 40
    assert document["prompt"]["max"] >= document["prompt"]["p99"]
    assert (tmp_path / "a.png").read_bytes().startswith(b"\x89PNG")


def test_spreading_takes_bursts_out_and_a_seed_repeats_it(run) -> None:
    def burstiness(*options: object) -> float:
        out = run("trace", "info", TRACES / "mooncake_conversation.jsonl", "--json", *options).out
        return json.loads(out)["gap_cv"]

    bursts = burstiness()
    spread = burstiness("--spread", 3, "--seed", 4)
    assert spread < 0.5 * bursts
    assert spread == burstiness("--spread", 3, "--seed", 4) != burstiness("--spread", 3)


def test_a_converted_trace_says_the_same(run, tmp_path: Path) -> None:
    source = TRACES / "burstgpt.csv"
    assert run("trace", "convert", source, "burstgpt.jsonl.gz").status == 0
    before = run("trace", "info", source, "--json").out
    assert run("trace", "info", tmp_path / "burstgpt.jsonl.gz", "--json").out == before


def test_traffic_is_made_from_a_description(run, tmp_path: Path) -> None:
    text = "requests: 30\narrivals: poisson(5)\nprompt_tokens: 9\noutput_tokens: 4\n"
    (tmp_path / "a.yaml").write_text(text)
    (tmp_path / "b.yaml").write_text("synthetic:\n  " + text.replace("\n", "\n  "))
    assert run("trace", "make", "a.yaml", "a.jsonl").status == 0
    assert run("trace", "make", "b.yaml", "b.jsonl", "--seed", 0).status == 0
    assert (tmp_path / "a.jsonl").read_bytes() == (tmp_path / "b.jsonl").read_bytes()
    assert json.loads(run("trace", "info", "a.jsonl", "--json").out)["n"] == 30
    (tmp_path / "c.yaml").write_text(text.replace("poisson", "poison"))
    done = run("trace", "make", "c.yaml", "c.jsonl")
    assert done.status == 2
    assert "c.yaml: arrivals: expected arrivals such as" in done.err
    assert not (tmp_path / "c.jsonl").exists()


def test_list_names_traces_and_formats(run) -> None:
    out = run("trace", "list").out
    assert "azure-conv" in out
    assert "mooncake " in out


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["info", "azure-con"], "unknown trace 'azure-con'; did you mean"),
        (["info", "azure-conv"], "HEADWAY_DATA"),
        (["info", "no/such.csv"], "cannot read: No such file"),
        (["info", TRACES / "lengths.csv", "--format", "azur"], "unknown trace format 'azur'"),
        (["info", TRACES / "lengths.csv", "--spread", "-1"], "spread: expected 0 seconds or more"),
        (["info", TRACES / "lengths.csv", "--seed", "-1"], "--seed: expected a number from 0 on"),
        (["info", TRACES / "lengths.csv", "--plot", "a.gif"], "cannot save a picture as '.gif'"),
        (["convert", TRACES / "lengths.csv", "no/such/folder.jsonl"], "folder"),
    ],
)
def test_what_cannot_be_done_is_refused_in_one_line(
    args: list[object], message: str, run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(remote, "_trace_addresses", _Nowhere)
    done = run("trace", *args)
    assert done.status == 2
    assert message in done.err
    assert done.err.count("\n") == 1


class _Nowhere(dict):
    """Every file comes from a place where nobody answers."""

    def __contains__(self, path: object) -> bool:
        return True

    def __missing__(self, path: str) -> str:
        return "http://127.0.0.1:9/"
