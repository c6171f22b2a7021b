"""Whatever a file holds, a reader returns a workload or says what is wrong with the file."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from headway.errors import FormatError
from headway.serving.workload import Workload, read_workload
from tests.formats.mutations import damaged
from tests.serving.workload.traces import FORMATS, TRACES

ROUNDS = 60


@pytest.mark.parametrize("name", FORMATS)
def test_a_damaged_trace_is_read_or_refused(name: str, tmp_path: Path) -> None:
    rng = random.Random(name)
    lines = (TRACES / name).read_bytes().splitlines(keepends=True)
    data = b"".join(lines[:12])
    path = tmp_path / "trace"
    for _ in range(ROUNDS):
        # Faults are words apart by blanks; the formats have commas instead.
        bad = damaged(rng, data.replace(b",", b" , ")).replace(b" , ", b",")
        path.write_bytes(bad)
        for form in (None, FORMATS[name]):
            refusal: FormatError | None = None
            try:
                assert isinstance(read_workload(path, format=form), Workload)
            except FormatError as error:
                refusal = error
            if refusal is not None:
                assert refusal.path == str(path)
                assert refusal.line is None or refusal.line >= 1
