"""Goodput of admission policies when impatient clients send request after request.

So many clients send one request each. It has kept its limits if the first token took 10 s at most
and each later one 1.5 s (70B: 15 and 5 s). A request that has waited 8 s (10 s) for its first
token, or too long for the next one after it was preempted, is given up: it leaves the engine, and
whoever is free next sends it again, as the authors' server and clients do. What counts is tokens,
of prompts and answers, of requests that kept their limits.

The cache sizes and the numbers of clients are the authors'; the engine runs prompts whole and
before everything else, as LightLLM does, one at a time, so that no step is longer than the limit;
times of steps come from a roofline, and are no measurement.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from table import keep, machine

from headway import _core
from headway.serving.engine import Engine, EngineConfig
from headway.serving.hardware import Deployment, Gpu
from headway.serving.models import LanguageModel
from headway.serving.policies import Admission, PastFuture
from headway.serving.results import Requests, Speech, Status
from headway.serving.results.gaps import longest_gaps
from headway.serving.step_time import Roofline
from headway.serving.workload import Workload
from headway.show.lines import Line, Panel, chart

LOOK_S = 0.1
"""Clients look at their clocks so often."""

ATTEMPTS = 40
"""Most times that a request is sent."""

N_REQUESTS = 500

LONGEST = {"dist-1": 4096, "dist-2": 5000, "dist-3": 4096, "sharegpt-o1": 6000}
"""The longest answer that policies reckon with."""


@dataclass(frozen=True)
class Setting:
    """A model and what its clients expect.

    Attributes
    ----------
    cache_tokens
        Size of the cache.
    tp
        GPUs.
    clients
        Numbers of clients.
    patience_s
        Longest wait in the queue.
    first_s, gap_s
        Limits of the first token and of the time between two.
    """

    cache_tokens: int
    tp: int
    clients: tuple[int, ...]
    patience_s: float
    first_s: float
    gap_s: float


SETTINGS: Mapping[str, Setting] = {
    "llama-2-7b": Setting(120_000, 1, (10, 20, 40, 60, 100), 8, 10, 1.5),
    "llama-2-13b": Setting(64_000, 1, (10, 20, 40, 60, 100), 8, 10, 1.5),
    "llama-2-70b": Setting(550_000, 4, (100, 300, 500), 10, 15, 5),
}


class Clients:
    """Clients that share a list of requests; a row of the workload is one attempt at one of them.

    Parameters
    ----------
    engine, outcome
        Whom they ask, and where it writes down what happened to requests.
    n_requests, n_clients
        How many.
    setting
        What they expect.
    """

    def __init__(
        self,
        engine: Engine,
        outcome: _core.Outcome,
        n_requests: int,
        n_clients: int,
        setting: Setting,
    ) -> None:
        self.outcome = outcome
        self.engine, self.n_requests, self.n_clients = engine, n_requests, n_clients
        self.setting = setting
        self.fleet = _core.Fleet()
        self.fleet.add(engine.native)
        self.todo = deque(range(n_requests))
        self.sent_s: dict[int, float] = {}
        self.given_up = 0
        self._silent_s: dict[int, float] = {}
        self._waits: set[int] = set()

    def live(self, horizon_s: float) -> None:
        """Send requests, listen, give up and try again, for so long."""
        self._send(0.0)
        for look in range(1, round(horizon_s / LOOK_S) + 1):
            now_s = look * LOOK_S
            while (stop := self.fleet.advance(now_s, stops=True)) != _core.FleetStop.TIME:
                if stop == _core.FleetStop.QUESTION:
                    self.engine.answer(self.fleet.ask)
                else:
                    self._hear()
            self._hear()
            self._look(now_s)
            self._send(now_s)

    def _send(self, now_s: float) -> None:
        while self.todo and len(self._waits) < self.n_clients:
            row = self.todo.popleft()
            self._waits.add(row)
            self.sent_s[row] = now_s
            self.fleet.submit(0, row, now_s)

    def _hear(self) -> None:
        ended = self.fleet.take_ended()
        for row, tokens, at_s in zip(
            *(ended[name].tolist() for name in ("request", "generated", "at_s")), strict=True
        ):
            self._waits.discard(row)
            self.engine.policy.finished(row, tokens)
            self._send(at_s)

    def _look(self, now_s: float) -> None:
        """Withdraw requests whose limits are broken while they wait in the queue."""
        waiting = self.engine.native.waiting()
        said = self.engine.native.generated(waiting)
        self._silent_s = {
            row: self._silent_s.get(row, now_s)
            for row, tokens in zip(waiting.tolist(), said.tolist(), strict=True)
            if tokens
        }
        for row, tokens in zip(waiting.tolist(), said.tolist(), strict=True):
            since, limit = (
                (self._silent_s[row], self.setting.gap_s)
                if tokens
                else (self.sent_s[row], self.setting.patience_s)
            )
            if now_s - since > limit:
                self.fleet.withdraw(0, row)
                self.fleet.take_left()
                self._waits.discard(row)
                self.given_up += 1
                if row + self.n_requests < self.n_requests * ATTEMPTS:
                    self.todo.append(row + self.n_requests)

    def tokens_in_time(self) -> int:
        """Return the tokens of prompts and answers that kept all their limits."""
        requests = Requests(**self.outcome.columns())
        steps, speech = self.engine.native.steps(), Speech(**self.engine.native.segments())
        gap_s = longest_gaps(speech, steps["end_s"], len(requests))
        sent_s = np.full(len(requests), np.nan)
        sent_s[list(self.sent_s)] = list(self.sent_s.values())
        good = requests.status == Status.FINISHED
        good &= requests.first_token_s - sent_s <= self.setting.first_s
        good &= ~(gap_s > self.setting.gap_s)
        tokens = self.engine.workload.prompt_tokens + requests.generated
        return int(tokens[good].sum())


def attempts(traffic: Workload) -> Workload:
    """Return the first requests, so many times over as they may be sent."""
    times = np.zeros(N_REQUESTS * ATTEMPTS)
    prompt, output = (
        np.tile(column[:N_REQUESTS], ATTEMPTS)
        for column in (traffic.prompt_tokens, traffic.output_tokens)
    )
    return Workload.of(
        name=traffic.name, arrival_s=times, prompt_tokens=prompt, output_tokens=output
    )


def served(
    traffic: Workload,
    policy: Admission,
    setting: Setting,
    n_clients: int,
    deployment: Deployment,
    horizon_s: float,
) -> tuple[float, int]:
    """Return goodput in tokens per second, and how many requests were given up."""
    config = EngineConfig(
        blocks=setting.cache_tokens,
        block_tokens=1,
        token_budget=18_000,
        max_sequences=2_000,
        mix="prefill first",
        chunked=False,
        prefix_caching=False,
    )
    outcome = _core.Outcome(N_REQUESTS * ATTEMPTS)
    engine = Engine(attempts(traffic), config, Roofline(deployment), policy, outcome=outcome)
    clients = Clients(engine, outcome, N_REQUESTS, n_clients, setting)
    clients.live(horizon_s)
    return clients.tokens_in_time() / horizon_s, clients.given_up


def goodput(
    workloads: Mapping[str, Callable[[], Workload]],
    policies: Mapping[str, Callable[..., Admission]],
    *,
    models: Sequence[str],
    gpu: str,
    horizon_s: float,
    plot: str | None,
) -> None:
    """Print, keep and draw goodput over clients."""
    begin = time.process_time()
    rows: list[dict[str, object]] = []
    panels: list[Panel] = []
    for model in models:
        setting = SETTINGS[model]
        deployment = Deployment(LanguageModel.named(model), Gpu.named(gpu), tp=setting.tp)
        for name, make in workloads.items():
            traffic = make()
            longest = LONGEST[name]
            lines = []
            for policy, maker in policies.items():
                some = []
                for n_clients in setting.clients:
                    own = {"window": 40, "prior": longest, "reserve": 0.05}
                    decider = maker(
                        max_output=longest,
                        every=2,
                        round_tokens=1,
                        **(own if maker is PastFuture else {}),
                    )
                    rate, given_up = served(
                        traffic, decider, setting, n_clients, deployment, horizon_s
                    )
                    some.append(rate)
                    rows.append(
                        {
                            "model": model,
                            "lengths": name,
                            "policy": policy,
                            "clients": n_clients,
                            "goodput tokens/s": round(rate),
                            "given up": given_up,
                        }
                    )
                    print(*rows[-1].values(), flush=True)
                x = np.array(setting.clients, np.float64)
                lines.append(Line(policy, x, np.array(some)))
            panels.append(Panel(tuple(lines), f"clients ({model}, {name})", "tokens/s"))
        _keep(rows, panels, len(workloads), gpu, horizon_s, begin, plot)


def _keep(
    rows: list[dict[str, object]],
    panels: list[Panel],
    columns: int,
    gpu: str,
    horizon_s: float,
    begin: float,
    plot: str | None,
) -> None:
    """Keep what is there, after each model."""
    facts = {
        "GPU": gpu,
        "simulated": f"{horizon_s:g} s each; times of steps from a roofline",
        "CPU seconds": round(time.process_time() - begin),
    }
    title = "Goodput of admission policies in a closed loop"
    keep("past-future-goodput", title, rows, **facts, **machine("numpy"))
    if plot:
        chart(
            panels,
            title="Goodput of admission policies when impatient clients send request after request",
            facts=f"simulated on {gpu}: tokens of prompts and answers within limits",
            columns=columns,
            width=4.0 * columns,
        ).save(plot)
