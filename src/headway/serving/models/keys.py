"""The keys of a model's configuration, each checked when it is asked for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from headway.errors import ConfigError, UnknownNameError
from headway.serving.models.dtypes import dtype_name

_LARGEST = 10**9


class Keys:
    """Read access to a configuration that refuses what cannot be, naming the key.

    Parameters
    ----------
    config
        The configuration.
    place
        Where it stands in the file, as a prefix of keys in messages.
    """

    def __init__(self, config: Mapping[str, Any], place: str = "") -> None:
        self._config = config
        self.place = place

    def inner(self, key: str) -> Keys:
        """Return the object at a key."""
        found = self._config[key]
        if not isinstance(found, Mapping):
            raise self._refusal(key, "an object", found)
        return Keys(found, f"{self.place}{key}.")

    def has(self, key: str) -> bool:
        """Return whether there is a value that is not null."""
        return self._config.get(key) is not None

    def count(self, key: str, default: int | None = None) -> int:
        """Return a whole number of at least 1, or the default."""
        found = self._config.get(key)
        if found is None and default is not None:
            return default
        if isinstance(found, bool) or not isinstance(found, int) or not 1 <= found <= _LARGEST:
            if default == 0 and found == 0 and not isinstance(found, bool):
                return 0
            raise self._refusal(key, "a whole number of at least 1", found)
        return found

    def counts(self, key: str) -> list[int]:
        """Return a list of whole numbers; empty if the key is missing."""
        found = self._config.get(key)
        if found is None:
            return []
        if not isinstance(found, list) or not all(type(item) is int for item in found):
            raise self._refusal(key, "a list of whole numbers", found)
        return list(found)

    def flag(self, key: str, *, default: bool) -> bool:
        """Return true or false, or the default."""
        found = self._config.get(key)
        if found is None:
            return default
        if not isinstance(found, bool):
            raise self._refusal(key, "true or false", found)
        return found

    def text(self, key: str) -> str:
        """Return a text."""
        found = self._config.get(key)
        if not isinstance(found, str):
            raise self._refusal(key, "a text", found)
        return found

    def divided(self, key: str, by: str) -> int:
        """Return one number divided by another, which must leave no rest."""
        value, divisor = self.count(key), self.count(by)
        if value % divisor:
            raise ConfigError(
                f"{self.place}{key}: expected a multiple of {by}, {divisor}, got {value}"
            )
        return value // divisor

    def dtype(self) -> str:
        """Return the number format of the weights, quantized or not."""
        if self.has("quantization_config"):
            return self.inner("quantization_config")._quantized()
        key = "dtype" if self.has("dtype") else "torch_dtype"
        return self._named(key) if self.has(key) else "bfloat16"

    def _quantized(self) -> str:
        bits = self._config.get("bits", self._config.get("w_bit"))
        if bits is not None:
            names = {4: "int4", 8: "int8"}
            if bits not in names:
                raise self._refusal("bits", "4 or 8", bits)
            return names[bits]
        return self._named("quant_method")

    def _named(self, key: str) -> str:
        try:
            return dtype_name(self.text(key))
        except UnknownNameError as error:
            raise ConfigError(f"{self.place}{key}: {error}") from None

    def _refusal(self, key: str, expected: str, found: object) -> ConfigError:
        got = "nothing" if found is None else repr(found)[:80]
        return ConfigError(f"{self.place}{key}: expected {expected}, got {got}")
