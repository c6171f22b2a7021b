"""Every format: found by its content, read as it is meant, refused with file, line and field."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest

from headway.errors import FormatError, UnknownNameError
from headway.serving.workload import NONE, read_recorded, read_workload
from headway.serving.workload.read import detect
from headway.serving.workload.trace_file import TraceFile
from tests.serving.workload.test_workload import same
from tests.serving.workload.traces import FORMATS, TRACES


@pytest.mark.parametrize("name", FORMATS)
def test_a_format_is_found_by_its_content(name: str, tmp_path: Path) -> None:
    """Neither the suffix nor compression nor a byte order mark matter."""
    data = (TRACES / name).read_bytes()
    plain, packed, marked = tmp_path / "a", tmp_path / "b.txt", tmp_path / "c"
    plain.write_bytes(data)
    packed.write_bytes(gzip.compress(data))
    marked.write_bytes(b"\xef\xbb\xbf" + data)
    whole = read_workload(TRACES / name)
    for path in (plain, packed, marked):
        assert detect(TraceFile(path)) == FORMATS[name]
        assert same(read_workload(path), whole)


def test_azure_tells_arrivals_and_lengths() -> None:
    work = read_workload(TRACES / "azure_2023_conv.csv")
    assert (len(work), work.name) == (40, "azure_2023_conv")
    assert work.arrival_s[:3].tolist() == pytest.approx([0, 4.314579, 4.541877], abs=1e-12)
    assert work.prompt_tokens[:3].tolist() == [374, 396, 879]
    assert work.output_tokens[:3].tolist() == [44, 109, 55]


def test_dates_with_a_zone_and_without_fractions_are_read(tmp_path: Path) -> None:
    """As in the trace of 2024."""
    path = tmp_path / "week.csv"
    path.write_text(
        "TIMESTAMP,ContextTokens,GeneratedTokens\n"
        "2024-05-10 00:00:00+00:00,4,5\n2024-05-10 00:00:01.5+00:00,6,7\n"
    )
    assert read_workload(path).arrival_s.tolist() == [0, 1.5]


def test_mooncake_tells_the_blocks_of_prompts() -> None:
    work = read_workload(TRACES / "mooncake_conversation.jsonl")
    assert work.blocks is not None
    assert work.blocks.block_tokens == 512
    assert work.blocks[0].tolist() == list(range(14))
    assert work.blocks[1].tolist() == [0, *range(14, 28)]
    assert (work.blocks.counts == -(-work.prompt_tokens // 512)).all()
    assert work.arrival_s[-1] == 27.0
    assert work.blocks.distinct == 1945


def test_bailian_tells_conversations() -> None:
    work = read_workload(TRACES / "bailian.jsonl")
    assert work.session.tolist() == [0, 1, 0, 2, 0]
    assert [work.classes[k].name for k in work.service_class] == [
        "text",
        "search",
        "text",
        "text",
        "text",
    ]
    assert work.arrival_s.tolist() == [0.5, 1.25, 61.114, 62, 80]
    assert work.blocks is not None
    assert work.blocks[4].tolist() == [1, 2, 5, 6, 8]


def test_burstgpt_leaves_out_what_failed_and_tells_models_and_sessions() -> None:
    work = read_workload(TRACES / "burstgpt.csv")
    assert work.arrival_s.tolist() == [5, 45, 45, 185.5]
    assert work.output_tokens.tolist() == [18, 230, 276, 647]
    assert [kind.name for kind in work.classes] == ["ChatGPT, Conversation log", "GPT-4, API log"]
    assert work.service_class.tolist() == [0, 0, 1, 1]
    assert work.session.tolist() == [0, 0, NONE, 1]


def test_batch_jobs_are_there_at_once() -> None:
    blocks = read_workload(TRACES / "servegen_blocks.jsonl")
    assert blocks.arrival_s.tolist() == [0, 0]
    assert blocks.output_tokens.tolist() == [1, 1]
    assert blocks.blocks is not None
    assert blocks.blocks.distinct == 4
    assert [kind.name for kind in blocks.classes] == ["multimodal", "text"]
    lengths = read_workload(TRACES / "servegen_lengths.jsonl")
    assert lengths.output_tokens.tolist() == [2370, 2031]
    assert lengths.blocks is None


def test_lengths_are_read_with_and_without_arrivals() -> None:
    assert read_workload(TRACES / "lengths.csv").arrival_s.tolist() == [0.25, 0.5]
    assert read_workload(TRACES / "lengths.csv").prompt_tokens.tolist() == [7, 100]
    papers = read_workload(TRACES / "arxiv_summarization_lengths.csv")
    assert papers.span_s == 0
    assert papers.prompt_tokens[:2].tolist() == [3772, 2015]
    thoughts = read_workload(TRACES / "lengths.json")
    assert thoughts.prompt_tokens.tolist() == [40, 24]
    assert thoughts.output_tokens.tolist() == [1822, 976]


def test_a_recorded_run_keeps_measured_times_beside_the_workload() -> None:
    run = read_recorded(TRACES / "vllm_rtx4090.jsonl")
    assert len(run) == 60
    assert run.workload.arrival_s[0] == 0
    assert run.workload.arrival_s[1] == pytest.approx(27537.047603549 - 27536.660701067, abs=1e-9)
    assert run.first_token_s[0] == pytest.approx(27537.350135653 - 27536.660701067, abs=1e-9)
    assert (run.workload.arrival_s <= run.scheduled_s).all()
    assert (run.scheduled_s < run.first_token_s).all()
    assert (run.first_token_s <= run.last_token_s).all()
    assert same(run.workload, read_workload(TRACES / "vllm_rtx4090.jsonl"))
    late = run.select(run.first_token_s > 1)
    assert len(late) == int((run.first_token_s > 1).sum())


def test_agents_keep_actors_apart_and_leave_out_what_failed() -> None:
    run = read_recorded(TRACES / "agent_sessions.jsonl")
    assert len(run) == 33
    assert np.isnan(run.scheduled_s).all()
    assert (run.first_token_s > run.workload.arrival_s).all()
    assert [kind.name for kind in run.workload.classes] == ["lead", "subagent"]
    assert run.workload.session.max() > 1


def test_measured_times_are_asked_of_formats_that_have_them() -> None:
    with pytest.raises(FormatError, match="no measured times in this format: Azure"):
        read_recorded(TRACES / "azure_2023_conv.csv")


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("", 1, "not a trace that is known here; expected one of headway, azure"),
        ("hello\n", 1, "not a trace that is known here"),
        (
            "TIMESTAMP,ContextTokens,GeneratedTokens\n2023-01-01 00:00:00,1\n",
            2,
            "expected 3 fields",
        ),
        (
            "TIMESTAMP,ContextTokens,GeneratedTokens\n2023-13-01 00:00:00,1,1\n",
            2,
            "TIMESTAMP: expected a date",
        ),
        (
            "TIMESTAMP,ContextTokens,GeneratedTokens\n2023-01-01 00:00:00,1,1\n\nnow,1,1\n",
            4,
            "TIMESTAMP: expected a date and time of day, such as 2023-11-16 18:15:46.68, got 'now'",
        ),
        (
            "TIMESTAMP,ContextTokens,GeneratedTokens\n2023-01-01 00:00:00,1_0,1\n",
            2,
            "ContextTokens: expected a whole number from 0 to 2147483647, got '1_0'",
        ),
        (
            "TIMESTAMP,ContextTokens,GeneratedTokens\n2023-01-01 00:00:00,1,2147483648\n",
            2,
            "GeneratedTokens: expected a whole number",
        ),
        ("prompt_tokens,output_tokens\n3,-4\n", 2, "output_tokens: expected a whole number"),
        ('prompt_tokens,output_tokens\n3,"4\n', 2, "not CSV"),
        (
            (
                '{"timestamp": 0, "input_length": 5, "output_length": 1, "hash_ids": [0]}\n\n'
                '{"timestamp": 0, "input_length": "5", "output_length": 1, "hash_ids": [0]}\n'
            ),
            3,
            "input_length: Expected `int`, got `str`",
        ),
        (
            '{"timestamp": 0, "input_length": 5, "output_length": 1, "hash_ids": [0]}\n{"time\n',
            2,
            "not JSON",
        ),
        (
            (
                '{"timestamp": 0, "input_length": 5, "output_length": 1, "hash_ids": [0]}\n\n\n'
                '{"timestamp": 0, "input_length": 513, "output_length": 1, "hash_ids": [0, 1, 2]}\n'
            ),
            4,
            "hash_ids: 3 blocks of 512 tokens are too many for 513 tokens",
        ),
        (
            '{"timestamp": 1e999, "input_length": 5, "output_length": 1, "hash_ids": [0]}\n',
            1,
            "timestamp",
        ),
        (
            '{"timestamp": 0, "input_length": 5, "output_length": 1, "hash_ids": [-1]}\n',
            1,
            "hash_ids",
        ),
        (
            (
                '{"request_id": "bench-0", "input_toks": 2, "output_toks": 5, "queued_ts": 7,'
                ' "scheduled_ts": 8, "first_token_ts": 6, "last_token_ts": 9}\n'
            ),
            None,
            "times of a request are not in order: first_token_s of request 0",
        ),
        (
            '[{"completion_tokens": 1, "prompt_tokens": 4}, {"completion_tokens": 1}]',
            None,
            "[1]: Object missing required field `prompt_tokens`",
        ),
    ],
)
def test_what_does_not_fit_is_refused_with_its_place(
    text: str, line: int | None, message: str, tmp_path: Path
) -> None:
    path = tmp_path / "bad.trace"
    path.write_text(text)
    with pytest.raises(FormatError) as refusal:
        read_workload(path)
    assert message in str(refusal.value)
    assert refusal.value.line == line
    assert str(path) in str(refusal.value)


def test_a_format_may_be_named(tmp_path: Path) -> None:
    with pytest.raises(UnknownNameError, match=r"did you mean azure\?"):
        read_workload(TRACES / "azure_2023_conv.csv", format="azur")
    with pytest.raises(FormatError, match=r"expected the columns num_prefill_tokens"):
        read_workload(TRACES / "azure_2023_conv.csv", format="lengths")
    with pytest.raises(FormatError, match="column 'TIMESTAMP' is missing"):
        read_workload(TRACES / "lengths.csv", format="azure")


@pytest.mark.parametrize("damage", ["cut", "flipped", "missing"])
def test_files_that_cannot_be_read_or_unpacked_are_refused(damage: str, tmp_path: Path) -> None:
    path = tmp_path / "trace.gz"
    packed = bytearray(gzip.compress((TRACES / "azure_2023_conv.csv").read_bytes()))
    if damage != "missing":
        if damage == "flipped":
            packed[len(packed) // 2] ^= 0xFF
        path.write_bytes(packed[: len(packed) - 20] if damage == "cut" else packed)
    expected = "cannot read: No such file" if damage == "missing" else "cannot be unpacked|not"
    with pytest.raises(FormatError, match=expected):
        read_workload(path)


def test_chunks_end_with_lines_wherever_they_are_cut(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = read_workload(TRACES / "mooncake_conversation.jsonl")
    monkeypatch.setattr("headway.serving.workload.trace_file._CHUNK", 100)
    assert same(read_workload(TRACES / "mooncake_conversation.jsonl"), whole)
    bad = tmp_path / "bad.jsonl"
    lines = (TRACES / "mooncake_conversation.jsonl").read_text().splitlines()
    bad.write_text("\n".join([*lines[:50], "", "{}", *lines[50:]]))
    with pytest.raises(FormatError, match="missing required field `timestamp`") as refusal:
        read_workload(bad)
    assert refusal.value.line == 52


def test_an_endless_line_is_refused_before_it_fills_the_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("headway.serving.workload.trace_file._CHUNK", 2**10)
    monkeypatch.setattr("headway.serving.workload.trace_file._LONGEST_LINE", 2**12)
    path = tmp_path / "endless.jsonl"
    head = (TRACES / "mooncake_conversation.jsonl").read_bytes()
    path.write_bytes(head + b" " * 2**14)
    with pytest.raises(FormatError, match="a line of more than"):
        read_workload(path)
