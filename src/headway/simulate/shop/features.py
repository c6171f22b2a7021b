"""Features of linear rules for shops; times are in mean durations of the shop."""

from __future__ import annotations

from headway.simulate.features import FeatureSet

DYNAMIC = FeatureSet.of(
    "shop",
    1,
    {
        "duration": "p / shop_p",
        "log_duration": "log(p / shop_p)",
        "next_duration": "npt / shop_p",
        "next_work": "winq / shop_p",
        "next_queue": "queue_next / 5",
        "work_left": "R / shop_p / 5",
        "waited": "min(wait / shop_p, 10) / 5",
        "last": "last",
        "slack_per_operation": "max(-5, min(5, slack / k / shop_p))",
        "urgency": "exp(-max(slack, 0) / (2 * k * shop_p))",
        "late": "(slack < 0)",
        "late_duration": "(slack < 0) * p / shop_p",
        "lateness": "min(slack, 0) / shop_p / 10",
        "operation_due": "max(odd - t, p) / shop_p / 5",
        "due": "max(d - t, R) / shop_p / 20",
        "tardiness_cost": "shop_p / p * exp(-max(0, d - t - p - 3 * tail) / (3 * p_mean))",
    },
)
"""For shops that jobs flow through, with due dates."""

FLOW = FeatureSet.of(
    "shop without due dates",
    1,
    {
        name: str(expression)
        for name, expression in zip(DYNAMIC.names, DYNAMIC.expressions, strict=True)
        if not {"d", "odd", "slack"} & expression.columns
    },
)
"""Those of `DYNAMIC` that do not look at due dates."""

BLOCKING = FeatureSet.of(
    "blocking shop",
    1,
    {
        "blocked": "blocked",
        "duration": "p / shop_p - 1",
        "work_after": "2 * tail / (shop_p * machines) - 1",
        "waited": "0.3 * min(wait / shop_p, 5)",
        "relief": "0.5 * relief",
        "inside": "2 * outside * wip / machines",
        "next_occupied": "next_occupied - last",
        "next_finish": (
            "next_blocked + (next_occupied - next_blocked)"
            " * max(-2, min(2, (next_finish - t - p) / shop_p))"
        ),
        "load": "2 * load / (shop_p * jobs) - 1",
        "one": "1",
        "outside_next_occupied": "outside * (next_occupied - last)",
    },
)
"""For shops without buffers: what brings jobs in and what frees machines.

The last operation of a job counts as going to no machine.
"""

BLOCKING_REFERENCE = BLOCKING.rule(
    "ES-linear, reference",
    (0.41, -0.23, 2.83, 1.26, 9.02, -6.93, -1.12, -0.51, -0.61, 6.31, 0.23),
    waits=True,
)
"""Weights that an evolution strategy found in about a minute on random shops from 10×5 to 15×15."""
