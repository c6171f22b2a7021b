"""No test here leaves the machine: downloads come from a server on it, or fail."""

from __future__ import annotations

import hashlib
import http.server
import shutil
import threading
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from headway.errors import FormatError, UnknownNameError
from headway.instances import Access, find, instance, instances, remote

# From ScheduleOpt/benchmarks (CC BY-SA 4.0); published by R. Kolisch and A. Sprecher (1996).
ORIGINAL = Path(__file__).parents[1] / "data" / "j30_1_3.rcp"
PATH = "planning/rcpsp/j30/j30_1_3.rcp"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HEADWAY_DATA", str(tmp_path))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setattr(remote, "_ADDRESSES", {"planning/": "http://127.0.0.1:9/planning/"})
    return tmp_path


@pytest.fixture
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    root = tmp_path_factory.mktemp("server")
    handler = partial(http.server.SimpleHTTPRequestHandler, directory=str(root))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as listening:
        thread = threading.Thread(target=listening.serve_forever, args=(0.05,))
        thread.start()
        yield f"http://127.0.0.1:{listening.server_port}/", root
        listening.shutdown()
        thread.join()


def put(root: Path, content: bytes) -> None:
    target = root / PATH
    target.parent.mkdir(parents=True)
    target.write_bytes(content)


def test_a_file_that_lies_there_is_used_without_a_network(folder: Path) -> None:
    put(folder, ORIGINAL.read_bytes())
    assert remote.fetch(PATH) == folder / PATH
    problem = instance("j30_1_3")
    assert (problem.name, problem.n_tasks) == ("j30_1_3", 32)


def test_a_file_with_other_content_is_refused_and_left_alone(folder: Path) -> None:
    put(folder, b"not a project")
    with pytest.raises(FormatError, match=r"j30_1_3\.rcp: has other content than http"):
        instance("j30_1_3")
    assert (folder / PATH).read_bytes() == b"not a project"


def test_without_file_and_network_the_refusal_names_address_and_variable(folder: Path) -> None:
    with pytest.raises(FormatError) as refusal:
        instance("j30_1_3")
    assert f"http://127.0.0.1:9/{PATH} cannot be downloaded" in str(refusal.value)
    assert "HEADWAY_DATA" in str(refusal.value)
    assert str(folder / PATH) in str(refusal.value)


def test_a_missing_file_is_downloaded_once(
    folder: Path, server: tuple[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    address, root = server
    put(root, ORIGINAL.read_bytes())
    monkeypatch.setattr(remote, "_ADDRESSES", {"planning/": f"{address}planning/"})
    assert instance("j30_1_3").n_tasks == 32
    shutil.rmtree(root / "planning")
    assert instance("j30_1_3").n_tasks == 32


def test_a_download_with_other_content_is_refused_and_not_kept(
    folder: Path, server: tuple[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    address, root = server
    put(root, b"<html>moved</html>")
    monkeypatch.setattr(remote, "_ADDRESSES", {"planning/": f"{address}planning/"})
    with pytest.raises(FormatError, match="cannot be downloaded"):
        instance("j30_1_3")
    assert not (folder / PATH).exists()


def test_tardiness_instances_are_cut_out_of_their_common_file(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the file stand 40 durations, 40 weights and 40 due dates, 125 times."""
    numbers = range(1, 125 * 120 + 1)
    target = folder / "planning/weighted_tardiness/wt40.txt"
    target.parent.mkdir(parents=True)
    target.write_text("\n".join(map(str, numbers)), "utf-8")
    digest = hashlib.sha256(target.read_bytes()).hexdigest()
    monkeypatch.setattr(
        remote, "checksums", lambda: {"planning/weighted_tardiness/wt40.txt": digest}
    )
    problem = instance("wt40_002")
    assert problem.modes.duration.tolist() == list(range(121, 161))
    assert problem.jobs.weight.tolist() == list(range(161, 201))
    assert problem.jobs.due.tolist() == list(range(201, 241))
    assert str(problem.objective) == "weighted tardiness"


def test_every_download_of_the_catalogue_is_known_with_address_and_checksum() -> None:
    for info in instances(access=Access.DOWNLOAD):
        path = info.family.path.format(name=info.name)
        assert remote.address(path).startswith("https://raw.githubusercontent.com/")
        assert len(remote.checksums()[path]) == 64


def test_an_unknown_file_is_refused() -> None:
    with pytest.raises(UnknownNameError, match="unknown data file"):
        remote.fetch("planning/rcpsp/j30/j30_99_1.rcp")


def test_the_cache_of_the_user_serves_without_the_variable(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("HEADWAY_DATA", raising=False)
    assert remote.data_folder().name == "headway"
    assert find("j30_1_3").access is Access.DOWNLOAD
