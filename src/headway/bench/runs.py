"""One run: the clock, the cores, the check of what comes back."""

from __future__ import annotations

import os
import pickle
import signal
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from headway.bench.contestant import Answer, Contestant
from headway.bench.record import Limits, Record, short
from headway.bench.session import load_average
from headway.model import Problem, verify

_GRACE_S = 300.0
"""Seconds beyond twice the time limit after which a run is ended by force.

A process on a busy machine may need a while to begin.
"""

_LONGEST_WAIT_S = 1e6
"""The system counts milliseconds in 31 bits."""


def measure(contestant: Contestant, problem: Problem, limits: Limits, name: str) -> Record:
    """Run a contestant in this process and check its answer.

    Whatever a contestant raises ends up in the note: one that fails must not end a campaign.

    Parameters
    ----------
    contestant
        Who runs.
    problem
        With an objective of one level.
    limits
        Time, workers and seed.
    name
        What the record calls the instance.
    """
    record = _blank(contestant, problem, limits, name)
    began = time.perf_counter()
    try:
        record = _with(record, version=contestant.load())
        began = time.perf_counter()
        answer = contestant.run(
            problem,
            time_limit_s=limits.time_limit_s,
            workers=limits.workers,
            seed=limits.seed,
        )
    except Exception as error:
        elapsed = round(time.perf_counter() - began, 3)
        return _with(record, time_s=elapsed, note=f"{type(error).__name__}: {error}")
    elapsed = time.perf_counter() - began
    return _with(
        record,
        **_checked(problem, answer),
        bound=answer.bound,
        steps=answer.steps,
        time_s=round(elapsed, 3),
        peak_mb=_peak_mb(),
    )


def measure_apart(contestant: Contestant, problem: Problem, limits: Limits, name: str) -> Record:
    """Run a contestant in a process of its own, on as many cores as it has workers.

    A run that crashes or does not stop costs its own record only. Parameters are those of
    `measure`; contestant and problem are sent over, so that both must be importable there.
    """
    with tempfile.TemporaryDirectory(prefix="headway-bench-") as folder:
        question, reply = Path(folder) / "question", Path(folder) / "reply"
        question.write_bytes(pickle.dumps((contestant, problem, limits, name)))
        command = [sys.executable, "-m", "headway.bench.apart", str(question), str(reply)]
        began = time.perf_counter()
        # A session of its own: Ctrl-C reaches us alone, and we end it.
        child = subprocess.Popen(  # noqa: S603 - our own interpreter and files
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
        try:
            most = 2 * getattr(contestant, "factor", 1) * limits.time_limit_s + _GRACE_S
            _, said = child.communicate(timeout=most if most < _LONGEST_WAIT_S else None)
            end = f"the process ended with status {child.returncode}"
        except subprocess.TimeoutExpired:
            said, end = b"", f"did not stop; ended after {most:g} s"
        finally:
            _end(child)
        if reply.exists():
            record: Record = pickle.loads(reply.read_bytes())  # noqa: S301 - our own file
            return record
        last = said.decode("utf-8", errors="replace").strip().splitlines()[-1:]
        return _with(
            _blank(contestant, problem, limits, name),
            time_s=round(time.perf_counter() - began, 3),
            note=": ".join([end, *last]),
        )


def _end(child: subprocess.Popen[bytes]) -> None:
    """End a process that still runs, and whatever it started."""
    if child.poll() is not None:
        return
    if hasattr(os, "killpg"):
        os.killpg(child.pid, signal.SIGKILL)
    else:
        child.kill()
    child.wait()


def _blank(contestant: Contestant, problem: Problem, limits: Limits, name: str) -> Record:
    return Record(
        instance=name,
        fingerprint=short(problem),
        contestant=contestant.name,
        version="",
        seed=limits.seed,
        workers=limits.workers,
        time_limit_s=limits.time_limit_s,
        load=load_average(),
        date=datetime.now(UTC).isoformat(timespec="seconds"),
    )


def _with(record: Record, **changes: object) -> Record:
    return msgspec.structs.replace(record, **changes)


def _checked(problem: Problem, answer: Answer) -> dict[str, object]:
    """Return what our own check makes of an answer."""
    if answer.schedule is None:
        return {"value": answer.value, "note": answer.note}
    report = verify(problem, answer.schedule)
    if not report.ok:
        said = f"invalid schedule: {report[0].message} ({len(report)} violations)"
        return {"valid": False, "note": said}
    value = answer.schedule.objective_values[0]
    note = answer.note
    if answer.value is not None and answer.value != value:
        note = "; ".join(filter(None, [note, f"claims {answer.value}, but {value} is reached"]))
    return {"value": value, "valid": True, "note": note}


def _peak_mb() -> float | None:
    try:
        import resource
    except ImportError:  # not on this system
        return None
    unit = 1e6 if sys.platform == "darwin" else 1e3
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit, 1)
