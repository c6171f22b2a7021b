"""The board as a page of metrics in Prometheus' text format."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from prometheus_client import generate_latest
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector, CollectorRegistry

from headway.serving.gateway.accounts.figures import Figures
from headway.serving.gateway.board import (
    BOUNDS_S,
    BREAKERS,
    COUNTERS,
    ENGINE_COLUMNS,
    GAUGES,
    HISTOGRAMS,
    IN_FLIGHT,
    JOINED,
    REFUSALS,
    SHARES,
    Board,
)
from headway.serving.gateway.scaling.metrics import of_kinds

_GAUGES = {
    "in_flight": "Requests sent to an engine and not ended.",
    "queued": "Those of them that have not begun to answer.",
    "queued_blocks": "Blocks of the cache that these will need.",
    "held_blocks": "Blocks that the others hold, by the gateway's own count.",
}
_COUNTERS = {
    "requests": "Tries of requests.",
    "completed": "Answers that came to their end.",
    "failed": "Tries that an engine has failed.",
    "retried": "Failures after which another engine was tried.",
    "cancelled": "Tries whose client went away.",
    "resumed": "Streams that another engine has gone on with.",
    "prompt_tokens": "Of prompts, as engines tell.",
    "cached_tokens": "Of prompts, found in a cache.",
    "output_tokens": "Of answers.",
}
_SHARED = {
    "told": "Requests, sent or ended, that workers have told others of.",
    "heard": "Requests, sent or ended, that routers have learned of from others.",
    "missed": "Batches that another worker could not take.",
    "lost": "Batches of others that did not come, or could not be read.",
}
_ACCOUNTS = {
    "failures": "Writes of usage that have failed.",
    "overdrawn": "Requests that cost more than was set aside for them.",
    "unbooked": "Requests served while the ledger was away.",
}
_HISTOGRAMS = {
    "ttft_s": ("time_to_first_token_seconds", "From a request to the first byte of its stream."),
    "tpot_s": ("time_per_output_token_seconds", "Mean gap between tokens of a stream."),
    "e2e_s": ("e2e_latency_seconds", "From a request to the end of its answer."),
}


class BoardCollector(Collector):
    """Reads the board whenever a page of metrics is asked for.

    Parameters
    ----------
    board
        Of all workers.
    names, kinds
        Of its engines.
    accounts
        Tells how they are doing, if there are any.
    more
        Other families.
    """

    def __init__(
        self,
        board: Board,
        names: tuple[str, ...],
        kinds: tuple[str, ...],
        accounts: Callable[[], Figures | None] = lambda: None,
        more: Callable[[], Iterable[Metric]] = tuple,
    ) -> None:
        self._board = board
        self._accounts = accounts
        self._more = more
        self._labels = list(zip(names, kinds, strict=True))

    def collect(self) -> Iterator[Metric]:
        """Give all families."""
        yield from self._of_gateway()
        yield from self._of_engines()
        yield from self._histograms()
        figures = self._accounts()
        if figures is not None:
            yield from _of_accounts(figures)
        yield from of_kinds(self._board, [kind for _, kind in self._labels])
        yield from self._more()

    def _of_gateway(self) -> Iterator[Metric]:
        board = self._board
        for number, name in enumerate(GAUGES):
            gauge = GaugeMetricFamily(f"headway_{name}", _GAUGES[name], labels=["engine", "kind"])
            for labels, value in zip(self._labels, board.total(number).tolist(), strict=True):
                gauge.add_metric(labels, value)
            yield gauge
        for number, name in enumerate(COUNTERS):
            counter = CounterMetricFamily(
                f"headway_{name}", _COUNTERS[name], labels=["engine", "kind"]
            )
            sums = board.counters[:, number].sum(axis=0).tolist()
            for labels, value in zip(self._labels, sums, strict=True):
                counter.add_metric(labels, value)
            yield counter
        refused = CounterMetricFamily(
            "headway_refused", "Requests that went to no engine.", labels=["why"]
        )
        for name, value in zip(REFUSALS, board.refusals.sum(axis=0).tolist(), strict=True):
            refused.add_metric([name], value)
        yield refused
        for name, value in zip(SHARES, board.shares.sum(axis=0).tolist(), strict=True):
            yield CounterMetricFamily(f"headway_shared_{name}", _SHARED[name], value=float(value))
        if board.links.any():
            told = "Whether all workers hear of the gateways on other machines."
            joined = float((board.links == JOINED).all())
            yield GaugeMetricFamily("headway_shared_joined", told, value=joined)
            elsewhere = GaugeMetricFamily(
                "headway_in_flight_elsewhere",
                "Requests that gateways on other machines have at an engine.",
                labels=["engine", "kind"],
            )
            counts = board.elsewhere[IN_FLIGHT].tolist()
            for labels, value in zip(self._labels, counts, strict=True):
                elsewhere.add_metric(labels, value)
            yield elsewhere
        yield GaugeMetricFamily(
            "headway_waiting_requests", "Held at the gateway.", value=float(board.held.sum())
        )

    def _of_engines(self) -> Iterator[Metric]:
        for name in ENGINE_COLUMNS:
            gauge = GaugeMetricFamily(
                f"headway_engine_{name}", "As its engine tells.", labels=["engine", "kind"]
            )
            for labels, value in zip(self._labels, self._board.engine(name).tolist(), strict=True):
                gauge.add_metric(labels, value)
            yield gauge

        told = "Workers that leave an engine alone, as it fails again and again."
        broken = GaugeMetricFamily("headway_engine_breaker_open", told, labels=["engine", "kind"])
        counts = (self._board.breakers == BREAKERS.index("open")).sum(axis=0).tolist()
        for labels, value in zip(self._labels, counts, strict=True):
            broken.add_metric(labels, value)
        yield broken

    def _histograms(self) -> Iterator[Metric]:
        bounds = [f"{bound:g}" for bound in BOUNDS_S] + ["+Inf"]
        for number, key in enumerate(HISTOGRAMS):
            name, told = _HISTOGRAMS[key]
            found = HistogramMetricFamily(f"headway_{name}", told, labels=["engine", "kind"])
            counts = self._board.buckets[:, number].sum(axis=0).cumsum(axis=1).tolist()
            sums = self._board.sums[:, number].sum(axis=0).tolist()
            for labels, row, total in zip(self._labels, counts, sums, strict=True):
                found.add_metric(labels, list(zip(bounds, row, strict=True)), total)
            yield found


def _of_accounts(figures: Figures) -> Iterator[Metric]:
    told = "Whether usage can be written, and the ledger of several workers reached."
    yield GaugeMetricFamily("headway_accounts_healthy", told, value=float(figures.healthy))
    for name, told in _ACCOUNTS.items():
        yield CounterMetricFamily(f"headway_accounts_{name}", told, value=getattr(figures, name))


def page(collector: Collector) -> bytes:
    """Return the page of metrics."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(collector)
    return bytes(generate_latest(registry))
