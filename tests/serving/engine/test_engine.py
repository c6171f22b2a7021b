"""The engine, its settings and its policies, on cases that can be followed by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

from headway.errors import ConfigError, UnknownNameError
from headway.serving.engine import Engine, EngineConfig, Policy, View, Visible, preset, presets
from headway.serving.results import EngineRun, Status
from headway.serving.step_time import Affine, Shape
from headway.serving.workload import Workload

SECOND = Affine(1.0)
"""Every step takes a second."""


def workload(*requests: tuple[float, int, int], **columns: object) -> Workload:
    arrivals, prompts, outputs = zip(*requests, strict=True)
    return Workload.of(
        arrival_s=arrivals,
        prompt_tokens=prompts,
        output_tokens=outputs,
        **columns,  # type: ignore[arg-type]
    )


def config(**settings: object) -> EngineConfig:
    return EngineConfig(**{"blocks": 100, "block_tokens": 4, **settings})  # type: ignore[arg-type]


def run(traffic: Workload, policy: Policy | None = None, **settings: object) -> EngineRun:
    return Engine(traffic, config(**settings), SECOND, policy).run()


def test_one_request_speaks_once_a_step() -> None:
    table = run(workload((0.5, 10, 4))).requests
    assert table.scheduled_s.tolist() == [0.5]
    assert table.first_token_s.tolist() == [1.5]
    assert table.last_token_s.tolist() == [4.5]


def test_a_long_prompt_is_cut_and_shares_steps_with_decodes() -> None:
    happened = run(workload((0, 3, 5), (1, 14, 1)), token_budget=6)
    assert happened.steps.prefill_tokens.tolist() == [3, 5, 5, 4, 0]
    assert happened.steps.decodes.tolist() == [0, 1, 1, 1, 1]
    assert happened.requests.first_token_s.tolist() == [1, 4]


def test_prefills_go_first_in_steps_of_their_own() -> None:
    happened = run(workload((0, 3, 5), (1, 14, 1)), mix="prefill first", chunked=False)
    assert happened.steps.prefill_tokens.tolist() == [3, 14, 0, 0, 0, 0]
    assert happened.requests.last_token_s.tolist() == [6, 2]


def test_the_youngest_gives_way_when_blocks_run_short() -> None:
    happened = run(workload((0, 7, 8), (0, 7, 8)), blocks=5, prefix_caching=False)
    table = happened.requests
    assert table.preemptions.tolist() == [0, 1]
    assert table.recomputed_tokens.tolist() == [0, 8]
    assert (table.status == Status.FINISHED).all()


def test_what_can_never_fit_is_dropped_and_nothing_waits_for_it() -> None:
    happened = run(workload((0, 40, 1), (0, 4, 2), (0, 30, 30)), blocks=10)
    assert happened.requests.status.tolist() == [Status.DROPPED, Status.FINISHED, Status.DROPPED]


def test_a_closed_loop_sends_the_next_request_when_an_answer_is_complete() -> None:
    table = run(workload((0, 4, 3), (0, 4, 3), (0, 4, 3)), clients=1).requests
    assert table.arrival_s.tolist() == [0, 3, 6]


def test_a_static_batch_is_refilled_when_it_has_ended() -> None:
    table = run(workload((0, 4, 2), (0, 4, 5), (1, 4, 1)), refill="when empty", chunked=False)
    assert table.requests.scheduled_s.tolist() == [0, 0, 5]


def test_pipeline_stages_work_at_the_same_time() -> None:
    one = run(workload((0, 4, 9), (0, 4, 9)), max_sequences=1)
    both = run(workload((0, 4, 9), (0.25, 4, 9)), pipeline=2)
    assert one.steps.end_s[-1] == 18
    assert both.steps.end_s[-1] == 9.5


def test_swapping_takes_time_on_the_link_instead_of_tokens() -> None:
    traffic = workload((0, 7, 8), (0, 7, 8))
    settings = {"blocks": 5, "preemption": "swap", "bytes_per_block": 2, "swap_bytes_per_s": 10.0}
    happened = run(traffic, **settings)
    assert happened.requests.preemptions.sum() == 1
    assert happened.requests.recomputed_tokens.sum() == 0
    assert max(happened.steps.end_s - happened.steps.start_s) == pytest.approx(1.4)


def test_a_static_key_orders_the_queue() -> None:
    class ShortestFirst(Policy):
        name = "shortest first"

        def key(self, requests: Visible) -> np.ndarray:
            return requests.prompt_tokens.astype(float)

    table = run(workload((0, 9, 1), (0, 5, 1), (0, 7, 1)), ShortestFirst(), max_sequences=1)
    assert table.requests.scheduled_s.tolist() == [2, 0, 1]


def test_a_policy_admits_whom_it_likes_and_learns_from_answers() -> None:
    class OneAtATime(Policy):
        name = "one at a time, the last first"

        def __init__(self) -> None:
            self.heard: list[tuple[int, int]] = []

        def admit(self, view: View) -> list[int]:
            return [] if len(view.running) else [int(view.waiting.ids[-1])]

        def finished(self, request: int, output_tokens: int) -> None:
            self.heard.append((request, output_tokens))

    policy = OneAtATime()
    table = run(workload((0, 3, 2), (0, 3, 3), (0, 3, 4)), policy)
    assert table.requests.scheduled_s.tolist() == [7, 4, 0]
    assert policy.heard == [(2, 4), (1, 3), (0, 2)]


def test_a_policy_chooses_victims_and_budgets() -> None:
    class FirstGivesWay(Policy):
        name = "first gives way"

        def victim(self, view: View, grower: int) -> int:
            return int(view.running.ids[0])

        def budget(self, view: View) -> int:
            return 7 if view.n_steps == 0 else view.budget_left

    table = run(workload((0, 7, 8), (0, 7, 8)), FirstGivesWay(), blocks=5).requests
    assert table.scheduled_s.tolist() == [0, 1]
    assert table.preemptions[0] > 0


def test_a_policy_fills_steps_with_other_work() -> None:
    class Filler(Policy):
        name = "filler"

        def fill(self, view: View, shape: Shape) -> tuple[float, float]:
            return (5.5, 15.0) if shape.decodes else (0.0, 0.0)

    happened = run(workload((0, 4, 4)), Filler())
    assert happened.steps.extra_tokens.tolist() == [0, 5.5, 5.5, 5.5]


def test_a_policy_that_admits_nobody_for_ever_is_told_so() -> None:
    class Nobody(Policy):
        name = "nobody"

        def admit(self, view: View) -> list[int]:
            return []

    with pytest.raises(ConfigError, match="wait for ever"):
        run(workload((0, 4, 4)), Nobody())


def test_answers_that_make_no_sense_are_refused() -> None:
    class Stranger(Policy):
        def admit(self, view: View) -> list[int]:
            return [17]

    with pytest.raises(ConfigError, match="does not wait"):
        run(workload((0, 4, 4)), Stranger())


def test_a_policy_that_fails_is_named_with_its_line() -> None:
    class Clumsy(Policy):
        name = "clumsy"

        def budget(self, view: View) -> int:
            return {}["tokens"]

    with pytest.raises(ConfigError, match=r"clumsy: budget: KeyError: 'tokens' \(test_engine\.py:"):
        run(workload((0, 4, 4)), Clumsy())


def test_a_policy_whose_key_fails_is_named_with_file_and_line() -> None:
    class Keyless(Policy):
        name = "keyless"

        def key(self, requests: Visible) -> np.ndarray:
            return requests.wishes  # type: ignore[attr-defined, no-any-return]

    with pytest.raises(ConfigError, match=r"policy keyless: key: .*test_engine\.py:"):
        run(workload((0, 4, 4)), Keyless())


def test_steps_can_be_made_bit_by_bit() -> None:
    traffic = workload((0, 4, 3), (2.5, 4, 3))
    engine = Engine(traffic, config(), SECOND)
    engine.submit([0], [0.0])
    engine.advance(2.5)
    assert engine.now_s == 2.5
    assert engine.next_s == 3
    engine.submit([1], [2.5])
    engine.advance()
    assert engine.next_s == math.inf
    assert engine.result().requests.last_token_s.tolist() == [3, 6]
    with pytest.raises(ConfigError, match="already"):
        engine.submit([0], [1.0])


def test_the_same_run_however_it_is_advanced() -> None:
    rng = np.random.default_rng(5)
    n = 60
    traffic = Workload.of(
        arrival_s=rng.uniform(0, 40, n),
        prompt_tokens=rng.integers(1, 60, n),
        output_tokens=rng.integers(1, 40, n),
    )
    settings = config(blocks=40, token_budget=32, max_sequences=8)
    whole = Engine(traffic, settings, SECOND).run()
    engine = Engine(traffic, settings, SECOND)
    engine.submit(np.arange(n), traffic.arrival_s)
    for moment in np.arange(0, 2000, 0.7):
        engine.advance(float(moment))
    assert whole.requests.preemptions.sum() > 0
    for a, b in (
        (whole.requests.last_token_s, engine.result().requests.last_token_s),
        (whole.steps.end_s, engine.result().steps.end_s),
        (whole.steps.used_blocks, engine.result().steps.used_blocks),
    ):
        assert a.tolist() == b.tolist()


@pytest.mark.parametrize("name", presets())
def test_every_preset_serves_everybody(name: str) -> None:
    rng = np.random.default_rng(1)
    traffic = Workload.of(
        arrival_s=rng.uniform(0, 20, 40),
        prompt_tokens=rng.integers(1, 200, 40),
        output_tokens=rng.integers(1, 30, 40),
    )
    happened = Engine(traffic, preset(name, blocks=64, max_model_tokens=512), SECOND).run()
    assert (happened.requests.status == Status.FINISHED).all()


def test_an_unknown_preset_is_refused_with_the_nearest() -> None:
    with pytest.raises(UnknownNameError, match="sarathi"):
        preset("sarathy", blocks=1)


@pytest.mark.parametrize(
    ("settings", "key"),
    [
        ({"blocks": 0}, "blocks"),
        ({"token_budget": 1.5}, "token_budget"),
        ({"mix": "shaken"}, "mix"),
        ({"chunked": 1}, "chunked"),
        ({"watermark": 1.0}, "watermark"),
        ({"swap_bytes_per_s": 0}, "swap_bytes_per_s"),
        ({"refill": "when empty"}, "refill"),
        ({"mix": "prefill first", "decode_first": True}, "decode_first"),
    ],
)
def test_settings_out_of_range_are_refused_by_name(settings: dict[str, object], key: str) -> None:
    with pytest.raises(ConfigError, match=key):
        config(**settings)
