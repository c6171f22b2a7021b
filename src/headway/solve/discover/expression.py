"""Expressions for the score of a job: trees, drawn and changed at random, written as Python.

A score is a number per waiting job; the job of least score goes next. It is an expression over
`VARIABLES` with the functions and operators of `OPERATORS`, all of them numpy functions that are
defined everywhere, so that any tree can be evaluated for all jobs at once.

Trees are typed: parts that are drawn measure either a time or a number without unit, and a score is
a time. So a rule that grows from rules that do not mind the unit of time does not mind it either.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import IntEnum
from typing import TypeVar

import numpy as np

VARIABLES = ("p", "d", "t", "p_mean", "p_max", "work_left", "jobs_left")
"""What a score may look at: processing time and due date of the job; the time; mean, largest and
total processing time of the waiting jobs, and their number."""

OPERATORS = {"add": 2, "sub": 2, "mul": 2, "div": 2, "maximum": 2, "minimum": 2, "square": 1,
             "sqrt": 1}  # fmt: skip
"""Operators by name, with their number of operands."""

LARGEST = 40
"""Nodes of the largest expression that changes may lead to."""

_SIGNS = {"add": "+", "sub": "-", "mul": "*"}
_SYMBOLS = {ast.Add: "add", ast.Sub: "sub", ast.Mult: "mul"}
_CHANCE_OF_LEAF = 0.3
_CHANCE_OF_JOBS = 0.2
_CHANCE_OF_CONSTANT = 0.8
_SPREAD, _SPREAD_OF_NEW = 0.2, 0.7


class Kind(IntEnum):
    """What an expression measures; expressions that are drawn never add a time to a number."""

    NUMBER = 0
    TIME = 1


_TIMES = ("p", "d", "t", "p_mean", "p_max", "work_left")
_ALIKE = ("add", "sub", "maximum", "minimum")
_Forms = tuple[tuple[str, tuple[Kind, ...]], ...]
_FORMS: dict[Kind, _Forms] = {
    kind: tuple((label, (kind, kind)) for label in _ALIKE) for kind in Kind
}
_FORMS[Kind.TIME] += (("mul", (Kind.NUMBER, Kind.TIME)),)
_FORMS[Kind.NUMBER] += (
    ("mul", (Kind.NUMBER, Kind.NUMBER)),
    ("div", (Kind.TIME, Kind.TIME)),
    ("square", (Kind.NUMBER,)),
    ("sqrt", (Kind.NUMBER,)),
)


@dataclass(frozen=True, slots=True)
class Node:
    """An operator with its operands, a variable or a constant.

    Attributes
    ----------
    label
        A name of `OPERATORS` or `VARIABLES`, or a number.
    operands
        One per operand; empty for variables and constants.
    """

    label: str | float
    operands: tuple[Node, ...] = ()

    @property
    def size(self) -> int:
        """Number of nodes."""
        return 1 + sum(operand.size for operand in self.operands)

    def __str__(self) -> str:
        if isinstance(self.label, float):
            return f"({self.label!r})" if self.label < 0 else repr(self.label)
        if self.label in _SIGNS:
            return f"({f' {_SIGNS[self.label]} '.join(map(str, self.operands))})"
        if self.operands:
            return f"{self.label}({', '.join(map(str, self.operands))})"
        return self.label


def parse(text: str) -> Node:
    """Return the expression written by ``str``.

    Raises
    ------
    ValueError
        If it is none.

    Examples
    --------
    >>> print(parse("maximum(p + t, 1.5 * d)"))
    maximum((p + t), (1.5 * d))
    """
    try:
        body = ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, MemoryError, RecursionError) as error:
        raise ValueError(f"not an expression: {error}") from None
    return _from_ast(body)


def _from_ast(node: ast.expr) -> Node:
    match node:
        case ast.Constant(value=int() | float() as value) if not isinstance(value, bool):
            return Node(float(value))
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() | float() as value)):
            return Node(-float(value))
        case ast.Name(id=name) if name in VARIABLES:
            return Node(name)
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _SYMBOLS:
            return Node(_SYMBOLS[type(op)], (_from_ast(left), _from_ast(right)))
        case ast.Call(func=ast.Name(id=name), args=operands, keywords=[]) if OPERATORS.get(
            name
        ) == len(operands):
            return Node(name, tuple(map(_from_ast, operands)))
    raise ValueError(f"not part of a score: {ast.unparse(node)}")


def nodes(tree: Node) -> Iterator[tuple[tuple[int, ...], Node]]:
    """Yield every node with the way to it, as positions among operands."""
    yield (), tree
    for k, operand in enumerate(tree.operands):
        for way, node in nodes(operand):
            yield (k, *way), node


def replaced(tree: Node, way: tuple[int, ...], part: Node) -> Node:
    """Return the tree with another part at the end of a way."""
    if not way:
        return part
    operands = list(tree.operands)
    operands[way[0]] = replaced(operands[way[0]], way[1:], part)
    return replace(tree, operands=tuple(operands))


def kind_of(tree: Node) -> Kind:
    """Return what an expression measures, as far as its shape tells.

    Examples
    --------
    >>> kind_of(parse("maximum(p + t, d)")).name, kind_of(parse("div(p, p_max)")).name
    ('TIME', 'NUMBER')
    """
    if not tree.operands:
        return Kind.TIME if tree.label in _TIMES else Kind.NUMBER
    kinds = [kind_of(operand) for operand in tree.operands]
    if tree.label == "mul":
        return max(kinds)
    if tree.label == "div":
        return Kind.TIME if kinds == [Kind.TIME, Kind.NUMBER] else Kind.NUMBER
    return kinds[0]


def drawn(rng: np.random.Generator, kind: Kind = Kind.TIME, depth: int = 3) -> Node:
    """Return a random expression of a kind, at most so deep."""
    if depth <= 1 or rng.random() < _CHANCE_OF_LEAF:
        if kind is Kind.TIME:
            return Node(_any_of(_TIMES, rng))
        if rng.random() < _CHANCE_OF_JOBS:
            return Node("jobs_left")
        return Node(_constant(float(np.exp(_SPREAD_OF_NEW * rng.standard_normal()))))
    label, operands = _any_of(_FORMS[kind], rng)
    return Node(label, tuple(drawn(rng, operand, depth - 1) for operand in operands))


def crossed(a: Node, b: Node, rng: np.random.Generator) -> Node:
    """Return `a` with a random part of `b` in place of one of its own of the same kind."""
    way, node = _any_node(a, rng)
    fitting = [part for _, part in nodes(b) if kind_of(part) is kind_of(node)]
    return replaced(a, way, _any_of(fitting, rng)) if fitting else a


def mutated(tree: Node, rng: np.random.Generator) -> Node:
    """Return the tree with one change: another label, a new part, a part wrapped or taken out."""
    way, node = _any_node(tree, rng)
    kind, change = kind_of(node), rng.integers(4)
    if change == 0 and node.label in _ALIKE:
        return replaced(tree, way, replace(node, label=_any_of(_ALIKE, rng)))
    if change == 1:
        label, operands = _any_of([form for form in _FORMS[kind] if kind in form[1]], rng)
        parts = [drawn(rng, operand, 2) for operand in operands]
        parts[_any_of([k for k, operand in enumerate(operands) if operand is kind], rng)] = node
        return replaced(tree, way, Node(label, tuple(parts)))
    inner = [part for part in node.operands if kind_of(part) is kind]
    if change == 2 and inner:
        return replaced(tree, way, _any_of(inner, rng))
    return replaced(tree, way, drawn(rng, kind))


def perturbed(tree: Node, rng: np.random.Generator) -> Node:
    """Return the tree with one constant a little larger or smaller.

    Where there is none, a part is multiplied by one near 1.
    """
    constants = [(way, node.label) for way, node in nodes(tree) if isinstance(node.label, float)]
    factor = float(np.exp(_SPREAD * rng.standard_normal()))
    if constants and rng.random() < _CHANCE_OF_CONSTANT:
        way, value = _any_of(constants, rng)
        return replaced(tree, way, Node(_constant(value * factor)))
    way, node = _any_node(tree, rng)
    return replaced(tree, way, Node("mul", (Node(_constant(factor)), node)))


_T = TypeVar("_T")


def _any_of(things: Sequence[_T], rng: np.random.Generator) -> _T:
    return things[int(rng.integers(len(things)))]


def _any_node(tree: Node, rng: np.random.Generator) -> tuple[tuple[int, ...], Node]:
    return _any_of(list(nodes(tree)), rng)


def _constant(value: float) -> float:
    """Return a constant with few digits, so that people can read the rule."""
    return float(f"{value:.3g}")
