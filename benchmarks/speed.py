"""How fast the native searches are: moves per second and memory by size, time of a build.

::

    python benchmarks/speed.py                      # 5 s on one core per search and instance
    python benchmarks/speed.py 'ta?1' -t 20
    python benchmarks/speed.py --build              # also builds the package from its sources

Every search that applies to an instance runs on it, from what priority rules find: alone for its
moves, and as a method in a process of its own for the memory.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from table import keep, machine

import headway as hw
from headway.bench import Limits, contestant, entries, measure_apart
from headway.show.table import rounded
from headway.solve.registry import find
from headway.solve.searcher import Searcher

NAMES = (
    "ft10", "la38", "ta01", "ta11", "ta21", "ta31", "ta41", "ta61", "ta71",
    "mk01", "mk10", "dpp18a", "vdata-la40",
    "tfs001", "tfs031", "tfs061", "tfs090", "tfs111", "hfs0037", "hfs1405", "sdst010", "sdst442",
    "ttfs004", "ttfs492", "gp10-01", "tos51",
    "j30_1_1", "j60_1_1", "j120_1_1",
)  # fmt: skip

ROOT = Path(__file__).parent.parent


def searchers() -> list[Searcher]:
    """Return all methods that are native searches."""
    return [found for name in hw.solvers() if isinstance(found := find(name), Searcher)]


def row(searcher: Searcher, name: str, time_limit: float) -> dict[str, object]:
    """Return one row of the table."""
    problem = hw.instance(name)
    began = time.perf_counter()
    search = searcher.search(problem)
    bound = searcher.bound(problem)
    ready = time.perf_counter() - began
    start = hw.solve(problem, method="rules", workers=1, time_limit=2).schedule
    if start is not None:
        search.offer(start)
    found = search.run(workers=1, time_limit_s=time_limit)
    method = contestant(searcher.name)
    apart = measure_apart(method, problem, Limits(min(time_limit, 5.0), 1), name)
    return {
        "method": searcher.name,
        "instance": name,
        "tasks": problem.n_tasks,
        "modes": problem.n_modes,
        "resources": problem.n_resources,
        "ready ms": rounded(1000 * ready, 1),
        "bound": bound,
        "value": None if found.schedule is None else found.schedule.objective_values[0],
        "moves per second": rounded(found.moves / found.time_s, 0),
        "memory MB": rounded(apart.peak_mb, 0),
    }


def build_s() -> float:
    """Return the seconds that building a wheel from the sources takes, without any cache."""
    environment = dict(os.environ, CCACHE_DISABLE="1")
    environment.pop("CMAKE_CXX_COMPILER_LAUNCHER", None)
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "pip", "wheel", str(ROOT), "--no-deps", "-q", "-w", folder]
        began = time.perf_counter()
        subprocess.run([*command, f"-Cbuild-dir={folder}/build"], check=True, env=environment)
        return time.perf_counter() - began


def main() -> None:
    """Measure all and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("-t", "--time-limit", type=float, default=5.0)
    parser.add_argument("-m", "--method", action="append", help="only this one")
    parser.add_argument("--build", action="store_true", help="time a build of the package too")
    parser.add_argument("--name", default="speed", help="name of the result files")
    parser.add_argument("patterns", nargs="*", default=NAMES)
    args = parser.parse_args()
    rows = []
    for entry in entries(args.patterns):
        problem = hw.instance(entry.name)
        for searcher in searchers():
            if args.method and searcher.name not in args.method:
                continue
            if searcher.obstacle(problem) is None:
                rows.append(row(searcher, entry.name, args.time_limit))
                print(rows[-1], flush=True)
    rows.sort(key=lambda r: str(r["method"]))
    facts = machine()
    if args.build:
        facts["build with pip wheel, seconds"] = rounded(build_s(), 1)
    keep(args.name, f"Native searches, {args.time_limit:g} s on one core (measured)", rows, **facts)


if __name__ == "__main__":
    main()
