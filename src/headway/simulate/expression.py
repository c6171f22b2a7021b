"""What a rule says: a small tree over named columns.

A rule is written as a function of columns with operators and a few numpy functions. Called with
symbols instead of numbers it yields an `Expression`, which numpy evaluates for all candidates at
once, people read, genetic programming changes, and the native cores run without Python.
"""

from __future__ import annotations

import ast
import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from headway.errors import ConfigError, UnknownNameError

Floats = NDArray[np.float64]

SMALLEST_DIVISOR = 1e-9
"""A divisor nearer to 0 counts as this, so that every expression has a value everywhere."""

LARGEST_EXPONENT = 700.0
"""``exp`` of more counts as ``exp`` of this."""


def _divide(a: Floats, b: Floats) -> Floats:
    return np.asarray(a / np.where(np.abs(b) < SMALLEST_DIVISOR, SMALLEST_DIVISOR, b))


def _exp(a: Floats) -> Floats:
    return np.asarray(np.exp(np.minimum(a, LARGEST_EXPONENT)))


def _log(a: Floats) -> Floats:
    return np.asarray(np.log(np.maximum(a, SMALLEST_DIVISOR)))


def _sqrt(a: Floats) -> Floats:
    return np.asarray(np.sqrt(np.maximum(a, 0.0)))


def _less(a: Floats, b: Floats) -> Floats:
    return np.asarray(np.less(a, b), dtype=np.float64)


@dataclass(frozen=True, slots=True)
class _Operator:
    code: int
    arity: int
    evaluate: Callable[..., Any]
    form: str
    binding: int


# Codes are part of the programs that native cores run: they never change their meaning.
OPERATORS: dict[str, _Operator] = {
    "add": _Operator(2, 2, np.add, "{} + {}", 1),
    "subtract": _Operator(3, 2, np.subtract, "{} - {}", 1),
    "multiply": _Operator(4, 2, np.multiply, "{} * {}", 2),
    "divide": _Operator(5, 2, _divide, "{} / {}", 2),
    "maximum": _Operator(6, 2, np.maximum, "max({}, {})", 9),
    "minimum": _Operator(7, 2, np.minimum, "min({}, {})", 9),
    "negative": _Operator(8, 1, np.negative, "-{}", 3),
    "absolute": _Operator(9, 1, np.absolute, "abs({})", 9),
    "exp": _Operator(10, 1, _exp, "exp({})", 9),
    "log": _Operator(11, 1, _log, "log({})", 9),
    "sqrt": _Operator(12, 1, _sqrt, "sqrt({})", 9),
    "less": _Operator(13, 2, _less, "({} < {})", 9),
}
"""What expressions are made of, by the names of numpy's functions; all are defined everywhere."""

COLUMN_CODE, CONSTANT_CODE = 0, 1

_CALLS = {"max": "maximum", "min": "minimum", "abs": "absolute"}
_SIGNS: dict[type[ast.operator], str] = {
    ast.Add: "add",
    ast.Sub: "subtract",
    ast.Mult: "multiply",
    ast.Div: "divide",
}


