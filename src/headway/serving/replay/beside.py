"""Simulated and measured figures of the same traffic, side by side."""

from __future__ import annotations

from collections.abc import Mapping

from headway.serving.replay.run import ReplayRun
from headway.serving.results import Served
from headway.serving.results.report import PER_REQUEST

Row = Mapping[str, object]

_FIGURES = (
    *(f"{name}.{part}" for name in PER_REQUEST[:3] for part in ("mean", "p50", "p99")),
    *("max_gap_s.p99", "throughput", "throughput_tokens", "goodput", "missed", "cache_hit_rate"),
)


def beside(
    simulated: Mapping[str, float], measured: ReplayRun, shares: Mapping[str, float] | None = None
) -> list[Row]:
    """Return a row per figure that both know.

    Parameters
    ----------
    simulated
        Measures of the simulated run.
    measured
        The run that was measured.
    shares
        Share of the requests that each engine served in the simulation.

    Returns
    -------
    list
        With ``figure``, ``simulated``, ``measured`` and ``off``: how far the simulation is off, as
        a share of what was measured, or in points where both are shares of the requests.
    """
    real = measured.measures
    both = [figure for figure in _FIGURES if figure in simulated and figure in real]
    told = [_row(figure, simulated[figure], real[figure]) for figure in both]
    return [*told, *(_share(*one, measured.shares) for one in (shares or {}).items())]


def engine_shares(run: Served, names: list[str]) -> dict[str, float]:
    """Return the share of the requests that each engine of a fleet served.

    Parameters
    ----------
    run
        With a column `engine`.
    names
        Of the engines.
    """
    engine = getattr(run, "engine", None)
    if engine is None:
        return {}
    served = engine[engine >= 0]
    total = max(len(served), 1)
    return {name: float((served == k).sum()) / total for k, name in enumerate(names)}


def _row(figure: str, simulated: float, measured: float) -> dict[str, object]:
    off = f"{simulated / measured - 1:+.1%}" if measured else "–"
    return {
        "figure": figure,
        "simulated": round(simulated, 4),
        "measured": round(measured, 4),
        "off": off,
    }


def _share(engine: str, simulated: float, measured: Mapping[str, float]) -> Row:
    served = measured.get(engine, 0.0)
    off = f"{100 * (simulated - served):+.1f} points"
    return {**_row(f"share of {engine}", simulated, served), "off": off}
