"""What people do with keys: make them, replace them, take them back."""

from __future__ import annotations

from dataclasses import replace

from headway.errors import UnknownNameError
from headway.serving.gateway.accounts.bounds import Bounds
from headway.serving.gateway.accounts.keys import ID, KeyRecord, digest, mint
from headway.serving.gateway.accounts.store import Store


def create(
    store: Store,
    tenant: str,
    *,
    now_s: int,
    bounds: Bounds | None = None,
    label: str = "",
    expires_s: int | None = None,
    pepper: bytes = b"",
) -> str:
    """Make a key, and return it; it cannot be shown again.

    Parameters
    ----------
    store
        Where what is known of it goes.
    tenant
        Whose it is.
    now_s, expires_s
        In seconds since 1970.
    bounds
        Of the key, within those of the tenant.
    label
        For people.
    pepper
        See `digest`.
    """
    key = mint()
    store.add_key(
        KeyRecord(
            id=key[ID],
            account=key[ID],
            tenant=tenant,
            digest=digest(key.encode(), pepper).hex(),
            bounds=bounds or Bounds(),
            label=label,
            created_s=now_s,
            expires_s=expires_s,
        )
    )
    return key


def rotate(
    store: Store,
    id: str,  # noqa: A002
    *,
    now_s: int,
    grace_s: int = 0,
    pepper: bytes = b"",
) -> str:
    """Make a key in place of another, and return it.

    It has the same bounds, end and account, so that budgets go on where they were.

    Parameters
    ----------
    store
        Where they are kept.
    id
        Of the key that is replaced.
    now_s
        In seconds since 1970.
    grace_s
        For how long the one that is replaced still works.
    pepper
        See `digest`.

    Raises
    ------
    UnknownNameError
        If there is no such key, or it works no more.
    """
    old = _working(store, id, now_s)
    key = mint()
    new = digest(key.encode(), pepper).hex()
    store.add_key(replace(old, id=key[ID], digest=new, created_s=now_s))
    store.end_key(id, at_s=now_s + grace_s, is_revoked=False)
    return key


def revoke(store: Store, id: str, *, now_s: int) -> None:  # noqa: A002
    """Have a key refused from now on.

    Raises
    ------
    UnknownNameError
        If there is no such key, or it works no more.
    """
    store.end_key(_working(store, id, now_s).id, at_s=now_s, is_revoked=True)


def _working(store: Store, id: str, now_s: int) -> KeyRecord:  # noqa: A002
    known = {one.id: one for one in store.key_records() if one.ends_s() > now_s}
    if id not in known:
        raise UnknownNameError("key", id, known)
    return known[id]