@dataclass(frozen=True, slots=True)
class Program:
    """An expression in postfix order, for a stack machine.

    Attributes
    ----------
    code
        `COLUMN_CODE`, `CONSTANT_CODE` or the code of an operator per step.
    argument
        Position of the column in `columns`, or of the constant in `constants`; 0 for operators.
    constants
        The constants.
    columns
        Names of the columns that are read.
    """

    code: NDArray[np.int64]
    argument: NDArray[np.int64]
    constants: Floats
    columns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Expression:
    """An operator with its operands, a column or a constant.

    Attributes
    ----------
    label
        A name of `OPERATORS`, the name of a column, or a number.
    operands
        One per operand of the operator; empty for columns and constants.

    Examples
    --------
    >>> d, t, p = map(Expression, "dtp")
    >>> rule = np.maximum(d, t + p) / 2
    >>> print(rule)
    max(d, t + p) / 2
    >>> rule.evaluate({"d": np.array([9.0, 1.0]), "t": np.array(4.0), "p": np.array([1.0, 2.0])})
    array([4.5, 3. ])
    """

    label: str | float
    operands: tuple[Expression, ...] = ()

    # numpy's operators on arrays must not take an expression for an object array.
    __array_priority__ = 1000

    @property
    def size(self) -> int:
        """Number of nodes."""
        return 1 + sum(operand.size for operand in self.operands)

    @property
    def depth(self) -> int:
        """Number of nodes on the longest way down."""
        return 1 + max((operand.depth for operand in self.operands), default=0)

    @property
    def columns(self) -> frozenset[str]:
        """Names of the columns that are read."""
        if self.operands:
            return frozenset().union(*(operand.columns for operand in self.operands))
        return frozenset((self.label,)) if isinstance(self.label, str) else frozenset()

    def evaluate(self, columns: Mapping[str, Floats]) -> Floats:
        """Return the value for every candidate.

        Parameters
        ----------
        columns
            Arrays that broadcast against one another, one per name in `columns`.

        Raises
        ------
        UnknownNameError
            If a column is missing.
        """
        if self.operands:
            values = [operand.evaluate(columns) for operand in self.operands]
            return np.asarray(OPERATORS[str(self.label)].evaluate(*values), dtype=np.float64)
        if isinstance(self.label, str):
            try:
                return np.asarray(columns[self.label], dtype=np.float64)
            except KeyError:
                raise UnknownNameError("column", self.label, columns) from None
        return np.asarray(self.label, dtype=np.float64)

    def program(self, columns: Iterable[str] | None = None) -> Program:
        """Return the expression as a program.

        Parameters
        ----------
        columns
            The columns by position; those that are read, sorted, by default.
        """
        names = tuple(sorted(self.columns) if columns is None else columns)
        place = {name: k for k, name in enumerate(names)}
        code: list[int] = []
        argument: list[int] = []
        constants: list[float] = []
        for node in self._postfix():
            if node.operands:
                code.append(OPERATORS[str(node.label)].code)
                argument.append(0)
            elif isinstance(node.label, str):
                if node.label not in place:
                    raise UnknownNameError("column", node.label, names)
                code.append(COLUMN_CODE)
                argument.append(place[node.label])
            else:
                code.append(CONSTANT_CODE)
                argument.append(len(constants))
                constants.append(float(node.label))
        return Program(
            np.array(code, dtype=np.int64),
            np.array(argument, dtype=np.int64),
            np.array(constants, dtype=np.float64),
            names,
        )

    def simplified(self) -> Expression:
        """Return an expression of the same value without parts that change nothing."""
        if not self.operands:
            return self
        operands = tuple(operand.simplified() for operand in self.operands)
        if all(not operand.operands and not operand.columns for operand in operands):
            value = float(Expression(self.label, operands).evaluate({}))
            return Expression(value) if math.isfinite(value) else Expression(self.label, operands)
        return _shortened(str(self.label), operands)

    def _postfix(self) -> Iterable[Expression]:
        for operand in self.operands:
            yield from operand._postfix()
        yield self

    def __str__(self) -> str:
        return self._text(0)

    def _text(self, within: int) -> str:
        if not self.operands:
            if isinstance(self.label, str):
                return self.label
            text = f"{self.label:.6g}"
            return f"({text})" if self.label < 0 and within > 0 else text
        operator = OPERATORS[str(self.label)]
        # A call or a bracketed comparison needs no brackets around its operands.
        inner = 0 if operator.binding == 9 else operator.binding
        parts = [
            operand._text(inner + (k == 1 and self.label in ("subtract", "divide") and inner > 0))
            for k, operand in enumerate(self.operands)
        ]
        text = operator.form.format(*parts)
        return f"({text})" if operator.binding < within else text

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: object, **more: object) -> Any:
        name = ufunc.__name__
        if method != "__call__" or more or name not in (*OPERATORS, "greater"):
            return NotImplemented
        operands = tuple(_expression(value) for value in inputs)
        if name == "greater":
            return Expression("less", operands[::-1])
        return Expression(name, operands)

    def __add__(self, other: Expression | float) -> Expression:
        return _binary("add", self, other)

    def __radd__(self, other: float) -> Expression:
        return _binary("add", other, self)

    def __sub__(self, other: Expression | float) -> Expression:
        return _binary("subtract", self, other)

    def __rsub__(self, other: float) -> Expression:
        return _binary("subtract", other, self)

    def __mul__(self, other: Expression | float) -> Expression:
        return _binary("multiply", self, other)

    def __rmul__(self, other: float) -> Expression:
        return _binary("multiply", other, self)

    def __truediv__(self, other: Expression | float) -> Expression:
        return _binary("divide", self, other)

    def __rtruediv__(self, other: float) -> Expression:
        return _binary("divide", other, self)

    def __lt__(self, other: Expression | float) -> Expression:
        return _binary("less", self, other)

    def __gt__(self, other: Expression | float) -> Expression:
        return _binary("less", other, self)

    def __neg__(self) -> Expression:
        return Expression("negative", (self,))

    def __abs__(self) -> Expression:
        return Expression("absolute", (self,))


