"""What dispatching achieves on the field's job shops."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from headway.instances import best_known, instance
from headway.learn.jobshop.rule import JobShopRule
from headway.learn.rule_file import LinearRule
from headway.simulate.dispatch import Decoder, Dispatcher, Greedy, Sampled
from headway.simulate.policy import Policy

SETS: dict[str, tuple[str, ...]] = {
    "Taillard": tuple(f"ta{k:02}" for k in range(1, 81)),
    "Demirkol": tuple(f"dmu{k:02}" for k in range(1, 81)),
    "Lawrence": tuple(f"la{k:02}" for k in range(1, 41)),
}
"""Instances of the sets that dispatchers are compared on."""


def gaps(
    names: Sequence[str],
    policy: str | Policy,
    decoder: Decoder | None = None,
    *,
    delta: float = 0.0,
    seed: int = 0,
) -> list[float]:
    """Return by how many percent makespans exceed the best known ones.

    Parameters
    ----------
    names
        Classical instances, `headway.instances`.
    policy, decoder, delta, seed
        As for `headway.simulate.dispatch.dispatch`, which verifies every schedule.
    """
    found = []
    for name in names:
        upper = best_known(name).upper
        schedule = Dispatcher(instance(name), delta).run(policy, decoder, seed=seed)
        assert schedule is not None
        assert upper is not None
        found.append(100 * (schedule.makespan / upper - 1))
    return found


def table(
    rule: LinearRule, sets: Mapping[str, Sequence[str]] | None = None
) -> list[dict[str, Any]]:
    """Return the mean gap of a trained rule on each set, percent, beside classic rules.

    Parameters
    ----------
    rule
        For job shops.
    sets
        Names of instances; `SETS` by default.
    """
    ours = JobShopRule(rule)
    ways: list[tuple[str, str | Policy, float, Decoder]] = [
        ("longest tail, non-delay", "LTAIL", 0.0, Greedy()),
        ("longest tail, 20 % noise, best of 128", "LTAIL", 0.0, Sampled(128, 0.0, spread=0.2)),
        (rule.name, ours.policy, ours.delta, Greedy()),
        (f"{rule.name}, best of 128", ours.policy, ours.delta, ours.independent(128)),
        (f"{rule.name}, search of 128", ours.policy, ours.delta, ours.search(128)),
    ]
    return [
        {
            "rule": title,
            **{
                name: round(sum(gap) / len(gap), 2)
                for name, names in (sets or SETS).items()
                for gap in [gaps(names, policy, decoder, delta=delta)]
            },
        }
        for title, policy, delta, decoder in ways
    ]
