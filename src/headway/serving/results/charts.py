"""Pictures of runs: how long requests waited, and what the engine was busy with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from headway.errors import UnknownNameError
from headway.serving.results import metrics
from headway.serving.results.columns import Floats, Ints, Steps
from headway.serving.results.report import PER_REQUEST
from headway.show.colours import ThemeName
from headway.show.figure import Figure
from headway.show.lines import Line, Panel, chart

if TYPE_CHECKING:
    from headway.serving.results.run import EngineRun
    from headway.serving.results.served import Served

_POINTS = 400
"""Points of a distribution, and bins of a timeline, beyond which nobody sees a difference."""

_TITLES = {
    "ttft_s": "time to first token (s)",
    "tpot_s": "time per output token (s)",
    "latency_s": "end-to-end latency (s)",
    "queueing_s": "queueing (s)",
    "max_gap_s": "longest gap between tokens (s)",
}


def latencies(
    runs: Mapping[str, Served],
    shown: Sequence[str] = ("ttft_s", "tpot_s", "latency_s"),
    *,
    title: str = "",
    colours: ThemeName = "light",
) -> Figure:
    """Return the distributions of times of requests, a line per run.

    Parameters
    ----------
    runs
        By the name that the legend gives them. The service classes of a single run are drawn apart.
    shown
        Names of metrics with a value per request.
    title
        Headline; by default the name of the first run's workload.
    colours
        "light" or "dark".

    Raises
    ------
    UnknownNameError
        If there is no such metric.
    """
    for name in shown:
        if name not in PER_REQUEST:
            raise UnknownNameError("metric", name, PER_REQUEST)
    limits = {
        name: {getattr(kind, name, None) for run in runs.values() for kind in run.workload.classes}
        for name in shown
    }
    first = next(iter(runs.values()))
    kept = [
        f"{label} {metrics.attainment(run):.1%}" for label, run in runs.items() if _promises(run)
    ]
    return distributions(
        {name: _samples(runs, name) for name in shown},
        limits={name: [each for each in own if each is not None] for name, own in limits.items()},
        title=title or first.workload.name,
        facts=f"{len(first.requests):,} requests"
        + (f"  ·  within their limits: {', '.join(kept)}" if kept else ""),
        colours=colours,
    )


def distributions(
    samples: Mapping[str, Mapping[str, Floats]],
    *,
    limits: Mapping[str, Sequence[float]] | None = None,
    title: str,
    facts: str = "",
    colours: ThemeName = "light",
) -> Figure:
    """Return the share of values up to each, a panel per metric and a line per sample.

    Parameters
    ----------
    samples
        Values by metric, as ``"ttft_s"``, and by the name that the legend gives them. Those that
        are nan are left out.
    limits
        By metric, what is marked.
    title, facts
        Headline, and one line below it.
    colours
        "light" or "dark".
    """
    panels: list[Panel] = []
    for name, own in samples.items():
        known = {label: values[~np.isnan(values)] for label, values in own.items()}
        panels.append(
            Panel(
                tuple(_cumulative(label, values) for label, values in known.items() if len(values)),
                x_label=_TITLES[name],
                y_label="" if panels else "share of requests",
                log=True,
                top=1.0,
                limits=tuple(sorted((limits or {}).get(name, ()))),
            )
        )
    return chart(
        panels,
        title=title,
        facts=facts,
        columns=len(panels),
        colours=colours,
        width=max(3.6 * len(panels), 6.0),
        height=3.0,
    )


def timeline(run: EngineRun, *, title: str = "", colours: ThemeName = "light") -> Figure:
    """Return the batch, the queue, the cache and the tokens of a run over time.

    Parameters
    ----------
    run
        The run.
    title
        Headline; by default the names of its workload and policy.
    colours
        "light" or "dark".

    Notes
    -----
    Each point is an exact mean over its bin, so that nothing short is lost or overdrawn.
    """
    steps = run.steps
    if not len(steps):
        panels = [Panel((), "time (s)", "requests")]
    else:
        edges = np.linspace(steps.start_s[0], steps.end_s[-1], min(_POINTS, 8 * len(steps)) + 1)

        def level(name: str, values: Floats | Ints, kind: str = "step") -> Line:
            mean = mean_over_bins(steps, values, edges)
            return Line(name, edges, np.append(mean, mean[-1]), kind)  # type: ignore[arg-type]

        lasted = np.maximum(steps.end_s - steps.start_s, 1e-12)
        panels = [
            Panel(
                (level("running", steps.running, "area"), level("waiting", steps.waiting)),
                y_label="requests",
            ),
            Panel(
                (level("KV cache in use", 100 * metrics.kv_use(run), "area"),),
                y_label="KV cache (%)",
                top=100,
            ),
            Panel(
                (
                    level("prefill tokens", steps.prefill_tokens / lasted),
                    level("output tokens", steps.sequences / lasted),
                ),
                x_label="time (s)",
                y_label="tokens per second",
            ),
        ]
    preempted = int(run.requests.preemptions.sum())
    if preempted:
        panels.insert(
            2,
            Panel(
                (level("preempted", metrics.preempted(run) / lasted),),
                y_label="preemptions per second",
            ),
        )
    facts = [
        f"{len(run.requests):,} requests",
        f"{len(steps):,} steps",
        f"{preempted:,} preemptions",
        f"{metrics.cache_hit_rate(run):.1%} of prompt tokens from the cache",
    ]
    return chart(
        panels,
        title=title or f"{run.workload.name}: {run.policy}",
        facts="  ·  ".join(facts),
        colours=colours,
        height=1.7,
    )


def _samples(runs: Mapping[str, Served], name: str) -> dict[str, Floats]:
    """Return the values of a metric by what the legend calls them."""
    found = {}
    for label, run in runs.items():
        values, classes = getattr(run, name), run.workload.classes
        parts = {label: np.ones(len(values), dtype=np.bool_)}
        if len(runs) == 1 and len(classes) > 1:
            parts = {kind.name: run.workload.service_class == k for k, kind in enumerate(classes)}
        for part, mine in parts.items():
            found[part] = values[mine]
    return found


def _cumulative(name: str, values: Floats) -> Line:
    """Return the share of values up to each, thinned where there are more than anybody sees."""
    ordered = np.sort(values)
    n = len(ordered)
    place = np.unique(np.linspace(0, n - 1, min(n, _POINTS)).astype(np.int64))
    share = np.append(0.0, (place + 1) / n)
    return Line(name, ordered[np.append(0, place)], share, "step")


def _promises(run: Served) -> bool:
    return any(
        getattr(kind, name) is not None for kind in run.workload.classes for name in metrics.LIMITED
    )


def mean_over_bins(steps: Steps, values: Floats | Ints, edges: Floats) -> Floats:
    """Return means over bins of time of what each step of an engine has; 0 while none runs.

    Parameters
    ----------
    steps
        The steps of one engine.
    values
        Of each step; shape (n_steps,).
    edges
        Ends of the bins; shape (n_bins + 1,).
    """
    if not len(steps):
        return np.zeros(len(edges) - 1)
    start, end = steps.start_s, steps.end_s.copy()
    # Steps of a pipeline overlap; each counts until the next one starts.
    end[:-1] = np.minimum(end[:-1], start[1:])
    total = np.concatenate(([0.0], np.cumsum(values * (end - start))))
    times = np.stack((start, end), axis=1).ravel()
    so_far = np.stack((total[:-1], total[1:]), axis=1).ravel()
    means: Floats = np.diff(np.interp(edges, times, so_far)) / np.diff(edges)
    return means
