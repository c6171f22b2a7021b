"""What controllers want, and what becomes of it, for the page of metrics."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from headway.serving.gateway.board import Board
from headway.serving.gateway.scaling.record import Record, standings

_GAUGES = {
    "desired": "Engines of a kind that its scalers want; those there are if it has none.",
    "ordered": "Engines of a kind that are to be there: up or starting, and not to stop.",
    "ready": "Engines of a kind that take requests.",
}
_OPERATIONS = "What controllers have decided, and what has become of it."


def of_kinds(board: Board, kinds: Sequence[str]) -> Iterator[Metric]:
    """Give how many engines there are, and are wanted; any process may ask.

    Parameters
    ----------
    board
        Of the gateway.
    kinds
        Of its engines, one each.
    """
    found = standings(board, kinds)
    for name, told in _GAUGES.items():
        gauge = GaugeMetricFamily(f"headway_scaling_{name}", told, labels=["kind"])
        for kind, numbers in found.items():
            gauge.add_metric([kind], numbers[name])
        yield gauge


def of_operations(record: Record) -> Iterator[Metric]:
    """Give counts of what controllers have decided."""
    counter = CounterMetricFamily(
        "headway_scaling_operations", _OPERATIONS, labels=["controller", "operation", "outcome"]
    )
    for labels, number in sorted(record.counts.items()):
        counter.add_metric(labels, number)
    yield counter
