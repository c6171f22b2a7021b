"""Headway's own format: everything comes back, and what contradicts itself is refused."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headway.errors import FormatError
from headway.serving.workload import NO_LIMIT, ServiceClass, Workload, read_workload, write_workload
from tests.serving.workload.test_workload import same, workloads
from tests.serving.workload.traces import TRACES


@settings(max_examples=60)
@given(work=workloads(), suffix=st.sampled_from(["jsonl", "jsonl.gz"]))
def test_what_is_written_is_read_back(
    work: Workload, suffix: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("own") / f"w.{suffix}"
    write_workload(work, path)
    back = read_workload(path)
    assert back.name == "drawn"
    assert same(back, work)
    first = path.read_bytes()
    write_workload(back, path)
    assert path.read_bytes() == first


def test_the_header_is_about_the_lines_that_follow() -> None:
    work = read_workload(TRACES / "headway.jsonl")
    assert work.name == "two classes"
    assert work.classes == (
        ServiceClass("paid", ttft_s=0.5, weight=2),
        ServiceClass("free"),
        ServiceClass("trial"),
    )
    assert work.service_class.tolist() == [0, 2, 1]
    assert work.adapters == ("legal", "medical")
    assert work.adapter.tolist() == [-1, 1, 0]
    assert work.limit_tokens.tolist() == [NO_LIMIT, NO_LIMIT, 100]
    assert work.priority.tolist() == [0, 0, -1]
    assert work.session.tolist() == [-1, -1, 3]
    assert work.blocks is not None
    assert [row.tolist() for row in work.blocks] == [[0, 1], [], [0, 2]]


def test_without_a_header_lines_speak_for_themselves(tmp_path: Path) -> None:
    path = tmp_path / "plain.jsonl"
    path.write_text(
        '{"arrival_s": 1, "prompt_tokens": 2, "output_tokens": 3, "class": "b"}\n'
        '{"arrival_s": 2, "prompt_tokens": 2, "output_tokens": 3}\n'
    )
    work = read_workload(path)
    assert work.name == "plain"
    assert [work.classes[k].name for k in work.service_class] == ["b", "all"]


HEAD = '{"headway": "workload", "version": 1'
LINE = '{"arrival_s": 0, "prompt_tokens": 9, "output_tokens": 3'


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        (HEAD + ', "clases": []}', 1, "unknown field `clases`"),
        ('{"headway": "workload", "version": 2}', 1, "version: Invalid enum value 2"),
        ('{"headway": "problem", "version": 1}', 1, "headway: Invalid enum value 'problem'"),
        ("\n\n" + HEAD + ', "classes": [{"ttft_s": 1}]}', 3, "classes[0]: Object missing"),
        (HEAD + ', "classes": [{"name": "a", "ttft_s": 0}]}', 1, "class 'a': ttft_s: expected"),
        (HEAD + ', "adapters": ["a", "a"]}', 1, "adapters: two are called 'a'"),
        (HEAD + "}\n" + LINE + ', "blocks": [0]}', 2, "blocks: the first line of the file says no"),
        (LINE + "}\n" + LINE + ', "block": [0]}', 2, "unknown field `block`"),
        (
            HEAD + "}\n\n" + LINE + ', "limit_tokens": 2}',
            3,
            "output_tokens: expected at most limit",
        ),
        (HEAD + "}\n" + LINE + ', "priority": 3000000000}', 2, "priority"),
        (
            HEAD + ', "block_tokens": 8}\n' + LINE + ', "blocks": [0, 1, 2]}',
            2,
            "blocks: 3 blocks of 8 tokens are too many for 12 tokens",
        ),
    ],
)
def test_what_contradicts_itself_is_refused(
    text: str, line: int | None, message: str, tmp_path: Path
) -> None:
    path = tmp_path / "bad.jsonl"
    path.write_text(text)
    with pytest.raises(FormatError) as refusal:
        read_workload(path, format="headway")
    assert message in str(refusal.value)
    assert refusal.value.line == line


def test_nothing_is_left_where_nothing_can_be_written(tmp_path: Path) -> None:
    work = read_workload(TRACES / "headway.jsonl")
    with pytest.raises(FormatError, match="cannot write"):
        write_workload(work, tmp_path / "no" / "w.jsonl")
