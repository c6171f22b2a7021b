"""Tenants apart from each other: who uses more goes farther down the list of engines."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable

import numpy as np

from headway.errors import ConfigError
from headway.serving.fleet.lessons import Lessons, Origin
from headway.serving.fleet.routing.orders import Whose, of_class
from headway.serving.fleet.routing.scorer import Scorer
from headway.serving.fleet.view import ClusterView, Floats, RequestView
from headway.serving.fleet.window import SlidingSum

TENANTS = 1000
"""Tenants whose tokens are remembered."""

LEAST_TOKENS, MOST_TOKENS = 1000.0, 8000.0
"""Of a tenant, where nothing is known."""

BUSY = 100
"""Requests in a batch that make an engine fully used."""

NOISE = 0.1
"""Largest part of a score that is drawn by lot."""


class TenantSpread(Scorer):
    """Distance of an engine from the place of the tenant, how busy it is, and a little chance.

    The place is as many engines down the list of those that are ready as the tenant has used
    buckets of tokens of late; a bucket is half of what the least and the most served tenants have
    used together. It keeps heavy tenants away from light ones, and orders nobody's requests:
    `VirtualTokens`, the fair queue whose name it has, does that.

    Parameters
    ----------
    tenant
        Whose a request is.
    fairness, use
        Weights of the distance and of how busy an engine is.
    input_weight, output_weight
        Of a token.
    window_s
        How long a token counts.
    tenants
        Who are remembered; who was served longest ago is forgotten.
    seed
        Of the lot.

    Raises
    ------
    ConfigError
        If a weight is negative, the window not positive, or no tenant is to be remembered.

    References
    ----------
    AIBrix (2025), strategy ``vtc-basic``.
    """

    name = "vtc-basic"

    def __init__(
        self,
        tenant: Callable[[Origin], Whose] = of_class,
        *,
        fairness: float = 1.0,
        use: float = 1.0,
        input_weight: float = 1.0,
        output_weight: float = 2.0,
        window_s: float = 300.0,
        tenants: int = TENANTS,
        seed: int = 0,
    ) -> None:
        weights = {
            "fairness": fairness,
            "use": use,
            "input_weight": input_weight,
            "output_weight": output_weight,
        }
        for key, value in weights.items():
            if not value >= 0:
                raise ConfigError(f"{key}: must not be negative, got {value}")
        if tenants < 1:
            raise ConfigError(f"tenants: expected at least 1, got {tenants}")
        self._tenant_of = tenant
        self._fairness, self._use = fairness, use
        self._input_weight, self._output_weight = input_weight, output_weight
        self._most_tenants = tenants
        self._tokens = SlidingSum(window_s)
        self._columns: OrderedDict[Whose, int] = OrderedDict()
        self._whose: dict[int, Whose] = {}
        self._rng = np.random.default_rng(seed)

    def score(self, cluster: ClusterView, request: RequestView) -> Floats:
        """Return the distance and the rest, the less the better."""
        used = self._tokens.total(cluster.now_s, len(self._columns))
        column = self._columns.get(self._tenant_of(request))
        own = 0.0 if column is None else float(used[column])
        some = used[used > 0]
        least, most = LEAST_TOKENS, MOST_TOKENS
        if len(some):
            least, most = float(np.minimum.reduce(some)), float(np.maximum.reduce(some))
        bucket = max(LEAST_TOKENS, (least + most) / 2)
        number = np.cumsum(cluster.ready) - 1
        place = min(own / bucket, max(float(number[-1]), 0.0))
        busy = np.minimum(cluster.running / BUSY, 1.0)
        noise = self._rng.random(len(number)) * NOISE
        score: Floats = self._fairness * np.abs(number - place) + self._use * busy + noise
        return score

    def sent(self, cluster: ClusterView, request: RequestView, engine: int) -> None:
        """Count the prompt."""
        if request.stage != "first":
            return
        tenant = self._tenant_of(request)
        self._whose[request.number] = tenant
        tokens = self._input_weight * request.prompt_tokens
        self._tokens.add(cluster.now_s, self._column(tenant), tokens)

    def ended(self, request: int, engine: int, output_tokens: int, at_s: float) -> None:
        """Count the answer."""
        if request not in self._whose:
            return
        column = self._columns.get(self._whose.pop(request))
        if column is not None:
            self._tokens.add(at_s, column, self._output_weight * output_tokens)

    def learned(self, lessons: Lessons) -> None:
        """Count prompts and answers of others."""
        at_s, sent, ended = lessons.at_s, lessons.sent, lessons.ended
        for whence, tokens in zip(sent.whence(), sent.prompt_tokens.tolist(), strict=True):
            column = self._column(self._tenant_of(whence))
            self._tokens.add(at_s, column, self._input_weight * tokens)
        for whence, tokens in zip(ended.whence(), ended.output_tokens.tolist(), strict=True):
            known = self._columns.get(self._tenant_of(whence))
            if known is not None:
                self._tokens.add(at_s, known, self._output_weight * tokens)

    def _column(self, tenant: Whose) -> int:
        """Return where a tenant is counted, as the last one that was served."""
        column = self._columns.pop(tenant, len(self._columns))
        if column == self._most_tenants:
            _, column = self._columns.popitem(last=False)
            self._tokens.clear(column)
        self._columns[tenant] = column
        return column
