"""Tenants of a gateway: who asks, what it may have, what it has used."""

from __future__ import annotations

from headway.serving.gateway.accounts.bounds import Bounds
from headway.serving.gateway.accounts.document import AccountsSection
from headway.serving.gateway.accounts.local import LocalAccounts
from headway.serving.gateway.accounts.opening import open_accounts
from headway.serving.gateway.accounts.protocol import Accounts, Anonymous, Lease, Tenant

__all__ = [
    "Accounts",
    "AccountsSection",
    "Anonymous",
    "Bounds",
    "Lease",
    "LocalAccounts",
    "Tenant",
    "open_accounts",
]
