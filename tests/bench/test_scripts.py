"""The benchmark scripts know their suites and contestants."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


def test_the_search_benchmark_says_what_it_would_run() -> None:
    command = [sys.executable, BENCHMARKS / "search.py", "--plan"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    parts = [line.partition(":")[0] for line in done.stdout.splitlines()]
    assert {"taillard", "swv-yn", "flexible", "flexible-tenfold", "projects", "flow"} <= set(parts)
