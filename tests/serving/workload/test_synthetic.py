"""Drawn traffic: repeatable, as described, sharing what it says it shares."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headway.errors import ConfigError
from headway.serving.workload import NO_LIMIT, NONE, Workload, prefix_hits, synthetic
from tests.serving.workload.test_workload import same
from tests.serving.workload.traces import TRACES

PLAIN: dict[str, Any] = {
    "requests": 200,
    "arrivals": "poisson(5)",
    "prompt_tokens": "lognormal(100, 1)",
    "output_tokens": "exponential(20)",
}
TALK: dict[str, Any] = {
    **PLAIN,
    "sessions": {"turns": 4, "between_s": 10},
    "prefixes": {"count": 3, "tokens": 100},
    "block_tokens": 8,
}


@given(st.integers(0, 2**32), st.sampled_from([PLAIN, TALK]))
@settings(max_examples=20)
def test_the_same_seed_gives_the_same_requests(seed: int, about: dict[str, Any]) -> None:
    work = synthetic(about, seed=seed)
    assert same(work, synthetic({**about, "seed": seed}))
    assert len(work) == 200
    assert not same(work, synthetic(about, seed=seed + 1))


def test_what_one_source_draws_does_not_depend_on_another() -> None:
    """Adapters, priorities and other arrivals leave lengths as they were."""
    other = {"arrivals": "constant(1)", "adapters": {"count": 3}, "priorities": {1: 1, 2: 1}}
    one, two = synthetic(PLAIN), synthetic({**PLAIN, **other})
    assert np.array_equal(one.prompt_tokens, two.prompt_tokens)
    assert np.array_equal(one.output_tokens, two.output_tokens)


def test_requests_of_a_duration_are_those_before_its_end() -> None:
    about = {**TALK, "duration_s": 60.0}
    del about["requests"]
    work = synthetic(about)
    assert work.arrival_s[0] > 0
    assert work.arrival_s[-1] < 60
    assert 200 < len(work) < 1200


def test_lengths_come_in_pairs_from_a_trace() -> None:
    about = {"requests": 300, "arrivals": "constant(1)", "lengths": str(TRACES / "lengths.csv")}
    work = synthetic(about)
    pairs = set(zip(work.prompt_tokens.tolist(), work.output_tokens.tolist(), strict=True))
    assert pairs == {(100, 20), (7, 1)}


@pytest.mark.parametrize(
    ("name", "prompt", "output"),
    [
        ("distribution-1", (32, 4096), (2048, 4096)),
        ("distribution-2", (3000, 5000), (3000, 5000)),
        ("distribution-3", (2048, 4096), (32, 4096)),
    ],
)
def test_the_uniform_pairs_keep_their_bounds(
    name: str, prompt: tuple[int, int], output: tuple[int, int]
) -> None:
    work = synthetic({"requests": 4000, "arrivals": "constant(1)", "lengths": name})
    for tokens, (low, high) in ((work.prompt_tokens, prompt), (work.output_tokens, output)):
        assert low <= tokens.min() <= low + 20
        assert high - 20 <= tokens.max() <= high
        assert tokens.mean() == pytest.approx((low + high) / 2, rel=0.03)


def conversations(work: Workload) -> list[np.ndarray[Any, Any]]:
    numbers = np.unique(work.session)
    return [np.flatnonzero(work.session == number) for number in numbers]


def test_prompts_grow_by_all_that_was_said() -> None:
    """Constant lengths, by hand: 100 of system, then 10 asked and 6 answered in every turn."""
    about = {**TALK, "prompt_tokens": 10, "output_tokens": 6, "requests": 120}
    work = synthetic(about)
    for mine in conversations(work):
        turns = len(mine)
        assert turns <= 4
        assert work.prompt_tokens[mine].tolist() == [110, 126, 142, 158][:turns]
        assert np.diff(work.arrival_s[mine]).tolist() == pytest.approx([10] * (turns - 1))


def test_a_turn_finds_what_was_said_before_it() -> None:
    """In blocks of 8: of 110 + 6 tokens 14 are full, so that the second turn finds 14 blocks."""
    about = {**TALK, "prompt_tokens": 10, "output_tokens": 6, "requests": 120}
    work = synthetic(about)
    assert work.blocks is not None
    hits = prefix_hits(work).hits
    said = {}
    met = set()
    for k in range(len(work)):
        number = int(work.session[k])
        first = work.blocks[k][:1].tolist()[0]
        if number in said:
            assert hits[k] == said[number] // 8
        else:
            # The full blocks of a system prompt of 100 tokens, if somebody had it before.
            assert hits[k] == (12 if first in met else 0)
        met.add(first)
        said[number] = int(work.prompt_tokens[k] + work.output_tokens[k])


def test_blocks_cover_prompt_and_answer_and_ids_mean_one_depth() -> None:
    work = synthetic(TALK)
    assert work.blocks is not None
    tokens = work.prompt_tokens.astype(int) + work.output_tokens
    assert (work.blocks.counts == -(-tokens // 8)).all()
    depth: dict[int, int] = {}
    before: dict[int, int] = {}
    for row in work.blocks:
        chain = [-1, *row.tolist()]
        for k, (parent, block) in enumerate(itertools.pairwise(chain)):
            assert depth.setdefault(block, k) == k
            assert before.setdefault(block, parent) == parent


def test_conversations_end_before_they_are_too_long() -> None:
    about = {**TALK, "sessions": {"turns": 50, "between_s": 1, "max_tokens": 500}}
    work = synthetic(about)
    assert (work.prompt_tokens + work.output_tokens <= 500).all()


def test_shares_are_those_described() -> None:
    about = {
        **PLAIN,
        "requests": 5000,
        "priorities": {-1: 0.1, 0: 0.9},
        "classes": [{"name": "paid", "ttft_s": 0.5, "share": 1}, {"name": "free", "share": 3}],
        "adapters": {"count": 4, "zipf": 1, "share": 0.5},
        "limit_tokens": 30,
    }
    work = synthetic(about)
    assert (work.priority == -1).mean() == pytest.approx(0.1, abs=0.02)
    assert (work.service_class == 0).mean() == pytest.approx(0.25, abs=0.03)
    assert work.classes[0].ttft_s == 0.5
    shares = np.bincount(work.adapter + 1) / 5000
    assert shares[0] == pytest.approx(0.5, abs=0.03)
    assert shares[1:] == pytest.approx(0.5 * np.array([12, 6, 4, 3]) / 25, abs=0.02)
    assert (work.limit_tokens == 30).all()
    assert work.output_tokens.max() == 30


def test_classes_by_length_take_the_prompts_up_to_it() -> None:
    classes = [{"name": "short", "prompt_up_to": 50}, {"name": "long"}]
    work = synthetic({**PLAIN, "classes": classes})
    assert ((work.prompt_tokens <= 50) == (work.service_class == 0)).all()


def test_several_descriptions_are_put_together() -> None:
    work = synthetic([{**PLAIN, "name": "a"}, {**TALK, "requests": 100}])
    assert len(work) == 300
    assert (work.session == NONE).sum() == 200
    assert (work.limit_tokens == NO_LIMIT).all()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"requets": 5}, "Object contains unknown field `requets`"),
        ({"requests": 10**9}, "requests: Expected `int` <= 100000000"),
        ({"requests": 0}, "requests: Expected `int` >= 1"),
        ({"duration_s": 5}, "requests: expected either this or duration_s"),
        ({"arrivals": "poison(5)"}, "arrivals: expected arrivals such as"),
        ({"arrivals": {"rates": [[0, 1]], "like": "x"}}, "arrivals: expected either rates or like"),
        ({"arrivals": {"like": "azure-con"}}, "arrivals: unknown trace 'azure-con'; did you mean"),
        ({"arrivals": {"rats": []}}, "arrivals: Object contains unknown field `rats`"),
        ({"prompt_tokens": "normal(5)"}, "prompt_tokens: law normal: expected 2 parameters"),
        ({"prompt_tokens": 1e12}, "prompt_tokens: law constant.* gives 1e.12: more than"),
        ({"lengths": "azure-conv"}, "lengths: expected either this or both"),
        ({"sessions": {"turns": 2}}, "sessions: Object missing required field `between_s`"),
        ({"sessions": {"turns": "x(2)", "between_s": 1}}, "sessions.turns: unknown law"),
        (
            {"sessions": {"turns": 2, "between_s": 1, "max_tokens": 1}},
            "sessions: hardly any conversation fits",
        ),
        ({"prefixes": {"tokens": "uniform(2, 1)"}}, "prefixes.tokens: law uniform"),
        ({"prefixes": {"tokens": 1e9}}, "block_tokens: 12,500,00.,... blocks; expected at most"),
        ({"priorities": {1: 0}}, "priorities: expected a share above 0"),
        ({"classes": [{"name": "a"}, {"name": "a"}]}, "classes: two are called 'a'"),
        (
            {"classes": [{"name": "a"}, {"name": "b", "prompt_up_to": 3}]},
            "classes: prompt_up_to: expected of all but the last",
        ),
        (
            {"classes": [{"name": "a", "prompt_up_to": 4}, {"name": "b", "prompt_up_to": 3}]},
            "classes: prompt_up_to: expected ascending",
        ),
        ({"classes": [{"name": "b", "prompt_up_to": 3}]}, "classes: prompt_up_to: no class takes"),
    ],
)
def test_what_makes_no_sense_is_refused_with_its_key(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        synthetic({**PLAIN, **changes})


def test_the_place_in_a_list_is_named() -> None:
    with pytest.raises(ConfigError, match=r"\[1\]\.requests: Expected `int` >= 1"):
        synthetic([PLAIN, {**PLAIN, "requests": 0}])
    with pytest.raises(ConfigError, match="expected a description"):
        synthetic([])
