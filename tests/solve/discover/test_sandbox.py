"""The sandbox: what it refuses, what it ends, and that nothing gets out."""

from __future__ import annotations

import os
import socket
import threading
import time

import numpy as np
import pytest

from headway.solve.discover import Limits, ProgramError, Sandbox, trial, warden
from headway.solve.discover.program import START, check, text_of
from headway.solve.single import HEURISTICS, total_tardiness
from headway.solve.single.classes import draw_all

INSTANCES = draw_all(5, jobs=8, per_class=1)


@pytest.fixture(scope="module")
def sandbox():
    limits = Limits(cpu_s=0.5, memory_mb=100, penalty=1000)
    with Sandbox({"few": INSTANCES}, limits) as sandbox:
        yield sandbox


@pytest.mark.parametrize("name", ["EDD", "SPT", "MDD"])
def test_programs_do_what_the_rule_of_their_name_does(sandbox, name):
    rule = HEURISTICS[name]
    expected = [total_tardiness(i.work, i.due, rule(i.work, i.due)) for i in INSTANCES]
    assert sandbox.run(START[name], "few") == expected


def test_whole_sequences_are_programs_too(sandbox):
    text = "def sequence(p, d):\n    return np.lexsort((p, d))\n"
    expected = [total_tardiness(i.work, i.due, np.lexsort((i.work, i.due))) for i in INSTANCES]
    assert sandbox.run(text, "few") == expected
    loop = """def sequence(p, d):
    left, order = list(range(len(p))), []
    while left:
        job = min(left, key=lambda j: (d[j], p[j]))
        left.remove(job)
        order.append(job)
    return order
"""
    assert sandbox.run(loop, "few") == expected


MALICIOUS = {
    "import": "def sequence(p, d):\n    import os\n    return d\n",
    "import from": "def sequence(p, d):\n    from os import system\n    return d\n",
    "built-in import": "def sequence(p, d):\n    return __import__('os').listdir('.')\n",
    "open": "def sequence(p, d):\n    return open('/etc/passwd')\n",
    "eval": "def sequence(p, d):\n    return eval('1')\n",
    "classes": "def sequence(p, d):\n    return ().__class__.__base__.__subclasses__()\n",
    "globals": "def sequence(p, d):\n    return sequence.__globals__\n",
    "getattr": "def sequence(p, d):\n    return getattr(p, 'tofile')('x')\n",
    "numpy file": "def sequence(p, d):\n    return np.load('x')\n",
    "method of array": "def sequence(p, d):\n    return p.tofile('x')\n",
    "format": "def sequence(p, d):\n    return '{0.__class__}'.format(p)\n",
    "f-string": "def sequence(p, d):\n    return f'{p!r}'\n",
    "two statements": "x = 1\ndef sequence(p, d):\n    return d\n",
    "decorator": "@print\ndef sequence(p, d):\n    return d\n",
    "default": "def sequence(p, d=print(1)):\n    return d\n",
    "annotation": "def sequence(p: sum(range(10 ** 15)), d):\n    return d\n",
    "annotation of result": "def sequence(p, d) -> sum(range(10 ** 15)):\n    return d\n",
    "terminal": "def sequence(p, d):\n    # \x1b[2J\n    return d\n",
    "class": "class sequence:\n    pass\n",
    "global": "def sequence(p, d):\n    global x\n    x = 1\n    return d\n",
    "try": "def sequence(p, d):\n    try:\n        return d\n    except Exception:\n        pass\n",
    "other name": "def solve(p, d):\n    return d\n",
    "no code": "I am sorry, but I cannot do that.",
    "null": "def sequence(p, d):\n    return '\0'\n",
    "too long": text_of("+".join(["d"] * 20_000)),
    "too deep": text_of("(" * 5000 + "d" + ")" * 5000),
}


@pytest.mark.parametrize("what", list(MALICIOUS))
def test_the_gate_lets_nothing_harmful_through(sandbox, what):
    with pytest.raises(ProgramError):
        check(MALICIOUS[what])
    with pytest.raises(ProgramError):
        sandbox.run(MALICIOUS[what], "few")


def test_endless_loops_are_ended(sandbox):
    began = time.perf_counter()
    with pytest.raises(ProgramError, match="more time"):
        sandbox.run("def sequence(p, d):\n    while True:\n        pass\n", "few")
    with pytest.raises(ProgramError, match="more time"):
        sandbox.run("def sequence(p, d):\n    return 9 ** 9 ** 9\n", "few")
    assert time.perf_counter() - began < 60


@pytest.mark.parametrize(
    "greed",
    [
        "x = np.ones(10 ** 9)",
        "x = np.zeros(10 ** 13)",
        "x = [0] * 10 ** 10",
        "x = [p]\n    while True:\n        x = x + x",
    ],
)
def test_memory_is_bounded(sandbox, greed):
    with pytest.raises(ProgramError, match=r"[Mm]emory|more time"):
        sandbox.run(f"def sequence(p, d):\n    {greed}\n    return d\n", "few")


