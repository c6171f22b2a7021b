"""The model that a server answers for, and its adapters."""

from __future__ import annotations

import time
from typing import Any

from headway.serving.engine_server.bodies import AdapterBody
from headway.serving.engine_server.errors import ApiError


class Models:
    """Names that clients may ask for.

    Parameters
    ----------
    name
        Of the model.
    adapters
        Those that are loaded.
    max_tokens
        Longest sequence.
    """

    def __init__(self, name: str, adapters: tuple[str, ...], max_tokens: int) -> None:
        self.name = name
        self.max_tokens = max_tokens
        self._created = int(time.time())
        self._paths = dict.fromkeys(adapters, "")
        self._weights: dict[str, int] = {}
        self._loaded = 0

    @property
    def adapters(self) -> tuple[str, ...]:
        """Names of those that are loaded."""
        return tuple(self._paths)

    def adapter(self, asked: str | None) -> str:
        """Return the adapter that a name stands for, empty for the model itself.

        Raises
        ------
        ApiError
            If there is neither.
        """
        if asked is None or asked == self.name:
            return ""
        if asked not in self._paths:
            raise ApiError(404, f"The model `{asked}` does not exist.", "model")
        return asked

    def weights(self, adapter: str) -> int:
        """Return a number for the weights of an adapter: another one each time it is loaded."""
        if not adapter:
            return 0
        return self._weights.setdefault(adapter, self._next_weights())

    def load(self, body: AdapterBody) -> str:
        """Load an adapter, and return what is said about it.

        Raises
        ------
        ApiError
            If a field is missing, or it is there already.
        """
        name = body.lora_name
        if not name or not body.lora_path:
            raise ApiError(400, "Both 'lora_name' and 'lora_path' must be provided.")
        if name == self.name:
            raise ApiError(400, f"'{name}' is the name of the model.")
        if name in self._paths and not body.load_inplace:
            raise ApiError(
                400,
                f"The lora adapter '{name}' has already been loaded. If you want to load it in"
                " place, set 'load_inplace' to True.",
            )
        self._paths[name] = body.lora_path
        self._weights[name] = self._next_weights()
        return f"Success: LoRA adapter '{name}' added successfully."

    def unload(self, body: AdapterBody) -> str:
        """Unload an adapter, and return what is said about it.

        Raises
        ------
        ApiError
            If there is none of this name.
        """
        name = body.lora_name
        if not name:
            raise ApiError(400, "'lora_name' needs to be provided to unload a LoRA adapter.")
        if name not in self._paths:
            raise ApiError(404, f"The lora adapter '{name}' cannot be found: it does not exist.")
        del self._paths[name]
        self._weights.pop(name, None)
        return f"Success: LoRA adapter '{name}' removed successfully."

    def listed(self) -> dict[str, Any]:
        """Return all names, as the API lists them."""
        base = self._card(self.name, root=self.name, parent=None)
        own = [self._card(one, root=path, parent=self.name) for one, path in self._paths.items()]
        return {"object": "list", "data": [base, *own]}

    def _next_weights(self) -> int:
        self._loaded += 1
        return self._loaded

    def _card(self, name: str, *, root: str, parent: str | None) -> dict[str, Any]:
        return {
            "id": name,
            "object": "model",
            "created": self._created,
            "owned_by": "headway",
            "root": root,
            "parent": parent,
            "max_model_len": self.max_tokens,
        }
