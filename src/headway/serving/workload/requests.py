"""What an engine is asked to do: requests with their arrivals, lengths and content."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from headway.errors import ConfigError
from headway.serving.workload.blocks import Blocks
from headway.serving.workload.checks import (
    most_blocks,
    require_cover,
    require_known,
    require_lengths,
    require_limits,
    require_names,
    require_order,
)
from headway.serving.workload.columns import (
    LARGEST,
    NONE,
    Bools,
    Floats,
    Int32s,
    Int64s,
    floats,
    int32s,
)
from headway.serving.workload.service import EVERYBODY, ServiceClass

if TYPE_CHECKING:
    from headway.serving.workload.summary import WorkloadSummary
    from headway.show import Figure

NO_LIMIT = LARGEST
"""Limit of the output tokens of a request that did not ask for one."""

_LOWEST = {
    "prompt_tokens": 1,
    "output_tokens": 1,
    "limit_tokens": 1,
    "priority": -LARGEST,
    "service_class": 0,
    "session": NONE,
    "adapter": NONE,
    "tenant": NONE,
}
"""Columns of whole numbers, and the smallest entry of each."""


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class Workload:
    """Requests in order of arrival; n of them, one entry each in every column.

    Make one with `Workload.of`, which sorts and fills in; with `workload`
    (a public trace by name), `read_workload` (a file) or `synthetic` (a description).

    Attributes
    ----------
    name
        What tables and plots call it.
    arrival_s
        Seconds, from 0 on, not descending.
    prompt_tokens
        At least 1.
    output_tokens
        What the model will say, at least 1. Policies never see it.
    limit_tokens
        Most output tokens that the request asked for; `NO_LIMIT` if it did not say.
    priority
        Smaller is more urgent.
    service_class
        Position in `classes`.
    classes
        What requests are promised; at least one class.
    session
        Number of the conversation, `NONE` (-1) for a request of its own.
    adapter
        Position in `adapters`, `NONE` (-1) for the model as it is.
    adapters
        Names of low-rank adapters.
    tenant
        Position in `tenants`, `NONE` (-1) for nobody's.
    tenants
        Names of those who ask.
    blocks
        Content by blocks, where known; caches go by `cache_blocks`.

    Raises
    ------
    ConfigError
        If a column does not fit; names column and request.
    """

    name: str = "workload"
    arrival_s: Floats
    prompt_tokens: Int32s
    output_tokens: Int32s
    limit_tokens: Int32s
    priority: Int32s
    service_class: Int32s
    classes: tuple[ServiceClass, ...] = EVERYBODY
    session: Int32s
    adapter: Int32s
    adapters: tuple[str, ...] = ()
    tenant: Int32s
    tenants: tuple[str, ...] = ()
    blocks: Blocks | None = None

    @classmethod
    def of(
        cls,
        *,
        name: str = "workload",
        arrival_s: ArrayLike,
        prompt_tokens: ArrayLike,
        output_tokens: ArrayLike,
        limit_tokens: ArrayLike | None = None,
        priority: ArrayLike | None = None,
        service_class: ArrayLike | None = None,
        classes: Sequence[ServiceClass] = EVERYBODY,
        session: ArrayLike | None = None,
        adapter: ArrayLike | None = None,
        adapters: Sequence[str] = (),
        tenant: ArrayLike | None = None,
        tenants: Sequence[str] = (),
        blocks: Blocks | None = None,
    ) -> Workload:
        """Return requests sorted by arrival, those of one instant in the order given.

        Parameters
        ----------
        name, arrival_s, prompt_tokens, output_tokens, classes, adapters, tenants, blocks
            As the attributes.
        limit_tokens, priority, service_class, session, adapter, tenant
            As the attributes; by default no limits, all alike, one class, no sessions, no adapters,
            no tenants.

        Raises
        ------
        ConfigError
            If a column does not fit; names column and request.

        Examples
        --------
        >>> two = Workload.of(arrival_s=[1.5, 0.0], prompt_tokens=[9, 700], output_tokens=[4, 20])
        >>> two.prompt_tokens.tolist(), two.span_s
        ([700, 9], 1.5)
        """
        n = len(np.asarray(arrival_s))

        def column(values: ArrayLike | None, default: int) -> ArrayLike:
            return np.full(n, default, np.int32) if values is None else values

        built = {
            "prompt_tokens": prompt_tokens,
            "output_tokens": output_tokens,
            "limit_tokens": column(limit_tokens, NO_LIMIT),
            "priority": column(priority, 0),
            "service_class": column(service_class, 0),
            "session": column(session, NONE),
            "adapter": column(adapter, NONE),
            "tenant": column(tenant, NONE),
        }
        times = floats(arrival_s, "arrival_s")
        columns: dict[str, Any] = {
            what: int32s(values, what, _LOWEST[what]) for what, values in built.items()
        }
        if n and (np.diff(times) < 0).any():
            order = np.argsort(times, kind="stable")
            require_lengths(n, columns, blocks)
            times = floats(times[order], "arrival_s")
            columns = {what: values[order] for what, values in columns.items()}
            blocks = None if blocks is None else blocks.take(order)
        return cls(
            name=name,
            arrival_s=times,
            classes=tuple(classes),
            adapters=tuple(adapters),
            tenants=tuple(tenants),
            blocks=blocks,
            **columns,
        )

    def __post_init__(self) -> None:
        object.__setattr__(self, "arrival_s", floats(self.arrival_s, "arrival_s"))
        for what, low in _LOWEST.items():
            object.__setattr__(self, what, int32s(getattr(self, what), what, low))
        require_lengths(len(self), {what: getattr(self, what) for what in _LOWEST}, self.blocks)
        if not self.classes:
            raise ConfigError("classes: expected at least one")
        require_names("classes", [kind.name for kind in self.classes])
        require_names("adapters", self.adapters)
        require_names("tenants", self.tenants)
        require_order(self.arrival_s)
        require_known("service_class", self.service_class, len(self.classes))
        require_known("adapter", self.adapter, len(self.adapters))
        require_known("tenant", self.tenant, len(self.tenants))
        require_limits(self.output_tokens, self.limit_tokens)
        if self.blocks is not None:
            require_cover(self.blocks, self.prompt_tokens, self.output_tokens)

    def __len__(self) -> int:
        return len(self.arrival_s)

    @cached_property
    def cache_blocks(self) -> Blocks | None:
        """`blocks` as caches know them: what one adapter has computed is of no use to another.

        Equal names stand for equal content behind the same prefix under the same adapter, as in
        engines that make the adapter part of a block's hash. The same as `blocks` where no request
        needs an adapter.
        """
        if self.blocks is None:
            return None
        return self.blocks.apart(self.adapter.astype(np.int64) - NONE)

    def __repr__(self) -> str:
        return f"<Workload {self.name!r}: {len(self):,} requests in {self.span_s:,.6g} s>"

    @property
    def span_s(self) -> float:
        """Seconds from the first arrival to the last one."""
        return float(self.arrival_s[-1] - self.arrival_s[0]) if len(self) else 0.0

    @property
    def rate_per_s(self) -> float:
        """Arrivals per second between the first and the last one; nan if all come at once."""
        return (len(self) - 1) / self.span_s if self.span_s > 0 else float("nan")

    def summary(self) -> WorkloadSummary:
        """Return the workload in figures."""
        from headway.serving.workload.summary import summarise

        return summarise(self)

    def chart(self, **options: Any) -> Figure:
        """Return a picture of arrivals, lengths and shared prefixes; see `chart`."""
        from headway.serving.workload.chart import chart

        return chart(self, **options)

    def select(self, which: Bools | slice | ArrayLike) -> Workload:
        """Return some of the requests, at the times at which they arrive here.

        Parameters
        ----------
        which
            A mask, shape (n,), a slice, or ascending positions.

        Raises
        ------
        ConfigError
            If it fits no requests of this workload.
        """
        everyone = np.arange(len(self))
        try:
            order = everyone[which if isinstance(which, slice) else np.asarray(which)]
        except IndexError as error:
            raise ConfigError(f"{self.name}: cannot select requests: {error}") from None
        if order.ndim != 1 or (np.diff(order) <= 0).any():
            raise ConfigError(f"{self.name}: select: expected ascending positions")
        return self._taken(order, self.arrival_s[order])

    def window(self, from_s: float, to_s: float) -> Workload:
        """Return what arrives from `from_s` on and before `to_s`, the clock set to 0 at `from_s`.

        Raises
        ------
        ConfigError
            If the window is empty or upside down.
        """
        if not 0 <= from_s < to_s:
            raise ConfigError(f"window: expected 0 <= from_s < to_s, got {from_s} and {to_s}")
        first, end = np.searchsorted(self.arrival_s, [from_s, to_s])
        order = np.arange(first, end)
        return self._taken(order, self.arrival_s[order] - from_s)

    def scaled(self, rate: float) -> Workload:
        """Return the same requests arriving `rate` times as fast.

        Raises
        ------
        ConfigError
            If the rate is not above 0.
        """
        if not 0 < rate < float("inf"):
            raise ConfigError(f"rate: expected a number above 0, got {rate}")
        return replace(self, arrival_s=self.arrival_s / rate)

    def at(self, arrival_s: ArrayLike) -> Workload:
        """Return the same requests at other times, shape (n,), then sorted by them."""
        times = floats(arrival_s, "arrival_s")
        if len(times) != len(self):
            raise ConfigError(f"arrival_s: expected {len(self)} values, got {len(times)}")
        order = np.argsort(times, kind="stable")
        return self._taken(order, times[order])

    def spread(self, over_s: float, seed: int = 0) -> Workload:
        """Return the same requests, each later by a random part of `over_s`.

        For traces whose clock only ticks every `over_s` seconds, so that requests come in bursts
        that never happened: each is put uniformly into the interval that its stamp stands for.

        Parameters
        ----------
        over_s
            Seconds between two ticks of the trace's clock, 0 or more.
        seed
            Of the random parts.

        Raises
        ------
        ConfigError
            If `over_s` is negative.
        """
        from headway.simulate import Streams

        if not 0 <= over_s < float("inf"):
            raise ConfigError(f"spread: expected 0 seconds or more, got {over_s}")
        return self.at(self.arrival_s + over_s * Streams(seed).of("spread").random(len(self)))

    def renamed(self, name: str) -> Workload:
        """Return the same requests under another name."""
        return replace(self, name=name)

    def with_classes(
        self, classes: Sequence[ServiceClass], service_class: ArrayLike | None = None
    ) -> Workload:
        """Return the same requests with other promises.

        Parameters
        ----------
        classes
            At least one.
        service_class
            Position of each request's class, shape (n,); by default all are of the first.
        """
        chosen = np.zeros(len(self), np.int32) if service_class is None else service_class
        column = int32s(chosen, "service_class", _LOWEST["service_class"])
        return replace(self, classes=tuple(classes), service_class=column)

    def with_limit(self, limit_tokens: int) -> Workload:
        """Return the same requests asking for at most so many output tokens.

        Outputs that would be longer end there.
        """
        limit = int32s([limit_tokens], "limit_tokens", 1)[0]
        output = np.minimum(self.output_tokens, limit)
        blocks = self.blocks
        if blocks is not None:
            blocks = blocks.trimmed(most_blocks(self.prompt_tokens, output, blocks.block_tokens))
        return replace(
            self,
            limit_tokens=np.full(len(self), limit),
            output_tokens=output,
            blocks=blocks,
        )

    def with_priority(self, priority: ArrayLike) -> Workload:
        """Return the same requests with other priorities, shape (n,); smaller is more urgent."""
        return replace(self, priority=int32s(priority, "priority", _LOWEST["priority"]))

    def with_tenants(self, tenants: Sequence[str], tenant: ArrayLike) -> Workload:
        """Return the same requests asked by others.

        Parameters
        ----------
        tenants
            Their names.
        tenant
            Position of each request's tenant, shape (n,); `NONE` for nobody's.
        """
        column = int32s(tenant, "tenant", _LOWEST["tenant"])
        return replace(self, tenants=tuple(tenants), tenant=column)

    def in_blocks_of(self, block_tokens: int) -> Workload:
        """Return the same requests, their content told in blocks of another size.

        A block that covers a prompt's end only in part is cut there.

        Parameters
        ----------
        block_tokens
            A divisor or a multiple of the present size.

        Raises
        ------
        ConfigError
            If it is neither, or there are no blocks.
        """
        blocks = self.blocks
        if blocks is None:
            raise ConfigError(f"{self.name}: there are no blocks")
        prompt = self.prompt_tokens.astype(np.int64)
        only_prompt = blocks.counts <= -(-prompt // blocks.block_tokens)
        tokens = np.where(only_prompt, prompt, prompt + self.output_tokens)
        return replace(self, blocks=blocks.resized(block_tokens, tokens))

    def without_blocks(self) -> Workload:
        """Return the same requests, of whose content nothing is known."""
        return replace(self, blocks=None)

    def _taken(self, order: Int64s, arrival_s: Floats) -> Workload:
        """Return the requests at some positions, in that order, at those times."""
        columns: dict[str, Any] = {what: getattr(self, what)[order] for what in _LOWEST}
        return replace(
            self,
            arrival_s=arrival_s,
            blocks=None if self.blocks is None else self.blocks.take(order),
            **columns,
        )
