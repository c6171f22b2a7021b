"""Public traces by name come from the data folder; nothing here leaves the machine."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path

import pytest

from headway.errors import FormatError, UnknownNameError
from headway.instances import remote
from headway.serving.workload import RECORDINGS, TRACES, recorded, workload
from tests.serving.workload.traces import TRACES as EXCERPTS


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data folder with excerpts in place of two files, and no way to the network."""
    sums = dict(remote.checksums())
    for path, excerpt in (
        (TRACES["azure-conv"], "azure_2023_conv.csv"),
        (RECORDINGS["llama-3.1-8b-rtx-4090"], "vllm_rtx4090.jsonl"),
    ):
        target = tmp_path / path
        target.parent.mkdir(parents=True)
        shutil.copy(EXCERPTS / excerpt, target)
        sums[path] = hashlib.sha256(target.read_bytes()).hexdigest()
    monkeypatch.setattr(remote, "checksums", lambda: sums)
    monkeypatch.setattr(
        remote, "_trace_addresses", lambda: dict.fromkeys(sums, "http://127.0.0.1:9/")
    )
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("HEADWAY_DATA", str(tmp_path))
    return tmp_path


def test_a_trace_in_the_data_folder_is_read_under_its_name(folder: Path) -> None:
    work = workload("azure-conv")
    assert (work.name, len(work)) == ("azure-conv", 40)
    run = recorded("llama-3.1-8b-rtx-4090")
    assert (run.workload.name, len(run)) == ("llama-3.1-8b-rtx-4090", 60)
    assert len(workload("llama-3.1-8b-rtx-4090")) == 60


def test_a_trace_that_cannot_be_had_is_refused_with_the_way_out(folder: Path) -> None:
    with pytest.raises(FormatError, match=r"cannot be downloaded .* HEADWAY_DATA"):
        workload("azure-code")


def test_unknown_names_are_refused() -> None:
    with pytest.raises(UnknownNameError, match=r"did you mean azure-con"):
        workload("azure-con")
    with pytest.raises(UnknownNameError, match="unknown recorded run 'azure-conv'"):
        recorded("azure-conv")


def test_every_name_has_an_address_and_a_checksum() -> None:
    for path in (*TRACES.values(), *RECORDINGS.values()):
        assert remote.address(path).startswith("https://raw.githubusercontent.com/")
        assert len(remote.checksums()[path]) == 64
