"""Keys: made once, kept as hashes, refused when they should be."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headway.errors import UnknownNameError
from headway.serving.gateway.accounts.administration import create, revoke, rotate
from headway.serving.gateway.accounts.bounds import Bounds
from headway.serving.gateway.accounts.keys import ID, digest, mint
from headway.serving.gateway.accounts.ring import Holder, KeyRing
from headway.serving.gateway.accounts.store import Store
from headway.serving.gateway.errors import Refusal


class _Now:
    at_s = 1000.0

    def __call__(self) -> float:
        return self.at_s


@pytest.fixture
def store(tmp_path: Path):
    store = Store.at(str(tmp_path / "x.db"))
    yield store
    store.close()


def ring(store: Store, now: _Now | None = None, **tenants: Bounds) -> KeyRing:
    made = KeyRing({name: (1.0, own) for name, own in tenants.items()}, wall=now or _Now())
    made.replace(store.key_records(), store.numbers())
    return made


def ask(keys: KeyRing, key: str) -> Holder | Refusal:
    return keys.authenticate(b"Bearer " + key.encode(), 0.0)


def test_a_key_opens_and_nothing_like_it_does(store: Store) -> None:
    key = create(store, "acme", now_s=1)
    keys = ring(store)
    holder = ask(keys, key)
    assert isinstance(holder, Holder)
    assert (holder.name, holder.account, holder.number) == ("acme", key[ID], 1)
    for wrong in (key[:-1], key + "x", key[:-1] + ("a" if key[-1] != "a" else "b"), mint(), ""):
        refused = ask(keys, wrong)
        assert isinstance(refused, Refusal)
        assert (refused.status, refused.code) == (401, "invalid_api_key")
    assert isinstance(keys.authenticate(key.encode(), 0.0), Refusal)
    assert isinstance(keys.authenticate(None, 0.0), Refusal)


@given(st.binary(max_size=80))
def test_no_header_opens_by_luck_or_breaks_anything(header: bytes) -> None:
    keys = KeyRing({})
    assert isinstance(keys.authenticate(header, 0.0), Refusal)
    assert isinstance(keys.authenticate(b"Bearer " + header, 0.0), Refusal)


def test_keys_are_not_kept(store: Store, tmp_path: Path) -> None:
    key = create(store, "acme", now_s=1)
    secret = key[ID.stop + 1 :].encode()
    assert len(secret) == 43
    for file in tmp_path.iterdir():
        assert secret not in file.read_bytes()
    assert store.key_records()[0].digest == digest(key.encode()).hex()


def test_expiry_is_by_the_calendar(store: Store) -> None:
    now = _Now()
    key = create(store, "acme", now_s=1, expires_s=2000)
    keys = ring(store, now)
    assert isinstance(ask(keys, key), Holder)
    now.at_s = 2000.0
    refused = ask(keys, key)
    assert isinstance(refused, Refusal)
    assert "expired" in refused.message


def test_a_pepper_is_needed_to_know_a_key(store: Store) -> None:
    key = create(store, "acme", now_s=1, pepper=b"salt")
    assert isinstance(ask(ring(store), key), Refusal)
    peppered = KeyRing({}, b"salt", wall=_Now())
    peppered.replace(store.key_records(), store.numbers())
    assert isinstance(ask(peppered, key), Holder)


def test_a_rotated_key_keeps_its_account_and_the_old_one_its_grace(store: Store) -> None:
    now = _Now()
    old = create(store, "acme", now_s=1, bounds=Bounds(in_flight=3))
    new = rotate(store, old[ID], now_s=1000, grace_s=60)
    keys = ring(store, now)
    first, second = ask(keys, old), ask(keys, new)
    assert isinstance(first, Holder)
    assert isinstance(second, Holder)
    assert first.account == second.account == old[ID]
    now.at_s = 1060.0
    assert isinstance(ask(keys, old), Refusal)
    assert isinstance(ask(keys, new), Holder)
    third = rotate(store, new[ID], now_s=1100)
    assert [one.account for one in store.key_records()] == [old[ID]] * 3
    assert store.key_records()[-1].bounds == Bounds(in_flight=3)
    assert third[ID] != new[ID]


def test_a_revoked_key_is_refused_and_cannot_be_revoked_twice(store: Store) -> None:
    key = create(store, "acme", now_s=1)
    before = store.revision()
    revoke(store, key[ID], now_s=500)
    assert store.revision() > before
    assert isinstance(ask(ring(store), key), Refusal)
    with pytest.raises(UnknownNameError, match=key[ID]):
        revoke(store, key[ID], now_s=600)
    with pytest.raises(UnknownNameError):
        rotate(store, "nobody", now_s=600)


def test_keys_have_no_more_rights_than_their_tenant(store: Store) -> None:
    own = Bounds(models=("m", "n"), most_urgent=-5, least_urgent=5)
    key = create(store, "acme", now_s=1, bounds=own)
    holder = ask(ring(store, acme=Bounds(models=("n", "o"), most_urgent=0, least_urgent=9)), key)
    assert isinstance(holder, Holder)
    assert holder.models == {"n"}
    assert (holder.most_urgent, holder.least_urgent) == (0, 5)


def test_tenants_keep_their_numbers(store: Store) -> None:
    store.know_tenants(["b", "a"])
    store.know_tenants(["c", "a"])
    assert store.numbers() == {"a": 1, "b": 2, "c": 3}
