"""A million requests: time and memory of drawing, writing and reading them.

::

    python benchmarks/traffic.py                # a million
    python benchmarks/traffic.py -n 100000

Every line is a process of its own; its peak memory is that of the whole process, of which the
interpreter with numpy takes some 60 MB.
"""

from __future__ import annotations

import argparse
import multiprocessing
import resource
import tempfile
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from table import keep, machine

TALK: Mapping[str, Any] = {
    "arrivals": "poisson(4)",
    "prompt_tokens": "lognormal(300, 1)",
    "output_tokens": "exponential(200)",
    "sessions": {"turns": "exponential(4)", "between_s": "exponential(40)", "max_tokens": 16384},
    "prefixes": {"count": 20, "tokens": "uniform(200, 2000)", "zipf": 1.1},
    "block_tokens": 512,
}
PLAIN: Mapping[str, Any] = {"arrivals": "gamma(12, 2)", "lengths": "distribution-1"}


def draw(n: int, folder: Path, *, talk: bool) -> object:
    """Draw requests and write them for those who read."""
    from headway.serving.workload import synthetic, write_workload

    work = synthetic({**(TALK if talk else PLAIN), "requests": n})
    begun = time.process_time()
    write_workload(work, folder / f"{'talk' if talk else 'plain'}.jsonl")
    return f"writing {time.process_time() - begun:.1f} s"


def as_azure(n: int, folder: Path) -> object:
    """Write the same requests as a table like Azure's."""
    from headway.serving.workload import read_workload

    work = read_workload(folder / "plain.jsonl")
    start = datetime(2024, 5, 10, tzinfo=UTC)
    with (folder / "azure.csv").open("w") as stream:
        stream.write("TIMESTAMP,ContextTokens,GeneratedTokens\n")
        columns = (work.arrival_s.tolist(), work.prompt_tokens, work.output_tokens)
        for second, prompt, output in zip(*columns, strict=True):
            when = start + timedelta(seconds=second)
            stream.write(f"{when:%Y-%m-%d %H:%M:%S.%f},{prompt},{output}\n")
    return n


def load(n: int, folder: Path, *, file: str) -> object:
    """Read a file of requests."""
    from headway.serving.workload import read_workload

    work = read_workload(folder / file)
    assert len(work) == n
    return f"{(folder / file).stat().st_size / 2**20:.0f} MiB"


def measured(call: Callable[..., object], n: int, folder: Path, **options: Any) -> dict[str, Any]:
    """Return CPU seconds and peak memory of a call in a process of its own."""
    context = multiprocessing.get_context("spawn")
    with context.Pool(1) as pool:
        return pool.apply(_measure, (call, n, folder, options))


def _measure(
    call: Callable[..., object], n: int, folder: Path, options: dict[str, Any]
) -> dict[str, Any]:
    begun = time.process_time()
    note = call(n, folder, **options)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**10
    return {"cpu s": round(time.process_time() - begun, 1), "peak MiB": round(peak), "note": note}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("-n", type=int, default=1_000_000, help="requests")
    n = parser.parse_args().n
    lines = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for what, call, options in (
            ("draw and write, lengths only", draw, {"talk": False}),
            ("draw and write, conversations with blocks", draw, {"talk": True}),
            ("write as Azure's CSV", as_azure, {}),
            ("read JSONL, lengths only", load, {"file": "plain.jsonl"}),
            ("read JSONL, conversations with blocks", load, {"file": "talk.jsonl"}),
            ("read Azure's CSV", load, {"file": "azure.csv"}),
        ):
            lines.append({"what": what, "requests": n, **measured(call, n, folder, **options)})
            print(lines[-1], flush=True)
    keep("traffic", "A million requests drawn, written and read", lines, **machine("numpy"))


if __name__ == "__main__":
    main()
