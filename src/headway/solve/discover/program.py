"""Programs: Python text that orders jobs, and the gate that only harmless text passes.

A program defines one function, of one of two forms:

``score(p, d, t, p_mean, p_max, work_left, jobs_left)``
    A number per waiting job; the job of least score goes next.
``sequence(p, d)``
    All jobs of one instance in order, from arrays of processing times and due dates.

Other names it may use are those of `FUNCTIONS`, a few harmless built-ins and ``np`` for the same
functions. The gate reads the text without running it and lets nothing else through: no imports, no
other attributes, no names with double underscores. What passes still runs in the sandbox only.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from headway.errors import HeadwayError
from headway.solve.discover.expression import VARIABLES, Node, parse

LONGEST_TEXT = 20_000
"""Characters of the longest program."""

_HEAD = f"def score({', '.join(VARIABLES)}):\n    return "


class ProgramError(HeadwayError, ValueError):
    """A program that is not let into the sandbox, or did not do there what it should."""


@dataclass(frozen=True, slots=True)
class Program:
    """A program and how it did.

    Parameters
    ----------
    text
        Python, as it passed the gate.
    signature
        Total tardiness on each probe instance: what tells programs apart that look different.
    value
        Mean total tardiness over the training instances; smaller is better.
    """

    text: str
    signature: tuple[int, ...] = ()
    value: float = float("inf")

    @property
    def size(self) -> int:
        """Length of the text, the measure of how hard it is to read."""
        return len(self.text)


def text_of(score: Node | str) -> str:
    """Return the program whose score is an expression."""
    return f"{_HEAD}{score}\n"


def score_of(text: str) -> Node | None:
    """Return the expression that a program returns as its score, or None if it does more."""
    try:
        body = ast.parse(text).body
        match body:
            case [
                ast.FunctionDef(name="score", body=[*rest, ast.Return(value=ast.expr() as value)])
            ]:
                return parse(ast.unparse(value)) if all(map(_is_docstring, rest)) else None
    except (SyntaxError, ValueError, RecursionError):
        pass
    return None


def _is_docstring(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)


START = MappingProxyType(
    {
        "EDD": text_of("d"),
        "SPT": text_of("p"),
        "MDD": text_of("maximum(p + t, d)"),
    }
)
"""Programs to start from, by name."""


def _div(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Return a / b, and a where b is nearly 0."""
    small = np.abs(b) < 1e-9
    quotient: np.ndarray = np.where(small, a, a / np.where(small, 1.0, b))
    return quotient


def _sqrt(a: np.ndarray) -> np.ndarray:
    root: np.ndarray = np.sqrt(np.abs(a))
    return root


FUNCTIONS: MappingProxyType[str, Callable[..., object]] = MappingProxyType(
    {
        "maximum": np.maximum,
        "minimum": np.minimum,
        "square": np.square,
        "sqrt": _sqrt,
        "div": _div,
        "exp": np.exp,
        "log": np.log,
        "abs": np.abs,
        "where": np.where,
        "clip": np.clip,
        "argsort": np.argsort,
        "lexsort": np.lexsort,
        "argmin": np.argmin,
        "argmax": np.argmax,
        "cumsum": np.cumsum,
        "sum": np.sum,
        "mean": np.mean,
        "max": np.max,
        "min": np.min,
        "arange": np.arange,
        "array": np.array,
        "zeros": np.zeros,
        "ones": np.ones,
        "delete": np.delete,
        "append": np.append,
        "copy": np.copy,
    }
)
"""Functions that programs may call, by their own name or behind ``np.``."""

BUILTINS: MappingProxyType[str, Callable[..., object]] = MappingProxyType(
    {
        f.__name__: f
        for f in (abs, bool, enumerate, float, int, len, list, max, min, range, reversed, set,
                  sorted, sum, tuple, zip)
    }
)  # fmt: skip
"""Built-ins that programs may call; ``abs``, ``max``, ``min`` and ``sum`` are those of Python."""

_METHODS = frozenset({"append", "argmin", "argmax", "argsort", "copy", "cumsum", "insert", "max",
                      "mean", "min", "pop", "remove", "reverse", "shape", "size", "sort", "sum",
                      "tolist"})  # fmt: skip

