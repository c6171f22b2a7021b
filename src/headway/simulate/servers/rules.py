"""Rules that send a task to a machine, by their usual names."""

from __future__ import annotations

import numpy as np

from headway.simulate.policy import RuleBook

COLUMNS = (
    "n",
    "backlog",
    "size",
    "speed",
    "measured",
    "rank",
    "home",
    "turn",
    "pair",
    "luck",
    "credit",
    "load",
    "t",
)
"""What a candidate, a machine that the task may be sent to, is described by.

============ =====================================================================================
``n``        tasks there, the one in service included
``backlog``  believed work there, less what the declared speed has done of the one in service
``size``     believed work of the task
``speed``    declared speed
``measured`` believed work over time of the last tasks that ended there, at first as declared
``rank``     position by falling declared speed
``home``     1 if the size of the task falls into the machine's interval, else 0
``turn``     how many tasks ago, in a cycle, it was the machine's turn
``pair``     1 for two machines drawn at random, else 0
``luck``     a random number from 0 to 1
``credit``   tasks that the machine's share of measured speed has earned it, less those it got
``load``     recent work per tick over the sum of declared speeds
``t``        now
============ =====================================================================================
"""

RULES = RuleBook.of(
    "servers",
    COLUMNS,
    smallest={
        "ROUND-ROBIN": lambda c: c.turn,
        "RANDOM": lambda c: c.luck,
        "JSQ": lambda c: c.n,
        "LWL": lambda c: c.backlog,
        "SED": lambda c: (c.backlog + c.size) / c.speed,
        "SED-MEASURED": lambda c: (c.backlog + c.size) / c.measured,
        "POWER-OF-TWO": lambda c: c.n - 2**40 * c.pair,
        "PRIORITY": lambda c: c.rank + 2**20 * np.maximum(c.n - 3, 0),
    },
    largest={
        "SITA": lambda c: c.home,
        "DRA": lambda c: c.credit,
    },
)
"""The rules of this world; the first machine wins among equals.

================ =================================================================================
``ROUND-ROBIN``  in turn
``RANDOM``       with equal probability
``JSQ``          join the shortest queue
``LWL``          least work left
``SED``          shortest expected delay, by declared speeds
``SED-MEASURED`` the same by measured speeds
``POWER-OF-TWO`` the shorter queue of two random machines
``PRIORITY``     the fastest machine with fewer than four tasks; the shortest queue if there is none
``SITA``         size intervals of equal load per speed, small tasks to slow machines
``DRA``          dynamic resource allocation: tasks in proportion to measured speeds
================ =================================================================================
"""
