"""What controllers want, and what becomes of it, for the page of metrics."""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from headway.serving.gateway.scaling.record import Record
from headway.serving.gateway.view import LiveView

_GAUGES = {
    "desired": "Engines of a kind that its scalers want; those there are if it has none.",
    "ordered": "Engines of a kind that are to be there: up or starting, and not to stop.",
    "ready": "Engines of a kind that take requests.",
}
_OPERATIONS = "What controllers have decided, and what has become of it."


def families(record: Record, cluster: LiveView) -> Iterator[Metric]:
    """Give all families.

    Parameters
    ----------
    record
        Of the recommendations.
    cluster
        The fleet now.
    """
    kinds = record.kinds(cluster)
    for name, told in _GAUGES.items():
        gauge = GaugeMetricFamily(f"headway_scaling_{name}", told, labels=["kind"])
        for kind, numbers in kinds.items():
            gauge.add_metric([kind], numbers[name])
        yield gauge
    counter = CounterMetricFamily(
        "headway_scaling_operations", _OPERATIONS, labels=["controller", "operation", "outcome"]
    )
    for labels, number in sorted(record.counts.items()):
        counter.add_metric(labels, number)
    yield counter