def _expression(value: object) -> Expression:
    if isinstance(value, Expression):
        return value
    if isinstance(value, int | float | np.integer | np.floating):
        return Expression(float(value))
    raise ConfigError(f"a rule can only use columns and numbers, not {value!r}")


def _binary(name: str, a: Expression | float, b: Expression | float) -> Expression:
    return Expression(name, (_expression(a), _expression(b)))


def _shortened(name: str, operands: tuple[Expression, ...]) -> Expression:
    """Return an operator's value without an operand that changes nothing."""
    zero, one = Expression(0.0), Expression(1.0)
    match name, operands:
        case ("add", (a, b)) if b == zero:
            return a
        case ("add", (a, b)) if a == zero:
            return b
        case ("subtract", (a, b)) if b == zero:
            return a
        case ("subtract", (a, b)) if a == b:
            return zero
        case ("multiply", (a, b)) if a == one:
            return b
        case ("multiply" | "divide", (a, b)) if b == one:
            return a
        case ("multiply", (a, b)) if zero in (a, b):
            return zero
        case ("maximum" | "minimum", (a, b)) if a == b:
            return a
        case ("negative", (Expression(label="negative", operands=(a,)),)):
            return a
    return Expression(name, operands)


class _Symbols:
    """Stands for the columns of a world while a rule is traced."""

    def __init__(self, known: Iterable[str] | None) -> None:
        self._known = None if known is None else frozenset(known)

    def __getattr__(self, name: str) -> Expression:
        if name.startswith("__"):
            raise AttributeError(name)
        if self._known is not None and name not in self._known:
            raise UnknownNameError("column", name, self._known)
        return Expression(name)


def trace(rule: Callable[[Any], Expression], known: Iterable[str] | None = None) -> Expression:
    """Return what a rule says.

    Parameters
    ----------
    rule
        A function of columns, which are its argument's attributes.
    known
        Names of the columns that its world has; any by default.

    Raises
    ------
    UnknownNameError
        If the rule asks for a column that is not there.
    ConfigError
        If it does what an expression cannot say.

    Examples
    --------
    >>> print(trace(lambda c: c.w / c.p * np.exp(-np.maximum(0, c.slack) / 3)))
    w / p * exp(-max(0, slack) / 3)
    """
    try:
        return _expression(rule(_Symbols(known)))
    except TypeError as error:
        raise ConfigError(f"a rule can only use columns, numbers and operators: {error}") from None


def parse(text: str, known: Iterable[str] | None = None) -> Expression:
    """Return the expression that a text writes, such as ``max(d, t + R)``.

    Raises
    ------
    ConfigError
        If it is none.
    UnknownNameError
        If it names an unknown column.

    Examples
    --------
    >>> print(parse("(2 * p + winq) - -npt"))
    2 * p + winq - -npt
    """
    try:
        body = ast.parse(text.strip(), mode="eval").body
        return _from_ast(body, _Symbols(known))
    except (SyntaxError, ValueError, OverflowError, MemoryError, RecursionError) as error:
        if isinstance(error, ConfigError):
            raise
        raise ConfigError(f"not an expression: {_cut(text)!r}") from None


def _from_ast(node: ast.expr, columns: _Symbols) -> Expression:
    match node:
        case ast.Constant(value=int() | float() as value) if not isinstance(
            value, bool
        ) and math.isfinite(value):
            return Expression(float(value))
        case ast.Name(id=name) if not name.startswith("_"):
            return getattr(columns, name)  # type: ignore[no-any-return]
        case ast.UnaryOp(op=ast.USub(), operand=inner):
            operand = _from_ast(inner, columns)
            if isinstance(operand.label, float):
                return Expression(-operand.label)
            return Expression("negative", (operand,))
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _SIGNS:
            operands = (_from_ast(left, columns), _from_ast(right, columns))
            return Expression(_SIGNS[type(op)], operands)
        case ast.Compare(left=left, ops=[ast.Lt()], comparators=[right]):
            return Expression("less", (_from_ast(left, columns), _from_ast(right, columns)))
        case ast.Compare(left=left, ops=[ast.Gt()], comparators=[right]):
            return Expression("less", (_from_ast(right, columns), _from_ast(left, columns)))
        case ast.Call(func=ast.Name(id=called), args=args, keywords=[]):
            name = _CALLS.get(called, called)
            operator = OPERATORS.get(name)
            if operator is not None and operator.arity == len(args):
                return Expression(name, tuple(_from_ast(arg, columns) for arg in args))
    raise ConfigError(f"not part of an expression: {_cut(ast.unparse(node))!r}")


def _cut(text: str) -> str:
    return text if len(text) <= 80 else f"{text[:77]}..."
