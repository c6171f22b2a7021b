"""Which engines serve which model."""

from __future__ import annotations

import time
from collections.abc import Sequence

import msgspec
import numpy as np

from headway.serving.fleet.view import Mask
from headway.serving.gateway.engines import LiveEngine
from headway.serving.gateway.errors import Refusal, RefusedError

MOST_KNOWN = 10_000
"""Names that clients asked for and whose engines are remembered."""

LONGEST_KNOWN = 500
"""Letters of such a name."""

Found = tuple[Mask | None, str | None]
"""Engines that serve a model, None for all; and its name, if it is an adapter's."""


class Catalogue:
    """Finds the engines of a model; those that have not told what they serve may have any.

    Parameters
    ----------
    engines
        Of the gateway.
    """

    def __init__(self, engines: Sequence[LiveEngine]) -> None:
        self._engines = engines
        self._found: dict[str, Found] = {}
        self._since = int(time.time())

    def changed(self) -> None:
        """Hear that an engine serves other models or adapters than before."""
        self._found.clear()

    def find(self, model: str) -> Found:
        """Return who serves a model.

        Raises
        ------
        RefusedError
            If nobody does.
        """
        found = self._found.get(model)
        if found is None:
            found = self._look(model)
            if len(model) > LONGEST_KNOWN:
                return found
            if len(self._found) >= MOST_KNOWN:
                self._found.clear()
            self._found[model] = found
        return found

    def listing(self, only: frozenset[str] | None = None) -> bytes:
        """Return the body of ``/v1/models``.

        Parameters
        ----------
        only
            Names that may be seen; None for all.
        """
        found: dict[str, dict[str, object]] = {}
        for engine in self._engines:
            models = sorted(engine.models or ())
            for name in models:
                found.setdefault(name, self._entry(name, None))
            for name in sorted(engine.adapters):
                found.setdefault(name, self._entry(name, models[0] if models else None))
        data = [one for name, one in found.items() if only is None or name in only]
        return msgspec.json.encode({"object": "list", "data": data})

    def _entry(self, name: str, parent: str | None) -> dict[str, object]:
        return {
            "id": name,
            "object": "model",
            "created": self._since,
            "owned_by": "headway",
            "parent": parent,
        }

    def _look(self, model: str) -> Found:
        holds = np.array([model in engine.adapters for engine in self._engines])
        if holds.any():
            return (None if holds.all() else holds), model
        serves = np.array(
            [engine.models is None or model in engine.models for engine in self._engines]
        )
        if not serves.any():
            raise RefusedError(
                Refusal(
                    status=404,
                    message=f"The model `{model[:200]}` does not exist.",
                    param="model",
                    code="model_not_found",
                )
            )
        return (None if serves.all() else serves), None
