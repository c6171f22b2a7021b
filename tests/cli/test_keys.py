"""`headway keys` and `headway usage`."""

from __future__ import annotations

import json
from pathlib import Path

from headway.serving.gateway.accounts.keys import digest
from headway.serving.gateway.accounts.money import NANO
from headway.serving.gateway.accounts.pending import Pending, Used
from headway.serving.gateway.accounts.store import Store


def test_a_key_is_shown_once_then_listed_replaced_and_revoked(run) -> None:
    made = run("keys", "create", "--tenant", "acme", "--expires", "90d", "--in-flight", "4")
    assert made.status == 0, made
    key = made.out.strip()
    assert key.startswith("hw_")
    listed = run("keys", "list", "--json")
    assert key not in listed.out
    (one,) = json.loads(listed.out)
    assert (one["tenant"], one["state"], one["limits"]) == ("acme", "works", {"in_flight": 4})
    new = run("keys", "rotate", one["id"], "--grace", "1h").out.strip()
    assert new != key
    assert run("keys", "revoke", one["id"]).status == 0
    states = {row["id"]: row["state"] for row in json.loads(run("keys", "list", "--json").out)}
    assert sorted(states.values()) == ["revoked", "works"]
    assert "in_flight=4" in run("keys", "list", "--tenant", "acme").out
    assert run("keys", "list", "--tenant", "nobody").out == "no keys\n"


def test_what_cannot_be_is_refused_in_one_line(run) -> None:
    done = run("keys", "create", "--tenant", "acme", "--expires", "soon")
    assert (done.status, done.err.count("\n")) == (2, 1)
    assert "90d" in done.err
    assert run("keys", "create", "--tenant", "acme", "--budget-per-day", "-1").status == 2
    assert "nobody" in run("keys", "revoke", "nobody").err
    assert "PEPPER" in run("keys", "create", "--tenant", "a", "--pepper-env", "PEPPER").err
    assert run("usage", "--store", "mysql://x").status == 2


def test_a_fleets_file_says_where_the_store_is(run, monkeypatch) -> None:
    Path("there").mkdir()
    fleet = {
        "kind": "fleet",
        "engines": [{"name": "a", "step_time": {"affine": {"constant_s": 1}}}],
        "serve": {"accounts": {"store": "x.db", "pepper_env": "PEPPER"}},
    }
    Path("there/fleet.yaml").write_text(json.dumps(fleet))
    refused = run("keys", "create", "--tenant", "acme", "--fleet", "there/fleet.yaml")
    assert (refused.status, "PEPPER" in refused.err) == (2, True)
    monkeypatch.setenv("PEPPER", "salt")
    key = run("keys", "create", "--tenant", "acme", "--fleet", "there/fleet.yaml").out.strip()
    store = Store.at("there/x.db")
    assert [one.digest for one in store.key_records()] == [digest(key.encode(), b"salt").hex()]
    store.close()
    assert "acme" in run("keys", "list", "--fleet", "there/fleet.yaml").out
    assert run("usage", "--fleet", "there/fleet.yaml").out == "nothing was used\n"
    del fleet["serve"]
    Path("bare.yaml").write_text(json.dumps(fleet))
    assert "bare.yaml: serve" in run("usage", "--fleet", "bare.yaml").err


def test_usage_is_summed_by_what_is_asked(run) -> None:
    store = Store.at("headway.db")
    pending = Pending()
    for day, model, tokens in ((20_000, "m", 5), (20_000, "m", 7), (20_001, "n", 1)):
        pending.add(Used(day * 24, "acme", "k", model, tokens, 2, 3, NANO // 4))
    pending.add(Used(20_001 * 24, "other", "l", "n", 9, 0, 0, NANO))
    store.write("gateway", 1, pending)
    store.close()
    rows = json.loads(run("usage", "--by", "day", "--by", "model", "--format", "json").out)
    assert rows[0] == {
        "day": "2024-10-04",
        "model": "m",
        "requests": 2,
        "prompt_tokens": 12,
        "cached_tokens": 4,
        "output_tokens": 6,
        "cost": 0.5,
    }
    assert [row["cost"] for row in rows] == [0.5, 1.25]
    csv = run("usage", "--tenant", "acme", "--since", "2024-10-05", "--format", "csv").out
    assert csv.splitlines()[1:] == ["acme,1,1,2,3,0.25"]
    assert run("usage", "--until", "2024-10-04").out == "nothing was used\n"
    assert "acme" in run("usage").out
