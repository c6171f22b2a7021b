"""Tenants that are kept apart."""

from __future__ import annotations

import numpy as np
import pytest

from headway.errors import ConfigError
from headway.serving.fleet.routing import TenantSpread
from tests.serving.fleet.views import request, view


def test_the_more_a_tenant_has_used_the_farther_down_it_goes() -> None:
    """Tenant 1 has used 6,000 tokens, tenant 2 has used 2,000: a bucket is 4,000."""
    one = TenantSpread()
    cluster = view([0] * 4)
    one.sent(cluster, request(0, service_class=1, prompt_tokens=4000), 0)
    one.ended(0, 0, 1000, 1.0)
    one.sent(cluster, request(1, service_class=2, prompt_tokens=2000), 0)
    for tenant, place in ((1, 1.5), (2, 0.5), (3, 0.0)):
        scores = one.score(view([0] * 4, now_s=2.0), request(5, service_class=tenant))
        distance = np.abs(np.arange(4) - place)
        assert (scores >= distance).all()
        assert (scores <= distance + 0.1).all()
    later = one.score(view([0] * 4, now_s=1000.0), request(6, service_class=1))
    assert later.argmin() == 0


def test_only_engines_that_are_ready_have_a_place_and_busy_ones_are_worse() -> None:
    one = TenantSpread()
    ready = np.array([False, True, True])
    scores = one.score(view([0, 0, 0], ready=ready), request())
    assert int(np.where(ready, scores, np.inf).argmin()) == 1
    scores = one.score(view([0, 200, 0], ready=ready), request())
    assert scores[1] >= 1.0


def test_who_was_served_longest_ago_is_forgotten() -> None:
    one = TenantSpread(tenants=2)
    cluster = view([0] * 9)
    for tenant in (1, 2, 3):
        known = request(tenant, service_class=tenant, prompt_tokens=7000)
        one.sent(cluster, known, 0)
    places = [one.score(cluster, request(9, service_class=t)).argmin() for t in (1, 2, 3)]
    assert places == [0, 1, 1]
    one.ended(1, 0, 50_000, 1.0)
    assert one.score(cluster, request(9, service_class=3)).argmin() == 1


@pytest.mark.parametrize("given", [{"fairness": -1.0}, {"tenants": 0}, {"window_s": 0.0}])
def test_settings_without_sense_are_refused(given: dict[str, float]) -> None:
    with pytest.raises(ConfigError, match=next(iter(given))):
        TenantSpread(**given)  # type: ignore[arg-type]
