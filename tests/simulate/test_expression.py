"""Expressions: what is traced, written, read and run is one and the same."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from headway.errors import ConfigError, UnknownNameError
from headway.simulate import Expression
from headway.simulate.expression import (
    COLUMN_CODE,
    CONSTANT_CODE,
    OPERATORS,
    Program,
    parse,
    trace,
)

COLUMNS = ("p", "d", "t")
VALUES = {
    "p": np.array([1.0, 5.0, 0.0, -3.0]),
    "d": np.array([9.0, 2.0, 0.0, 1e-12]),
    "t": np.array(4.0),
}

leaves = st.sampled_from(COLUMNS).map(Expression) | st.floats(-9, 9).map(
    lambda value: Expression(float(f"{value:.3g}"))
)


def _node(parts: st.SearchStrategy[Expression]) -> st.SearchStrategy[Expression]:
    def build(name: str) -> st.SearchStrategy[Expression]:
        return st.tuples(*[parts] * OPERATORS[name].arity).map(lambda ops: Expression(name, ops))

    return st.sampled_from(sorted(OPERATORS)).flatmap(build)


expressions = st.recursive(leaves, _node, max_leaves=12)


def run(program: Program, columns: dict[str, np.ndarray]) -> np.ndarray:
    """A stack machine, as plain as can be."""
    by_code = {operator.code: operator for operator in OPERATORS.values()}
    stack: list[np.ndarray] = []
    for code, argument in zip(program.code, program.argument, strict=True):
        if code == COLUMN_CODE:
            stack.append(columns[program.columns[argument]])
        elif code == CONSTANT_CODE:
            stack.append(np.asarray(program.constants[argument]))
        else:
            operator = by_code[int(code)]
            operands = [stack.pop() for _ in range(operator.arity)][::-1]
            stack.append(operator.evaluate(*operands))
    (value,) = stack
    return value


@given(expressions)
def test_text_program_and_tree_say_the_same(expression: Expression) -> None:
    with np.errstate(all="ignore"):
        expected = expression.evaluate(VALUES)
        np.testing.assert_array_equal(run(expression.program(), VALUES), expected)
        again = parse(str(expression), COLUMNS)
        np.testing.assert_array_equal(again.evaluate(VALUES), expected)
        shorter = expression.simplified()
        assert shorter.size <= expression.size
        if np.isfinite(expected).all():
            found = np.broadcast_to(shorter.evaluate(VALUES), expected.shape)
            np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-9)


def test_a_rule_is_traced_through_numpy() -> None:
    found = trace(lambda c: c.w / c.p * np.exp(-np.maximum(0, c.d - c.t) / (2 * c.p_mean)))
    assert str(found) == "w / p * exp(-max(0, d - t) / (2 * p_mean))"
    assert found.columns == {"w", "p", "d", "t", "p_mean"}
    assert str(trace(lambda c: (c.d > c.t) * abs(c.p) - 1)) == "(t < d) * abs(p) - 1"


def test_dividing_by_nothing_still_has_a_value() -> None:
    value = parse("p / d").evaluate({"p": np.array([1.0]), "d": np.array([0.0])})
    assert np.isfinite(value).all()


def test_unknown_columns_are_refused_with_a_suggestion() -> None:
    with pytest.raises(UnknownNameError, match="unknown column 'winqq'; did you mean winq"):
        trace(lambda c: c.winqq, known=("winq", "npt"))
    with pytest.raises(UnknownNameError, match="column"):
        parse("p + q", known=("p",))
    with pytest.raises(UnknownNameError, match="column 'd'"):
        parse("d").evaluate({"p": np.zeros(2)})
    with pytest.raises(UnknownNameError, match="column 'd'"):
        parse("d + p").program(("p",))


@pytest.mark.parametrize(
    "text",
    ["", "p +", "p if d else t", "__import__('os')", "p.real", "max(p)", "p ** 2", "p < d < t",
     "lambda: 1", "[p]", "'p'", "True", "max(*p)", "_p", "(" * 500],
)  # fmt: skip
def test_what_is_no_expression_is_refused(text: str) -> None:
    with pytest.raises(ConfigError):
        parse(text)


def test_a_rule_that_expressions_cannot_say_is_refused() -> None:
    with pytest.raises(ConfigError):
        trace(lambda c: sorted([c.p, c.d]) and "p")  # type: ignore[arg-type, return-value]
    with pytest.raises(ConfigError):
        trace(lambda c: np.where(c.p, 1, 2))  # type: ignore[arg-type, return-value]


def test_what_changes_nothing_is_left_out() -> None:
    assert str(parse("p * 1 + 0 * d - (t - t)").simplified()) == "p"
    assert str(parse("max(2 + 3, d / 1)").simplified()) == "max(5, d)"