@pytest.mark.parametrize(
    "text",
    [
        "def sequence(p, d):\n    return 1\n",
        "def sequence(p, d):\n    return d[1:]\n",
        "def sequence(p, d):\n    return None\n",
        "def sequence(p, d):\n    return p / 0 + 'x'\n",
        "def score(p, d, t, p_mean, p_max, work_left, jobs_left):\n    return unknown\n",
        "def score(p, d, t, p_mean, p_max, work_left, jobs_left):\n    return p[:, 1:]\n",
        "def sequence(p, d):\n    return sequence(p, d)\n",
    ],
)
def test_what_is_no_order_is_an_error(sandbox, text):
    with pytest.raises(ProgramError):
        sandbox.run(text, "few")


@pytest.mark.parametrize("value", ["zeros(8)", "arange(8) + 1", "arange(8) - 10 ** 6"])
def test_repeated_and_unknown_jobs_cost_the_penalty(sandbox, value):
    found = sandbox.run(f"def sequence(p, d):\n    return {value}\n", "few")
    assert min(found) >= 1000


def test_inputs_cannot_be_changed(sandbox):
    before = sandbox.run(START["EDD"], "few")
    with pytest.raises(ProgramError, match="read-only"):
        sandbox.run("def sequence(p, d):\n    p[0] = 99\n    return d\n", "few")
    score = START["EDD"].replace("return d", "d[:] = 0\n    return d")
    with pytest.raises(ProgramError, match="read-only"):
        sandbox.run(score, "few")
    assert sandbox.run(START["EDD"], "few") == before


def test_scores_that_are_no_numbers_come_last(sandbox):
    """The logarithm of a negative number is none; such jobs go in order of position."""
    found = sandbox.run(text_of("maximum(d, d)").replace("maximum(d, d)", "log(0 * d - 1)"), "few")
    expected = [total_tardiness(i.work, i.due, range(8)) for i in INSTANCES]
    assert found == expected


def escaped(action):
    """Return what becomes of a program that got past the gate."""
    setup = warden.Setup({}, 0.5, 100 << 20, 1000)
    work = np.array([i.work for i in INSTANCES])

    def function(p, d):
        action()
        return np.argsort(d)

    original = trial.compiled
    trial.compiled = lambda _: ("sequence", function)
    try:
        return warden._run("", work, work, setup)
    finally:
        trial.compiled = original


def test_even_code_past_the_gate_reaches_no_file_socket_or_process(tmp_path):
    """The second fence: the process itself may do nothing but compute."""
    secret = tmp_path / "secret"
    secret.write_text("x")
    attempts = [
        lambda: secret.read_text(),
        lambda: (tmp_path / "new").write_text("x"),
        lambda: os.open(secret, os.O_RDONLY),
        lambda: secret.unlink(),
        lambda: socket.create_connection(("127.0.0.1", 9)),
        lambda: os.fork(),
        lambda: os.system("true"),
        lambda: os.kill(os.getppid(), 15),
        lambda: os.pipe(),
        lambda: __import__("wave"),
        lambda: __import__("resource").setrlimit(7, (99, 99)),
    ]
    for attempt in attempts:
        with pytest.raises(ProgramError, match=r"PermissionError|OSError"):
            escaped(attempt)
    assert secret.read_text() == "x"
    assert not (tmp_path / "new").exists()


def test_code_past_the_gate_may_still_compute():
    assert escaped(lambda: sum(range(1000))).shape == (len(INSTANCES), 8)


def test_a_program_that_lies_about_its_orders_gains_nothing():
    """Whatever bytes come, they are read as orders and judged outside."""
    with pytest.raises(ProgramError):
        escaped(lambda: os._exit(0))


def test_the_sandbox_goes_on_after_all_of_that(sandbox):
    assert len(sandbox.run(START["MDD"], "few")) == len(INSTANCES)


def test_a_sandbox_that_is_gone_says_so():
    sandbox = Sandbox({"few": INSTANCES}, Limits())
    sandbox._process.kill()
    with pytest.raises(ProgramError, match="gone"):
        sandbox.run(START["EDD"], "few")
    sandbox.close()


def test_programs_that_python_does_not_compile_do_no_harm(sandbox):
    """The process that starts programs compiles them, and goes on if that fails."""
    chain = " + ".join(["d"] * 5_000)
    for text in (
        "def sequence(p, d):\n    break\n",
        "def sequence(p, d):\n    return (lambda x, x: x)(p, d)\n",
        f"def sequence(p, d):\n    return {chain}\n",
        "def sequence(p, d):\n    return '\ud800'\n",
    ):
        with pytest.raises(ProgramError):
            sandbox.run(text, "few")
    assert len(sandbox.run(START["EDD"], "few")) == len(INSTANCES)


def test_an_order_that_is_none_costs_more_than_any_order(sandbox):
    work, due = np.full((1, 50), 100), np.full((1, 50), -1000)
    orders = np.array([range(50)])
    worst = trial.tardiness(orders, work, due, 1000)
    assert (trial.tardiness(orders * 0, work, due, 1000) > worst).all()


def test_a_running_program_can_be_ended_from_outside():
    with Sandbox({"few": INSTANCES}, Limits(cpu_s=600)) as sandbox:
        threading.Timer(0.5, sandbox.kill).start()
        with pytest.raises(ProgramError, match="gone"):
            sandbox.run("def sequence(p, d):\n    while True:\n        pass\n", "few")
