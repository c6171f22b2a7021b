"""Policies by name, and those that do not fit together."""

import pytest

from headway.errors import ConfigError, UnknownNameError
from headway.serving.prefill import (
    NAMED,
    ORDERS,
    Fill,
    PrefillPolicy,
    PrefillRequests,
    QuadraticWork,
    SloAware,
    find,
    simulate,
)
from headway.serving.prefill.policy import names
from headway.simulate import registry


@pytest.mark.parametrize("name", names())
def test_every_name_is_found_and_runs(name: str) -> None:
    drawn = PrefillRequests.of([0, 0.01, 0.02], [3000, 100, 5000], ttft_s=1.0)
    run = simulate(drawn, QuadraticWork(), name)
    assert run.policy == name
    assert run.first_token_s.max() < 2


def test_a_name_is_read_in_any_case() -> None:
    assert find(" S-EDF  Chunk 512 ") == PrefillPolicy(
        "s-edf chunk 512", ORDERS["s-edf"], "chunk", 512
    )
    assert find("FlowPrefill") is NAMED["flowprefill"]
    assert find(NAMED["distserve"]) is NAMED["distserve"]


@pytest.mark.parametrize(
    ("text", "named"),
    [("sedf operator", "s-edf"), ("edf kernel", "known"), ("flow", "flowprefill")],
)
def test_a_name_nobody_knows_gets_those_there_are(text: str, named: str) -> None:
    with pytest.raises(UnknownNameError, match=named):
        find(text)


@pytest.mark.parametrize(
    "make",
    [
        lambda: find("edf chunk"),
        lambda: find("edf whole 12"),
        lambda: PrefillPolicy("p", cut="chunk", chunk_tokens=0),
        lambda: PrefillPolicy("p", cut="chunk", chunk_tokens=9, batching=SloAware()),
        lambda: PrefillPolicy("p", round_s=-1.0),
    ],
)
def test_parts_that_do_not_fit_are_refused(make) -> None:
    with pytest.raises(ConfigError, match="policy"):
        make()


def test_other_packages_add_policies(monkeypatch: pytest.MonkeyPatch) -> None:
    """An entry point ``prefill.mine`` is found as ``mine``; anything else but a policy is not."""

    class Entry:
        def __init__(self, thing: object) -> None:
            self.load = lambda: thing

    added = {"prefill.mine": Entry(PrefillPolicy("x", ORDERS["edf"])), "prefill.odd": Entry(3)}
    monkeypatch.setattr(registry, "_entry_points", lambda: added)
    assert find("mine") == PrefillPolicy("mine", ORDERS["edf"])
    assert "mine" in names()
    with pytest.raises(ConfigError, match="odd"):
        find("odd")


def test_an_unknown_cut_is_refused() -> None:
    with pytest.raises(UnknownNameError, match="cut"):
        PrefillPolicy("p", cut="kernel")


def test_chunks_may_be_filled() -> None:
    assert PrefillPolicy("p", cut="chunk", chunk_tokens=9, batching=Fill(9)).chunk_tokens == 9
