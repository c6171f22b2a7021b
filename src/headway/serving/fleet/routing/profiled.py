"""A queue that knows from profiles what kinds of engines can take, and who will be late."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from headway.errors import ConfigError
from headway.serving.fleet.decisions import Dispatch, Hold, Reject, Routing
from headway.serving.fleet.routing.orders import Sorted
from headway.serving.fleet.routing.pipeline import RETRY_S, candidates
from headway.serving.fleet.routing.queue import CAPACITY, GatewayQueue
from headway.serving.fleet.scaling.profile import Profile
from headway.serving.fleet.view import ClusterView, Engines, Mask, RequestView
from headway.serving.fleet.window import SlidingSum
from headway.serving.workload import ServiceClass

Backend = Literal["pull", "push", "pack"]

WINDOW_S = 320.0
"""How long the length of an answer counts: 32 slots of ten seconds."""

SIZES = 32
"""Powers of two of lengths that are told apart."""


class OutputLengths:
    """Lengths of answers of late, by the length of the prompt, in powers of two.

    Parameters
    ----------
    seed
        Of the lot: an answer is guessed to be as long as one of the past, drawn by lot.
    """

    def __init__(self, seed: int = 0) -> None:
        self._counts = SlidingSum(WINDOW_S)
        self._rng = np.random.default_rng(seed)

    def add(self, prompt_tokens: int, output_tokens: int, at_s: float) -> None:
        """Remember a length."""
        self._counts.add(at_s, SIZES * _size(prompt_tokens) + _size(output_tokens), 1.0)

    def guess(self, prompt_tokens: int, now_s: float) -> int:
        """Return tokens; one, as long as nothing is known."""
        begin = SIZES * _size(prompt_tokens)
        until = np.cumsum(self._counts.total(now_s, SIZES * SIZES)[begin : begin + SIZES])
        if until[-1] <= 0:
            return 1
        return 1 << int(np.searchsorted(until, self._rng.random() * until[-1], side="right"))


@dataclass(frozen=True, slots=True)
class Expected:
    """What a request comes to on a kind of engine.

    Attributes
    ----------
    kind
        Of the engine.
    late_s
        By how much it would be late if it went there at its arrival; negative: early.
    share
        Of an engine that it takes, by Little's law; infinite where no rate keeps the limits.
    """

    kind: str
    late_s: float
    share: float


class Expectations:
    """What requests come to on each kind of engine; what the order and the router have in common.

    Parameters
    ----------
    profiles
        Of the kinds, with latencies.
    classes
        With the times that were promised: a first token and the others, a first token, or the whole
        answer, whichever of these is there first.
    seed
        Of the guesses of lengths.

    Raises
    ------
    ConfigError
        If there is no profile, one has no latencies, or two are of one kind.
    """

    def __init__(
        self, profiles: Iterable[Profile], classes: Sequence[ServiceClass], seed: int = 0
    ) -> None:
        known = list(profiles)
        self._profiles = {profile.kind: profile for profile in known}
        if not known or len(self._profiles) < len(known):
            raise ConfigError("profiles: expected some, one of a kind")
        for kind, profile in self._profiles.items():
            if profile.latency_s is None:
                raise ConfigError(f"profile {kind!r}: latency_s: not measured, but needed here")
        self._classes = tuple(classes)
        self._lengths = OutputLengths(seed)
        self._known: dict[int, tuple[Expected, ...]] = {}

    @property
    def kinds(self) -> frozenset[str]:
        """Kinds of engines that there are profiles of."""
        return frozenset(self._profiles)

    def of(self, request: RequestView, now_s: float) -> tuple[Expected, ...]:
        """Return what a request comes to, the earliest kind first; the same until it is dropped."""
        if request.number not in self._known:
            output = self._lengths.guess(request.prompt_tokens, now_s)
            target_s = self._target_s(request, output)
            found = [
                self._expected(profile, request.prompt_tokens, output, target_s)
                for profile in self._profiles.values()
            ]
            found.sort(key=lambda one: one.late_s)
            self._known[request.number] = tuple(found)
        return self._known[request.number]

    def drop(self, request: int) -> None:
        """Forget a request that waits no longer."""
        self._known.pop(request, None)

    def learn(self, prompt_tokens: int, output_tokens: int, at_s: float) -> None:
        """Learn how long an answer was."""
        if output_tokens > 0:
            self._lengths.add(prompt_tokens, output_tokens, at_s)

    def _target_s(self, request: RequestView, output_tokens: int) -> float:
        if request.service_class >= len(self._classes):
            return math.inf
        promised = self._classes[request.service_class]
        if promised.ttft_s is not None:
            return promised.ttft_s + (promised.tpot_s or 0.0) * output_tokens
        return math.inf if promised.latency_s is None else promised.latency_s

    @staticmethod
    def _expected(profile: Profile, prompt: int, output: int, target_s: float) -> Expected:
        assert profile.latency_s is not None
        cell = profile.cell(prompt, output)
        rate, latency_s = float(profile.rate_per_s[cell]), float(profile.latency_s[cell])
        together = rate * latency_s
        # What takes more than an engine still fits on one that has nothing else.
        share = min(1 / together, 1.0) if together > 0 else math.inf
        return Expected(profile.kind, latency_s - target_s, share)


class LatestFirst(Sorted):
    """The request that will be the latest, even on the kind of engine that suits it best.

    Parameters
    ----------
    expectations
        What requests come to.
    """

    name = "latest-first"

    def __init__(self, expectations: Expectations) -> None:
        super().__init__()
        self._expectations = expectations

    def key(self, request: RequestView) -> float:
        """Return when it should have arrived to be in time: all wait alike, so this stays."""
        late_s = self._expectations.of(request, request.arrival_s)[0].late_s
        return request.arrival_s - late_s

    def remove(self, request: int) -> None:
        """Let a request wait no longer."""
        super().remove(request)
        self._expectations.drop(request)


class ByProfile:
    """Sends a request to the kind of engine where it is in time, if one has room.

    Kinds are tried from the earliest on, and none after the first on which it would be late. A
    request whose limits no kind keeps at any rate is refused; one that no profile is for goes to
    the engine with the fewest requests.

    Parameters
    ----------
    expectations
        What requests come to.
    backend
        ``"pull"``: the least used engine that has room for the request; ``"pack"``: the most used
        one that has; ``"push"``: the least used, whether it has room or not.

    Raises
    ------
    ConfigError
        If there is no such backend.
    """

    def __init__(self, expectations: Expectations, backend: Backend = "pull") -> None:
        if backend not in ("pull", "push", "pack"):
            raise ConfigError(f"backend: expected pull, push or pack, got {backend!r}")
        self.name = f"by-profile, {backend}"
        self._expectations = expectations
        self._backend = backend
        self._used = np.zeros(0)
        self._there: dict[int, tuple[int, float, int]] = {}
        self._masks: tuple[Engines | None, dict[str, Mask]] = (None, {})

    def route(self, cluster: ClusterView, request: RequestView) -> Routing:
        """Return an engine, or hold or refuse the request."""
        among = candidates(cluster, request)
        if not np.count_nonzero(among):
            return Hold(cluster.now_s + RETRY_S)
        masks = self._kinds(cluster.engines)
        expected = self._expectations.of(request, cluster.now_s)
        pools = [(one, among & masks[one.kind]) for one in expected]
        pools = [(one, pool) for one, pool in pools if np.count_nonzero(pool)]
        if not pools:
            engine = int(np.where(among, cluster.in_flight, cluster.in_flight.max() + 1).argmin())
            return self._send(request, engine, 0.0)
        if all(one.share == math.inf for one in expected):
            self._expectations.drop(request.number)
            return Reject("no engine keeps the limits of such a request at any rate", "limits")
        waited_s = cluster.now_s - request.arrival_s
        for number, (one, pool) in enumerate(pools):
            if number and waited_s + one.late_s > 0:
                break
            if one.share < math.inf and (found := self._engine(pool, one.share)) is not None:
                return self._send(request, found, one.share)
        return Hold(cluster.now_s + RETRY_S)

    def ended(self, request: int, engine: int, output_tokens: int, at_s: float) -> None:
        """Give its share of the engine back."""
        there = self._there.pop(request, None)
        if there is not None:
            where, share, prompt_tokens = there
            self._used[where] -= share
            self._expectations.learn(prompt_tokens, output_tokens, at_s)

    def _send(self, request: RequestView, engine: int, share: float) -> Dispatch:
        self._expectations.drop(request.number)
        self._there[request.number] = (engine, share, request.prompt_tokens)
        self._used[engine] += share
        return Dispatch(engine)

    def _engine(self, pool: Mask, share: float) -> int | None:
        used = self._used[: len(pool)]
        if self._backend != "push":
            # A little more than all of it: sums of shares are not exact.
            pool = pool & (used + share <= 1 + 1e-9)
            if not np.count_nonzero(pool):
                return None
        if self._backend == "pack":
            return int(np.where(pool, used, -np.inf).argmax())
        return int(np.where(pool, used, np.inf).argmin())

    def _kinds(self, engines: Engines) -> dict[str, Mask]:
        if self._masks[0] is not engines:
            kinds = np.array(engines.kinds)
            masks = {kind: np.asarray(kinds == kind) for kind in self._expectations.kinds}
            self._masks = (engines, masks)
            if len(engines) > len(self._used):
                self._used = np.pad(self._used, (0, len(engines) - len(self._used)))
        return self._masks[1]


def profile_queue(
    profiles: Iterable[Profile],
    classes: Sequence[ServiceClass],
    *,
    backend: Backend = "pull",
    capacity: int = CAPACITY,
    seed: int = 0,
) -> GatewayQueue:
    """Return a queue that lets go first who will be the latest, to engines that can still take it.

    Parameters
    ----------
    profiles
        Of each kind of engine, see `headway.serving.fleet.scaling.Profile.read`.
    classes
        With the times that were promised, as in the workload.
    backend
        See `ByProfile`.
    capacity
        Most requests that wait.
    seed
        Of guesses of lengths.

    Raises
    ------
    ConfigError
        If a profile has no latencies or a setting makes no sense.

    References
    ----------
    AIBrix (2025), strategies ``slo``: one queue for each size of requests and the most violating
    head of these first is the same as this one queue, as all wait alike.
    """
    expectations = Expectations(profiles, classes, seed)
    router = ByProfile(expectations, backend)
    return GatewayQueue(router, LatestFirst(expectations), capacity=capacity)


def _size(tokens: int) -> int:
    return min(round(math.log2(max(tokens, 1))), SIZES - 1)
