"""Tenants of a gateway: who asks, what it may have, what it has used."""

from __future__ import annotations

from headway.serving.gateway.accounts.protocol import Accounts, Anonymous, Lease, Tenant

__all__ = ["Accounts", "Anonymous", "Lease", "Tenant"]
