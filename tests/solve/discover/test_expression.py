"""Expressions: written, read back, and changed without ever leaving the language."""

import numpy as np
import pytest

from headway.solve.discover import GeneticProposer, Program
from headway.solve.discover.expression import (
    LARGEST,
    Kind,
    Node,
    crossed,
    drawn,
    kind_of,
    mutated,
    nodes,
    parse,
    perturbed,
    replaced,
)
from headway.solve.discover.program import START, check, score_of, text_of
from headway.solve.discover.trial import compiled, orders


@pytest.mark.parametrize("seed", range(50))
def test_what_is_written_reads_back_the_same(seed):
    tree = drawn(np.random.default_rng(seed), depth=5)
    assert parse(str(tree)) == tree
    assert score_of(text_of(tree)) == tree


@pytest.mark.parametrize("seed", range(50))
def test_changed_expressions_pass_the_gate_and_run(seed):
    rng = np.random.default_rng(seed)
    a, b = drawn(rng, depth=4), drawn(rng, depth=4)
    for child in (crossed(a, b, rng), mutated(a, rng), perturbed(a, rng)):
        text = text_of(child)
        check(text)
        work, due = rng.integers(1, 99, (3, 6)), rng.integers(-50, 400, (3, 6))
        found = orders(*compiled(text), work, due)
        assert np.array_equal(np.sort(found, axis=1), np.tile(np.arange(6), (3, 1)))


@pytest.mark.parametrize(
    "text",
    ["q", "p ** 2", "p + ", "__import__('os')", "p.x", "div(p)", "True", "'p'", "sqrt(p, d)"],
)  # fmt: skip
def test_other_text_is_no_expression(text):
    with pytest.raises(ValueError, match="not"):
        parse(text)


def test_programs_that_do_more_than_return_a_score_have_none():
    assert score_of("def sequence(p, d):\n    return d\n") is None
    assert score_of(START["MDD"].replace("return", "p = p + 1\n    return")) is None
    assert score_of("nonsense(") is None


@pytest.mark.parametrize("seed", range(50))
def test_a_score_stays_a_time_and_does_not_mind_its_unit(seed):
    rng = np.random.default_rng(seed)
    tree = parse("maximum(p + t, d)")
    for _ in range(10):
        change = (mutated, perturbed, lambda t, r: crossed(t, drawn(r), r))[rng.integers(3)]
        tree = change(tree, rng)
        assert kind_of(tree) is Kind.TIME
    work, due = rng.integers(1, 99, (5, 8)), rng.integers(-50, 400, (5, 8))
    score = compiled(text_of(tree))
    # A power of two changes no digit, so that not even ties change.
    assert np.array_equal(orders(*score, work, due), orders(*score, 1024 * work, 1024 * due))


def test_a_part_is_replaced_where_the_way_leads():
    tree = parse("maximum(p + t, d)")
    ways = {str(node): way for way, node in nodes(tree)}
    assert str(replaced(tree, ways["t"], Node(2.0))) == "maximum((p + 2.0), d)"


def test_the_proposer_keeps_expressions_small_and_readable():
    rng = np.random.default_rng(1)
    parents = [Program(text_of("+".join(["p"] * 19)), (1,), 5.0), Program(START["EDD"], (2,), 4.0)]
    texts = GeneticProposer()(parents, 200, rng)
    trees = [score_of(text) for text in texts]
    assert len(texts) == 200
    assert all(tree is not None and tree.size <= LARGEST for tree in trees)


def test_without_an_expression_among_the_parents_new_ones_are_drawn():
    parents = [Program("def sequence(p, d):\n    return argsort(d)\n", (1,), 1.0)]
    assert len(GeneticProposer()(parents, 3, np.random.default_rng(0))) == 3
