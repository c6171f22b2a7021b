"""``serve``: the section of a fleet's file that is only about live use, as written by people.

What a key means stands beside it. Keys that do not exist are refused, with their path.
"""

from __future__ import annotations

from typing import Any

import msgspec

from headway.errors import ConfigError
from headway.serving.fleet.document import FleetFile
from headway.serving.gateway.accounts.document import AccountsSection
from headway.serving.gateway.engines import engine_kind
from headway.serving.gateway.engines.document import Kubernetes, KvEvents
from headway.serving.gateway.scaling.document import Scaling
from headway.serving.gateway.scaling.document import check as check_scaling
from headway.serving.gateway.sharing.document import SharedSection
from headway.serving.traffic import key
from headway.simulate.document import record


class Tls(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """For HTTPS; PEM files."""

    certificate: str
    """The chain."""
    key: str
    """Private, without a password."""


class Upstreams(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Real engines of one of the fleet's kinds."""

    kind: str = "openai"
    """Their make: ``vllm``, ``sglang``, ``llamacpp`` or ``openai``."""
    urls: tuple[str, ...] = ()
    """One an engine, as in ``http://10.0.0.7:8000``; ``count`` is of no account beside them."""
    dns: str | None = None
    """Instead of `urls`: an address whose host stands for several machines, each an engine; as many
    as ``count`` at most."""
    kubernetes: Kubernetes | None = None
    """Instead of `urls`: the pods of a service, as many as ``count`` at most."""
    api_key_env: str | None = None
    """Variable of the environment that holds their key."""
    adapters: dict[str, str] = {}
    """Where engines find adapters that controllers may load, by name."""
    sleeps: bool = False
    """Whether engines that a scaler stops are put to sleep, and woken to start again."""
    kv_events: KvEvents | None = None
    """What they publish of their caches, so that it is known who holds which prefix."""
    priority: bool = False
    """Whether they schedule by priority, and are told that of each request in its body."""


class Patience(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How long is waited for an engine."""

    connect_s: float = 5.0
    first_byte_s: float = 300.0
    """Of the body; then another engine is tried."""
    between_bytes_s: float = 120.0
    total_s: float = 3600.0
    """From the request to the end of the answer."""


class Waiting(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Requests that a router holds."""

    most: int = 10_000
    """In a worker; further ones are refused with 429."""
    timeout_s: float = 60.0
    """Longest wait; then the answer is 503."""


class Spans(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Of OpenTelemetry, one a request; without prompts."""

    endpoint: str
    """Of a collector, by OTLP over HTTP, as in ``http://127.0.0.1:4318/v1/traces``."""
    service: str = "headway"
    """What the gateway is called there."""
    share: float = 1.0
    """Of requests that have a span; what clients decide about theirs counts before this."""


class Serve(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The whole section."""

    listen: str = "127.0.0.1:8000"
    """Host and port; port 0 takes a free one."""
    admin: str | None = "127.0.0.1:8001"
    """Where metrics, the page ``/ui`` and the admin API are, apart from what clients see; none with
    null."""
    admin_token_env: str | None = None
    """Variable of the environment that holds a token for them; one is made up if neither this nor
    `admin_token_file` says any."""
    admin_token_file: str | None = None
    """Path of a file with a line for each operator, ``NAME TOKEN``."""
    public_metrics: bool = False
    """Whether clients may read them, too."""
    workers: int = 1
    """Processes that share the port."""
    tls: Tls | None = None
    engines: dict[str, Upstreams] = {}
    """By the names of the fleet's kinds; kinds without addresses are simulated."""
    routers: tuple[str, ...] = ()
    """That clients may ask for in ``x-headway-policy``, besides the fleet's ``policies``."""
    bytes_per_token: float = 4.0
    """Of prompts, as long as nobody has counted."""
    answer_tokens: int = 1024
    """Expected at most where a request sets no limit; the limit of those who pay from a budget."""
    accounts: AccountsSection | None = None
    """Keys, limits and budgets; without it everybody may ask."""
    shared: SharedSection = SharedSection()
    """What routers of several workers, or of gateways on several machines, tell one another."""
    spans: Spans | None = None
    """What is told of each request, and to whom; nothing by default."""
    seed: int = 0
    """Of routers that draw."""
    timeouts: Patience = Patience()
    queue: Waiting = Waiting()
    retries: dict[str, Any] = {}
    """See `headway.serving.gateway.retry.RetryRules`."""
    breaker: dict[str, Any] = {}
    """See `headway.serving.gateway.watch.BreakerRules`."""
    health: dict[str, Any] = {}
    """See `headway.serving.gateway.watch.HealthRules`."""
    watch: dict[str, Any] = {}
    """How often engines are asked; see `headway.serving.gateway.watch.watcher.WatchRules`."""
    limits: dict[str, Any] = {}
    """Of connections, see `headway.serving.wire.Limits`."""
    scaling: Scaling = Scaling()
    """Who starts and stops engines, as controllers decide."""
    resume: bool = False
    """Whether streams go on elsewhere when their engine dies, for clients that ask for it."""
    grace_s: float = 30.0
    """Time for answers to end when the gateway is told to stop."""


def serve_section(file: FleetFile) -> Serve:
    """Return the section of a fleet's file.

    Raises
    ------
    ConfigError
        If a key is unknown or cannot have its value; with the path of the key.
    """
    with key("serve"):
        found = record(file.serve, Serve, "settings of the gateway")
        _check(found, {group.name for group in file.engines})
    return found


def _check(serve: Serve, kinds: set[str]) -> None:
    for name in serve.engines:
        if name not in kinds:
            raise ConfigError(f"engines.{name}: the fleet has no such kind: {', '.join(kinds)}")
        with key(f"engines.{name}"):
            _check_upstreams(serve.engines[name], serve.workers)
    with key("scaling"):
        check_scaling(serve.scaling, kinds, serve.engines, serve.workers)
    for name in ("bytes_per_token", "answer_tokens", "workers"):
        if not getattr(serve, name) > 0:
            raise ConfigError(f"{name}: must be positive, got {getattr(serve, name)}")
    if serve.spans is not None and not 0 <= serve.spans.share <= 1:
        raise ConfigError(f"spans.share: must be from 0 to 1, got {serve.spans.share}")
    if not serve.grace_s >= 0:
        raise ConfigError(f"grace_s: must not be negative, got {serve.grace_s}")
    _check_shared(serve)
    for section in ("timeouts", "queue"):
        for name, value in msgspec.structs.asdict(getattr(serve, section)).items():
            if not value > 0:
                raise ConfigError(f"{section}.{name}: must be positive, got {value}")


def _check_shared(serve: Serve) -> None:
    redis = serve.shared.redis
    if not serve.shared.period_s > 0:
        raise ConfigError(f"shared.period_s: must be positive, got {serve.shared.period_s}")
    if redis is None:
        return
    for name in ("period_s", "forget_s", "timeout_s", "retry_s"):
        if not getattr(redis, name) > 0:
            raise ConfigError(f"shared.redis.{name}: must be positive, got {getattr(redis, name)}")
    if not redis.forget_s > redis.period_s:
        raise ConfigError("shared.redis.forget_s: must be more than period_s")
    for name, one in serve.engines.items():
        if one.dns is not None or one.kubernetes is not None:
            raise ConfigError(f"engines.{name}: gateways that share engines must list them: urls")


def _check_upstreams(one: Upstreams, workers: int) -> None:
    kind = engine_kind(one.kind)
    found = [name for name in ("urls", "dns", "kubernetes") if getattr(one, name)]
    if len(found) > 1:
        raise ConfigError(f"{found[1]}: {found[0]} says already where engines are")
    if workers > 1 and found and found[0] != "urls":
        raise ConfigError(f"{found[0]}: only one worker can look for engines, not {workers}")
    if one.adapters and kind.adapters is None:
        raise ConfigError(f"adapters: engines of kind {one.kind} load none while they run")
    if one.sleeps and kind.sleep is None:
        raise ConfigError(f"sleeps: engines of kind {one.kind} cannot sleep")
    if one.kv_events is not None:
        if not kind.kv_events:
            raise ConfigError(f"kv_events: engines of kind {one.kind} publish none")
        if not (one.kv_events.ranks > 0 and one.kv_events.tokenize_s > 0):
            raise ConfigError("kv_events: ranks and tokenize_s must be positive")
