"""API keys: how they are made, and what is kept of them."""

from __future__ import annotations

import hashlib
import hmac
import secrets
import string
from dataclasses import dataclass, field

from headway.serving.gateway.accounts.bounds import Bounds

_ALPHABET = string.ascii_letters + string.digits
_ID_LETTERS = 10
_SECRET_LETTERS = 43  # of 62 kinds: 256 bits
ID = slice(3, 3 + _ID_LETTERS)
"""Where the public part of a key stands, as in ``hw_0123456789_...``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyRecord:
    """What is kept of a key: everything but the key.

    Attributes
    ----------
    id
        Its public part, by which it is listed and revoked.
    account
        Under which its use is counted: the id of the first key of those that replaced each other.
    tenant
        Whose it is.
    digest
        See `digest`, in hexadecimal digits.
    bounds
        Of the account, within those of the tenant.
    label
        For people.
    created_s, expires_s, revoked_s
        In seconds since 1970; None for never.
    """

    id: str
    account: str
    tenant: str
    digest: str
    bounds: Bounds = field(default_factory=Bounds)
    label: str = ""
    created_s: int = 0
    expires_s: int | None = None
    revoked_s: int | None = None

    def ends_s(self) -> float:
        """Return from when on it is refused."""
        return min(
            float("inf") if self.expires_s is None else self.expires_s,
            float("inf") if self.revoked_s is None else self.revoked_s,
        )


def mint() -> str:
    """Return a new key: letters and digits, 256 bits of them secret."""
    return f"hw_{_letters(_ID_LETTERS)}_{_letters(_SECRET_LETTERS)}"


def digest(key: bytes, pepper: bytes = b"") -> bytes:
    """Return what is kept of a key.

    Nobody can guess 256 random bits, so that a plain SHA-256 protects them as well as a slow hash
    would, and costs a microsecond instead of a tenth of a second at each request.

    Parameters
    ----------
    key
        As clients send it.
    pepper
        A secret that is not kept in the store; then HMAC-SHA-256 under it. Who can write to the
        store, but does not know it, cannot make keys.
    """
    if pepper:
        return hmac.digest(pepper, key, "sha256")
    return hashlib.sha256(key).digest()


def _letters(count: int) -> str:
    return "".join(secrets.choice(_ALPHABET) for _ in range(count))
