"""What a discovered rule is worth on instances it has never seen, and the rule as a file."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from headway.solve.discover.program import BUILTINS, FUNCTIONS, Program
from headway.solve.discover.sandbox import Limits, Sandbox
from headway.solve.discover.search import training
from headway.solve.single.exact import least_total_tardiness
from headway.solve.single.tardiness import HEURISTICS, total_tardiness

COMPARED = ("EDD", "EDDC", "PSK", "MDD", "MDDC", "MDDC + insertion")
_OTHER_SEED = 1_000_003


@dataclass(frozen=True, slots=True)
class HeldOut:
    """How one rule does on fresh instances.

    Attributes
    ----------
    rule
        Its name.
    mean
        Mean total tardiness.
    over_sum
        Sum over all instances compared with the sum of optima, as a share beyond it.
    over_mean, over_median
        The same per instance with a positive optimum, mean and median.
    """

    rule: str
    mean: float
    over_sum: float
    over_mean: float
    over_median: float


def held_out(
    program: Program,
    *,
    seed: int = 0,
    instances: int = 500,
    jobs: int = 25,
    limits: Limits | None = None,
) -> list[HeldOut]:
    """Return how a program does on fresh instances, next to the rules of the literature.

    The optimum of each instance is computed exactly; those for which that takes too much memory are
    left out. The instances are drawn from the same classes as those for training, from another
    seed.
    """
    drawn = training(seed + _OTHER_SEED, instances, jobs)
    solved = [(i, least_total_tardiness(i.work, i.due)) for i in drawn]
    fresh = [i for i, answer in solved if answer is not None]
    if not fresh:
        return []
    optima = np.array([answer[0] for _, answer in solved if answer is not None])
    with Sandbox({"fresh": fresh}, limits or Limits()) as sandbox:
        found = {"discovered": sandbox.run(program.text, "fresh")}
    for name in COMPARED:
        rule = HEURISTICS[name]
        found[name] = [total_tardiness(i.work, i.due, rule(i.work, i.due)) for i in fresh]
    return [_row(name, np.array(values), optima) for name, values in found.items()]


def _row(rule: str, values: np.ndarray, optima: np.ndarray) -> HeldOut:
    assert (values >= optima).all(), f"{rule} beats an optimum"
    ratios = values[optima > 0] / optima[optima > 0] - 1
    return HeldOut(
        rule,
        float(values.mean()),
        float(values.sum() / max(optima.sum(), 1) - 1),
        float(ratios.mean()) if len(ratios) else 0.0,
        float(np.median(ratios)) if len(ratios) else 0.0,
    )


def table(rows: Sequence[HeldOut]) -> str:
    """Return the rows as a table of plain text."""
    lines = [f"{'':18}{'mean':>10}{'of sums':>10}{'of ratios':>11}{'median':>9}"]
    lines += [
        f"{row.rule:18}{row.mean:10.1f}{row.over_sum:10.3%}{row.over_mean:11.3%}"
        f"{row.over_median:9.3%}"
        for row in rows
    ]
    return "\n".join(lines)


def source_of(program: Program, rows: Sequence[HeldOut]) -> str:
    """Return a discovered rule as a Python file that needs nothing but numpy."""
    used = {node.id for node in ast.walk(ast.parse(program.text)) if isinstance(node, ast.Name)}
    plain = sorted(used & (set(FUNCTIONS) - set(_OWN) - set(BUILTINS)))
    own = "".join(f"\n\n{text}\n" for name, text in _OWN.items() if name in used)
    return _FILE.format(
        imports=f"\nfrom numpy import {', '.join(plain)}" if plain else "",
        own=own,
        table="\n".join(f"    {line}".rstrip() for line in table(rows).splitlines()),
        program=program.text.strip(),
        order=_SCORED if program.text.lstrip().startswith("def score") else _SEQUENCED,
    )


_FILE = '''"""A rule for the total tardiness of jobs on one machine, found by `headway discover`.

Mean total tardiness on fresh instances, and how far above the optimum:

{table}
"""

import numpy as np{imports}
{own}

{program}


{order}'''

_OWN = {
    "div": """def div(a, b):
    \"\"\"Return a / b, and a where b is nearly 0.\"\"\"
    small = np.abs(b) < 1e-9
    return np.where(small, a, a / np.where(small, 1.0, b))""",
    "sqrt": """def sqrt(a):
    \"\"\"Return the square root of the absolute value.\"\"\"
    return np.sqrt(np.abs(a))""",
}

_SCORED = '''def order(work, due):
    """Return the positions of the jobs in the order in which to run them."""
    p, d = np.asarray(work, float), np.asarray(due, float)
    left, t, found = list(range(len(p))), 0.0, []
    while left:
        q, e = p[left], d[left]
        s = np.broadcast_to(score(q, e, t, q.mean(), q.max(), q.sum(), float(len(left))), q.shape)
        found.append(left.pop(int(np.argmin(np.where(np.isfinite(s), s, 1e300)))))
        t += p[found[-1]]
    return found
'''

_SEQUENCED = '''def order(work, due):
    """Return the positions of the jobs in the order in which to run them."""
    return list(sequence(np.asarray(work), np.asarray(due)))
'''
