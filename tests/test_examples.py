"""Every example runs as it stands."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from headway.serving.fleet.experiment import FleetExperiment
from headway.serving.fleet.explain import explain
from headway.serving.results import Status

FOLDER = Path(__file__).parent.parent / "examples"
EXAMPLES = sorted(FOLDER.glob("*.py"))
FLEETS = sorted(FOLDER.glob("fleet*.yaml"))
SHOWS: dict[str, Callable[[dict[str, Any]], bool]] = {
    "chat": lambda told: told["completed"] == 1200,
    "tenants": lambda told: {"budget", "tokens per minute"} <= set(told["refusals"]),
    "adapters": lambda told: told["adapter_loads"] > 40,
    "scaling": lambda told: told["starts"] > 0 and told["drains"] > 0,
    "agents": lambda told: told["cache_hit_rate"] > 0.5,
}


@pytest.mark.parametrize("script", EXAMPLES, ids=lambda script: script.stem)
def test_the_example_runs(script: Path, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, str(script)], cwd=tmp_path, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip(), "an example shows something"


@pytest.mark.parametrize("file", FLEETS, ids=lambda file: file.stem)
def test_the_fleet_shows_what_it_is_about(file: Path) -> None:
    """With its first policy; what the others need is checked when the file is read."""
    fleet = FleetExperiment.read(file)
    assert explain(fleet).startswith(f"{fleet.name}: ")
    run = fleet.run(fleet.policies()[0], 0)
    assert np.isin(run.requests.status, (Status.FINISHED, Status.REJECTED)).all()
    assert SHOWS[fleet.name](run.document)
