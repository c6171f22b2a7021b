"""The section ``accounts`` of a gateway, as written by people."""

from __future__ import annotations

from typing import Literal

import msgspec

from headway.serving.gateway.accounts.bounds import Bounds


class ModelPrices(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a million tokens of a model cost."""

    prompt: float = 0.0
    output: float = 0.0
    cached: float | None = None
    """Of prompts found in a cache; as much as others by default."""


class AccountsSection(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Who may use a gateway, and where that is kept."""

    store: str = "headway.db"
    """Path of an SQLite file, or ``postgresql://...``."""
    store_env: str | None = None
    """Variable of the environment that has the address instead, if it holds a password."""
    node: str = "gateway"
    """By which gateways that share a store are told apart; each has budgets of its own."""
    pepper_env: str | None = None
    """Variable of the environment with a secret under which keys are hashed."""
    prices: dict[str, ModelPrices] = {}
    """By model; the fleet's ``prices`` for others."""
    bounds: dict[str, Bounds] = {}
    """Of tenants by name, beside what ``tenants`` says."""
    on_store_failure: Literal["serve", "stop"] = "serve"
    """Whether to go on, with entries in memory, while the store cannot be written."""
    open_leases: Literal["count", "release"] = "count"
    """What becomes of requests that were under way when a gateway or worker died."""
    fsync: bool = False
    """Whether SQLite waits for the disk: protects from power cuts, too, and takes longer."""
    linger_s: float = 0.02
    """How long to gather entries that nobody waits for."""
    lock_wait_s: float = 2.0
    """How long to wait for a store that somebody else has locked."""
    retry_s: float = 1.0
    """Between attempts at a store that fails."""
    keys_s: float = 1.0
    """How often to look for keys that are new or revoked."""