_ALLOWED = (
    ast.Module, ast.FunctionDef, ast.arguments, ast.arg, ast.Return, ast.Assign, ast.AugAssign,
    ast.AnnAssign, ast.For, ast.While, ast.If, ast.Break, ast.Continue, ast.Pass, ast.Expr,
    ast.expr_context, ast.operator, ast.boolop, ast.unaryop, ast.cmpop, ast.BoolOp, ast.BinOp,
    ast.UnaryOp, ast.Compare, ast.Call, ast.keyword, ast.IfExp, ast.Constant, ast.Name, ast.Tuple,
    ast.List, ast.Subscript, ast.Slice, ast.Attribute, ast.Lambda, ast.ListComp,
    ast.GeneratorExp, ast.comprehension,
)  # fmt: skip


def check(text: str) -> ast.Module:
    """Return the program as a tree if it passes the gate.

    Raises
    ------
    ProgramError
        If it does not; the message names the first thing that is not let through.
    """
    if len(text) > LONGEST_TEXT:
        raise ProgramError(f"a program of {len(text)} characters; at most {LONGEST_TEXT} pass")
    strange = next((c for c in text if not (c.isprintable() or c in "\n\t\r")), None)
    if strange is not None:
        # It could change the terminal that shows the program.
        raise ProgramError(f"the character {strange!r} is not let through")
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, MemoryError, RecursionError) as error:
        raise ProgramError(f"not Python: {error}") from None
    functions = [node for node in tree.body if isinstance(node, ast.FunctionDef)]
    if len(tree.body) != 1 or len(functions) != 1 or functions[0].name not in FORMS:
        raise ProgramError("a program is one function, `score` or `sequence`, and nothing else")
    _check_head(functions[0])
    for node in ast.walk(tree):
        _check_node(node)
    try:
        compile(tree, "<program>", "exec")
    except (SyntaxError, ValueError, MemoryError, RecursionError) as error:
        raise ProgramError(f"not Python: {error}") from None
    known = {"np", *FUNCTIONS, *BUILTINS, *_defined(tree)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and node.id not in known:
            raise ProgramError(f"the name {node.id!r} is not let through")
    return tree


def _defined(tree: ast.Module) -> Iterator[str]:
    """Yield the names that a program gives."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            yield node.name
        elif isinstance(node, ast.arg):
            yield node.arg
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id


FORMS = MappingProxyType({"score": VARIABLES, "sequence": ("p", "d")})
"""The two functions that a program may define, with their parameters."""


def _check_head(function: ast.FunctionDef) -> None:
    given = function.args
    names = tuple(arg.arg for arg in given.args)
    plain = not (given.posonlyargs or given.kwonlyargs or given.vararg or given.kwarg)
    if not plain or given.defaults or names != FORMS[function.name] or function.decorator_list:
        raise ProgramError(f"{function.name} takes ({', '.join(FORMS[function.name])})")


def _check_node(node: ast.AST) -> None:
    if not isinstance(node, _ALLOWED):
        raise ProgramError(f"no {type(node).__name__} is let through")
    if isinstance(node, ast.arg | ast.FunctionDef) and _annotation(node) is not None:
        # Python evaluates it where the function is defined, which is before it is locked in.
        raise ProgramError("annotations are not let through")
    if isinstance(node, ast.Name | ast.arg):
        name = node.id if isinstance(node, ast.Name) else node.arg
        if name.startswith("_"):
            raise ProgramError(f"the name {name!r} is not let through")
    if isinstance(node, ast.Attribute):
        of_numpy = isinstance(node.value, ast.Name) and node.value.id == "np"
        if node.attr not in (FUNCTIONS if of_numpy else _METHODS):
            raise ProgramError(f"the attribute {node.attr!r} is not let through")
    if isinstance(node, ast.Constant) and not isinstance(
        node.value, int | float | str | bool | None
    ):
        raise ProgramError(f"the constant {node.value!r} is not let through")


def _annotation(node: ast.arg | ast.FunctionDef) -> ast.expr | None:
    return node.annotation if isinstance(node, ast.arg) else node.returns
