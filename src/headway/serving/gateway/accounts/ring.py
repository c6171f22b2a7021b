"""The keys that open a gateway, in memory."""

from __future__ import annotations

import hmac
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from headway.serving.gateway.accounts.bounds import Bounds
from headway.serving.gateway.accounts.keys import ID, KeyRecord, digest
from headway.serving.gateway.accounts.protocol import Tenant
from headway.serving.gateway.errors import Refusal

_MISSING = Refusal(
    status=401,
    message="an API key is missing; send it as 'Authorization: Bearer KEY'",
    code="invalid_api_key",
)
_WRONG = Refusal(status=401, message="the API key is not known here", code="invalid_api_key")
_OVER = Refusal(
    status=401, message="the API key has expired or was revoked", code="invalid_api_key"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder(Tenant):
    """A tenant that came with one of its keys.

    Attributes
    ----------
    account
        Under which the use of the key is counted, see `KeyRecord`.
    """

    account: str = ""


@dataclass(frozen=True, slots=True)
class _Entry:
    digest: bytes
    ends_s: float
    holder: Holder


class KeyRing:
    """Tells whose key it is.

    Parameters
    ----------
    tenants
        What is known of tenants beside their keys, by name.
    pepper
        See `digest`.
    wall
        Returns seconds since 1970; keys expire by it.
    """

    def __init__(
        self,
        tenants: Mapping[str, tuple[float, Bounds]],
        pepper: bytes = b"",
        wall: Callable[[], float] = time.time,
    ) -> None:
        self._tenants = tenants
        self._pepper = pepper
        self._wall = wall
        self._entries: dict[bytes, _Entry] = {}
        # Compared with keys that are not there, so that an id cannot be found by its timing.
        self._nobody = _Entry(bytes(32), -1.0, Holder())

    def replace(self, records: Iterable[KeyRecord], numbers: Mapping[str, int]) -> None:
        """Take these keys in place of those before.

        Parameters
        ----------
        records
            All of them.
        numbers
            Of tenants, by name.
        """
        entries = {}
        for one in records:
            holder = self._holder(one, numbers.get(one.tenant, 0))
            entries[one.id.encode()] = _Entry(bytes.fromhex(one.digest), one.ends_s(), holder)
        self._entries = entries

    def authenticate(self, authorization: bytes | None, now_s: float = 0.0) -> Holder | Refusal:  # noqa: ARG002
        """Return whose key a header brings; O(1) in the number of keys.

        Parameters
        ----------
        authorization
            As in ``b"Bearer hw_..."``.
        now_s
            Not looked at: keys expire by the calendar.
        """
        if authorization is None or authorization[:7].lower() != b"bearer ":
            return _MISSING
        key = authorization[7:].strip()
        entry = self._entries.get(key[ID], self._nobody)
        if not hmac.compare_digest(digest(key, self._pepper), entry.digest):
            return _WRONG
        if entry.ends_s <= self._wall():
            return _OVER
        return entry.holder

    def _holder(self, record: KeyRecord, number: int) -> Holder:
        weight, whole = self._tenants.get(record.tenant, (1.0, Bounds()))
        own = record.bounds
        models = {frozenset(one.models) for one in (whole, own) if one.models}
        known = Holder()
        return Holder(
            number=number,
            name=record.tenant,
            weight=weight,
            most_urgent=_largest(known.most_urgent, whole.most_urgent, own.most_urgent),
            least_urgent=-_largest(
                -known.least_urgent, _minus(whole.least_urgent), _minus(own.least_urgent)
            ),
            models=frozenset.intersection(*models) if models else None,
            budgeted=whole.is_budgeted or own.is_budgeted,
            account=record.account,
        )


def _largest(first: int, *others: int | None) -> int:
    return max([first, *(one for one in others if one is not None)])


def _minus(value: int | None) -> int | None:
    return None if value is None else -value
