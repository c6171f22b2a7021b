"""A fleet's file in words: what there is, what fits into it, and what it costs."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from headway.serving.fleet.adapters.described import catalogue
from headway.serving.fleet.document import Door
from headway.serving.fleet.experiment import FleetExperiment
from headway.serving.fleet.front import tenants
from headway.serving.fleet.setup import Kind, cache_pool
from headway.serving.fleet.teams import team
from headway.serving.fleet.view import Floats
from headway.serving.results import metrics
from headway.serving.step_time import Shape
from headway.simulate.document import plain

_PROMPT, _CONTEXT = 1000, 1000
"""Lengths of the requests whose steps are told."""


def explain(fleet: FleetExperiment) -> str:
    """Return what a fleet's file says, for people.

    Parameters
    ----------
    fleet
        The experiment in the file.
    """
    n = sum(fleet.counts)
    price = f", {fleet.price_per_h:,.4g} per hour" if fleet.price_per_h else ""
    lines = [f"{fleet.name}: {n} engine{'s'[: n != 1]}{price}", ""]
    for kind, count in zip(fleet.kinds, fleet.counts, strict=True):
        lines += _kind(kind, count)
    lines += ["", *_adapters(fleet), *_pool(fleet), *_traffic(fleet)]
    lines += ["", *_admission(fleet), *_steering(fleet)]
    return "\n".join(lines)


def _kind(kind: Kind, count: int) -> Iterator[str]:
    group, config, deployed = kind.group, kind.config, kind.deployed
    role = "" if group.role == "both" else f" ({group.role} only)"
    price = f", {group.price_per_h:,.4g} per hour each" if group.price_per_h else ""
    yield f"  {count} x {group.name}{role}{price}"
    if deployed is not None:
        gpus = deployed.tp * deployed.pp
        layout = "" if gpus == 1 else f" on {gpus} GPUs (tp {deployed.tp}, pp {deployed.pp})"
        yield f"    model      {deployed.model.name}, {deployed.gpu.name}{layout}"
    tokens = config.blocks * config.block_tokens
    size = kind.members(1, 0)[0].bytes_per_token * tokens / 1e9
    memory = f", {size:,.3g} GB" if size else ""
    yield (
        f"    KV cache   {config.blocks:,} blocks of {config.block_tokens} tokens"
        f" = {tokens:,} tokens{memory}"
    )
    yield (
        f"    batches    {config.max_sequences:,} sequences, {config.token_budget:,} tokens a step,"
        f" {'prompts in chunks' if config.chunked else 'whole prompts'}"
    )
    yield f"    steps      {_steps(kind)}"
    if kind.chosen.policy is not None:
        yield f"    policy     {kind.chosen.policy}"
    if group.start_s:
        yield f"    start      {group.start_s:g} s from the order to the first request"
    if group.labels:
        yield "    labels     " + ", ".join(
            f"{name}={value}" for name, value in group.labels.items()
        )
    if group.adapters:
        yield "    adapters   " + ", ".join(group.adapters)
    if group.max_adapters is not None:
        yield f"    adapters   at most {group.max_adapters:,} at a time"


def _steps(kind: Kind) -> str:
    batch = min(kind.config.max_sequences, 32)
    prefill = kind.step_time.seconds(Shape.of([(_PROMPT, 0)]))
    decode = kind.step_time.seconds(Shape.of((), [_CONTEXT] * batch))
    return (
        f"a prompt of {_PROMPT:,} tokens {1000 * prefill:,.3g} ms,"
        f" a token for {batch} requests at {_CONTEXT:,} tokens {1000 * decode:,.3g} ms"
    )


def _adapters(fleet: FleetExperiment) -> Iterator[str]:
    known = catalogue(fleet.file, fleet.kinds)
    if known is None:
        return
    size_bytes = np.array([adapter.size_bytes for adapter in known.adapters])
    seconds = [known.seconds(adapter.name) for adapter in known.adapters]
    limits = [kind.group.max_adapters for kind in fleet.kinds]
    places = sum(
        count * (len(known) if limit is None else min(limit, len(known)))
        for count, limit in zip(fleet.counts, limits, strict=True)
    )
    yield (
        f"  adapters   {len(known):,}, {_span(size_bytes / 1e6)} MB,"
        f" {_span(1000 * np.array(seconds))} ms to load; {places:,} places for them"
    )


def _pool(fleet: FleetExperiment) -> Iterator[str]:
    pool = cache_pool(fleet.file)
    if pool is not None:
        per_token = fleet.members()[0].bytes_per_token
        yield (
            f"  pool       {pool.size_bytes / 1e9:,.4g} GB = {pool.size_bytes / per_token:,.0f}"
            f" tokens, {pool.policy}, {pool.link.bytes_per_s / 1e9:,.3g} GB/s to each engine"
        )


def _span(values: Floats) -> str:
    low, high = f"{values.min():,.4g}", f"{values.max():,.4g}"
    return low if low == high else f"{low} to {high}"


def _traffic(fleet: FleetExperiment) -> Iterator[str]:
    traffic = fleet.traffic(0)
    mean_in, mean_out = traffic.prompt_tokens.mean(), traffic.output_tokens.mean()
    yield (
        f"  traffic    {traffic.name}: {len(traffic):,} requests, {traffic.rate_per_s:,.4g} per s,"
        f" {mean_in:,.0f} tokens in, {mean_out:,.0f} out"
    )
    if traffic.adapters:
        share = (traffic.adapter >= 0).mean()
        yield f"             {share:.0%} of them need one of {len(traffic.adapters):,} adapters"
    for service in traffic.classes:
        limits = [
            f"{name.removesuffix('_s')} <= {getattr(service, name):g} s"
            for name in metrics.LIMITED
            if getattr(service, name) is not None
        ]
        if limits:
            yield f"  promise    {service.name}: {', '.join(limits)}"


def _admission(fleet: FleetExperiment) -> Iterator[str]:
    traffic, prices, door = fleet.traffic(0), fleet.file.prices, fleet.file.admission
    for tenant in tenants(fleet.file):
        mine = traffic.tenant == (
            traffic.tenants.index(tenant.name) if tenant.name in traffic.tenants else len(traffic)
        )
        may = [
            f"{value:,g} {unit}"
            for value, unit in (
                (tenant.requests_per_min, "requests a minute"),
                (tenant.tokens_per_min, "tokens a minute"),
                (tenant.budget_per_day, "of money a day"),
            )
            if value is not None
        ]
        told = [f"weight {tenant.weight:g}", f"{mine.mean():.1%} of the requests"]
        told.append(f"at most {', '.join(may)}" if may else "no limits")
        if tenant.models:
            told.append(f"only {', '.join(tenant.models)}")
        if tenant.priority is not None:
            told.append(f"priority {tenant.priority}")
        yield f"  tenant     {tenant.name}: {', '.join(told)}"
    if prices.prompt or prices.output:
        yield (
            f"  prices     {prices.prompt:g} for a million tokens of prompts,"
            f" {prices.output:g} of answers"
        )
    if door is not None:
        yield f"  admission  {', '.join(_door(door))}"


def _door(door: Door) -> Iterator[str]:
    if door.in_flight is not None:
        yield f"{door.in_flight:,} requests in engines"
    each = door.in_flight_per_engine
    yield "as many as its largest batch in each engine" if each is None else f"{each:,} in each"
    wait = "" if door.timeout_s is None else f" for {door.timeout_s:g} s at most"
    yield f"{door.queue:,} others wait in order {door.order!r}{wait}"
    if door.reject_late:
        yield "who would be answered too late is refused"


def _steering(fleet: FleetExperiment) -> Iterator[str]:
    for name in fleet.policies():
        router, controllers = team(name, fleet.file).make(fleet.home, 0)
        beside = "".join(f" + {controller.name}" for controller in controllers)
        told = "" if router.name == name and not beside else f": {router.name}{beside}"
        yield f"  policy     {name}{told}"
    for trouble in fleet.file.faults:
        told = ", ".join(f"{name} {value}" for name, value in plain(trouble).items())
        yield f"  fault      {told}"
    if fleet.file.random_faults:
        told = ", ".join(f"{name} {value:g}" for name, value in fleet.file.random_faults.items())
        yield f"  by chance  {told}"
