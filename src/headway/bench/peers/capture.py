"""What a library prints, from any language, while it works."""

from __future__ import annotations

import ctypes
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass


@dataclass(slots=True)
class Captured:
    """What was printed, once the capture is over."""

    text: str = ""


@contextmanager
def captured_output() -> Iterator[Captured]:
    """Catch all that this process writes to file descriptor 1, from C++ too."""
    captured = Captured()
    sys.stdout.flush()
    kept = os.dup(1)
    with tempfile.TemporaryFile() as file:
        os.dup2(file.fileno(), 1)
        try:
            yield captured
        finally:
            sys.stdout.flush()
            ctypes.CDLL(None).fflush(None)
            os.dup2(kept, 1)
            os.close(kept)
            file.seek(0)
            captured.text = file.read().decode("utf-8", errors="replace")
