"""Genetic programming: readable rules, bred from the columns of a world.

References
----------
Koza (1992), "Genetic programming". Nguyen, Mei, Zhang (2017), "Genetic programming for production
scheduling: a survey with a unified framework".
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from headway.errors import ConfigError
from headway.simulate.expression import OPERATORS, Expression

Floats: TypeAlias = NDArray[np.float64]

Cost: TypeAlias = Callable[[Sequence[Expression], int], Floats]
"""Costs of rules in the world that a seed draws, shape (n_rules,); smaller is better.

All rules of one call meet the same world, so that their costs differ by their merit alone.
"""

FUNCTIONS = ("add", "subtract", "multiply", "divide", "maximum", "minimum")
"""What rules are bred from, besides columns and constants."""

_CHANCE_OF_LEAF = 0.1
_CHANCE_OF_CONSTANT = 0.15
_TRIES = 10


@dataclass(frozen=True, slots=True)
class Breeding:
    """How rules are bred.

    Parameters
    ----------
    population
        Rules alive at a time.
    generations
        How often they are replaced.
    tournament
        Rules that compete to be a parent.
    depth
        Nodes on the longest way through a rule.
    crossover, mutation
        Chances that a new rule is made from parts of two, or of one with a part drawn anew; the
        others are copies.
    elite
        Best rules that live on unchanged.
    finalists
        Best rules that validation chooses from, from each of the last generations.
    """

    population: int = 200
    generations: int = 50
    tournament: int = 5
    depth: int = 6
    crossover: float = 0.8
    mutation: float = 0.15
    elite: int = 4
    finalists: int = 10

    def __post_init__(self) -> None:
        least = {"population": 2, "generations": 1, "tournament": 1, "depth": 2, "elite": 0,
                 "finalists": 1}  # fmt: skip
        for name, bound in least.items():
            if getattr(self, name) < bound:
                raise ConfigError(f"{name}: expected at least {bound}, got {getattr(self, name)}")
        if not (self.crossover >= 0 and self.mutation >= 0 and self.crossover + self.mutation <= 1):
            raise ConfigError("crossover and mutation: expected chances of at most 1 together")
        if self.elite >= self.population:
            raise ConfigError("elite: expected fewer rules than in the population")


@dataclass(frozen=True, slots=True)
class Generation:
    """News of a breeding run.

    Attributes
    ----------
    number
        Generations so far.
    rule
        The best of this one.
    cost, mean_cost
        Its cost, and the mean cost of the half that does best.
    time_s
        Wall-clock seconds since the beginning.
    """

    number: int
    rule: Expression
    cost: float
    mean_cost: float
    time_s: float


@dataclass(frozen=True, slots=True)
class Bred:
    """What a breeding run brought.

    Attributes
    ----------
    rule
        The rule of least validation cost, simplified.
    validation
        That cost, a mean over the validation seeds.
    generations
        How many there were.
    time_s
        Wall-clock seconds.
    """

    rule: Expression
    validation: float
    generations: int
    time_s: float


def breed(
    cost: Cost,
    columns: Sequence[str],
    breeding: Breeding | None = None,
    *,
    ancestors: Sequence[Expression] = (),
    validation: Sequence[int],
    seed: int = 0,
    on_generation: Callable[[Generation], None] | None = None,
    stop: Callable[[], bool] | None = None,
) -> Bred:
    """Breed a rule whose smallest key goes first.

    Parameters
    ----------
    cost
        What rules cost. Every generation meets a world of its own, so that none is learnt by
        heart.
    columns
        What rules may look at.
    breeding
        How; see `Breeding`.
    ancestors
        Rules to begin with, besides random ones; the result is never worse than they are on the
        validation seeds.
    validation
        Seeds of the worlds that choose among the finalists; training never meets them.
    seed
        Seed of all random choices.
    on_generation
        Told of every generation.
    stop
        Asked after every generation whether to end.

    Raises
    ------
    ConfigError
        If there are no columns or no validation seeds.

    Notes
    -----
    A rule whose cost is not a number, because the cost function gave up on it, counts as the worst.
    """
    if not columns or not validation:
        raise ConfigError("expected columns and validation seeds")
    how = Breeding() if breeding is None else breeding
    began = time.perf_counter()
    rng = np.random.default_rng(seed)
    nursery = _Nursery(tuple(columns), how, rng)
    rules = [*ancestors, *nursery.drawn(how.population - len(ancestors))][: how.population]
    finalists: dict[Expression, None] = dict.fromkeys(ancestors)
    used = set(validation)
    worlds = (number for number in _numbers(rng) if number not in used)
    for number in range(1, how.generations + 1):
        costs = _costs(cost, rules, next(worlds))
        ranking = sorted(range(len(rules)), key=lambda k: (costs[k], rules[k].size))
        best = [rules[k] for k in ranking[: how.finalists]]
        # The last generations count: what did well on one early world was often lucky.
        if number > how.generations // 2 or number == 1:
            finalists |= dict.fromkeys(best)
        if on_generation is not None:
            half = costs[ranking[: max(1, len(rules) // 2)]]
            on_generation(
                Generation(
                    number,
                    best[0],
                    float(costs[ranking[0]]),
                    float(half.mean()),
                    time.perf_counter() - began,
                )
            )
        if (stop is not None and stop()) or number == how.generations:
            finalists |= dict.fromkeys(best)
            break
        rules = nursery.next_generation(rules, costs, ranking)
    return _champion(cost, list(finalists), validation, number, began)


def _champion(
    cost: Cost, finalists: list[Expression], validation: Sequence[int], number: int, began: float
) -> Bred:
    """Return the finalist that does best where none was trained."""
    shorter = list(dict.fromkeys(rule.simplified() for rule in finalists))
    total = sum((_costs(cost, shorter, world) for world in validation), np.zeros(len(shorter)))
    k = min(range(len(shorter)), key=lambda k: (total[k], shorter[k].size))
    elapsed = time.perf_counter() - began
    return Bred(shorter[k], float(total[k]) / len(validation), number, elapsed)


def _costs(cost: Cost, rules: Sequence[Expression], world: int) -> Floats:
    """Return what each rule costs; rules that are the same are tried once."""
    different = list(dict.fromkeys(rules))
    found = np.asarray(cost(different, world), dtype=np.float64)
    found = np.where(np.isnan(found), math.inf, found)
    by_rule = dict(zip(different, found, strict=True))
    return np.array([by_rule[rule] for rule in rules])


def _numbers(rng: np.random.Generator) -> Iterator[int]:
    """Yield seeds of worlds, none twice."""
    seen: set[int] = set()
    while True:
        number = int(rng.integers(2**31))
        if number not in seen:
            seen.add(number)
            yield number


class _Nursery:
    """Draws rules, and makes new ones from old ones."""

    def __init__(self, columns: tuple[str, ...], how: Breeding, rng: np.random.Generator) -> None:
        self.columns = columns
        self.how = how
        self.rng = rng

    def drawn(self, count: int) -> list[Expression]:
        """Return random rules of all depths, full ones and ragged ones in turn."""
        depths = range(2, max(3, self.how.depth))
        return [
            self._tree(depths[k % len(depths)], full=bool(k // len(depths) % 2))
            for k in range(max(count, 0))
        ]

    def next_generation(
        self, rules: Sequence[Expression], costs: Floats, ranking: Sequence[int]
    ) -> list[Expression]:
        """Return the elite and as many children as there is room for."""
        following = list(dict.fromkeys(rules[k] for k in ranking))[: self.how.elite]
        while len(following) < self.how.population:
            following.append(self._child(rules, costs))
        return following

    def _child(self, rules: Sequence[Expression], costs: Floats) -> Expression:
        parent, chance = self._parent(rules, costs), self.rng.random()
        for _ in range(_TRIES):
            if chance < self.how.crossover:
                child = self._with_part(parent, self._part_of(self._parent(rules, costs)))
            elif chance < self.how.crossover + self.how.mutation:
                child = self._with_part(parent, self._tree(3, full=False))
            else:
                return parent
            # A rule that does not look at anything cannot choose.
            if child.depth <= self.how.depth and child.columns:
                return child
        return parent

    def _parent(self, rules: Sequence[Expression], costs: Floats) -> Expression:
        drawn = self.rng.integers(len(rules), size=self.how.tournament)
        return rules[min(drawn.tolist(), key=lambda k: (costs[k], rules[k].size))]

    def _part_of(self, rule: Expression) -> Expression:
        parts = [part for _, part in _parts(rule)]
        return parts[int(self.rng.integers(len(parts)))]

    def _with_part(self, rule: Expression, part: Expression) -> Expression:
        ways = [way for way, _ in _parts(rule)]
        return _replaced(rule, ways[int(self.rng.integers(len(ways)))], part)

    def _tree(self, depth: int, *, full: bool) -> Expression:
        if depth <= 1 or (not full and self.rng.random() < _CHANCE_OF_LEAF):
            if self.rng.random() < _CHANCE_OF_CONSTANT:
                return Expression(float(f"{math.exp(self.rng.standard_normal()):.2g}"))
            return Expression(self.columns[int(self.rng.integers(len(self.columns)))])
        name = FUNCTIONS[int(self.rng.integers(len(FUNCTIONS)))]
        operands = tuple(self._tree(depth - 1, full=full) for _ in range(OPERATORS[name].arity))
        return Expression(name, operands)


def _parts(rule: Expression) -> Iterator[tuple[tuple[int, ...], Expression]]:
    """Yield every part with the way to it, as positions among operands."""
    yield (), rule
    for k, operand in enumerate(rule.operands):
        for way, part in _parts(operand):
            yield (k, *way), part


def _replaced(rule: Expression, way: tuple[int, ...], part: Expression) -> Expression:
    """Return the rule with another part at the end of a way."""
    if not way:
        return part
    operands = list(rule.operands)
    operands[way[0]] = _replaced(operands[way[0]], way[1:], part)
    return replace(rule, operands=tuple(operands))
