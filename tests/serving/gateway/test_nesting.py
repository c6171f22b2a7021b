"""Bodies that nest without end: a refusal, not a failure of the gateway."""

from __future__ import annotations

import pytest

from headway.serving.gateway.errors import RefusedError
from headway.serving.gateway.reception import PARSERS


@pytest.mark.parametrize("path", sorted(PARSERS))
def test_bodies_that_nest_without_end_are_refused(path: bytes) -> None:
    deep = b"[" * 100_000
    for body in (deep, b'{"model": "a", "x": ' + deep, b'{"model": "a", "messages": ' + deep):
        with pytest.raises(RefusedError) as refused:
            PARSERS[path](body)
        assert refused.value.refusal.status == 400
