"""The loop: better rules, the same ones for the same seed, and proposers of every kind."""

from __future__ import annotations

import json
import math
import signal
import threading
import time
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pytest

from headway.errors import ConfigError
from headway.solve.discover import (
    START,
    ChatProposer,
    Limits,
    Program,
    ProgramError,
    Settings,
    discover,
    held_out,
    source_of,
)
from headway.solve.discover.chat import extracted
from headway.solve.discover.search import training
from headway.solve.result import Stop
from headway.solve.single import HEURISTICS, total_tardiness

SMALL = Settings(instances=50, jobs=10, islands=2, prompts=2, limits=Limits(cpu_s=5))
BETTER = "def sequence(p, d):\n    order = lexsort((p, d))\n    return order\n"


def test_a_few_rounds_improve_on_earliest_due_date_by_far():
    steps = []
    last = discover(start=["EDD"], rounds=12, seed=1, settings=SMALL, on_step=steps.append)
    edd = discover(start=["EDD"], rounds=0, seed=1, settings=SMALL).best.value
    assert last.best.value < 0.97 * edd
    assert [s.best.value for s in steps] == sorted((s.best.value for s in steps), reverse=True)
    assert last.round == len(steps) == 12
    assert last.proposed == 12 * 2 * 4


def test_the_same_seed_finds_the_same_whatever_the_number_of_workers():
    runs = [discover(rounds=6, seed=3, workers=w, settings=SMALL) for w in (1, 2)]
    assert runs[0].best == runs[1].best
    assert runs[0].tried == runs[1].tried
    other = discover(rounds=6, seed=4, settings=SMALL)
    assert other.best != runs[0].best


def test_the_value_of_a_start_is_its_mean_tardiness_on_the_training_instances():
    step = discover(start=["MDD"], rounds=0, seed=2, settings=SMALL)
    rule = HEURISTICS["MDD"]
    values = [total_tardiness(i.work, i.due, rule(i.work, i.due)) for i in training(2, 50, 10)]
    assert step.best.value == pytest.approx(np.mean(values))
    assert step.best.text == START["MDD"]


def test_programs_that_behave_the_same_are_tried_once():
    texts = [START["EDD"], START["EDD"].replace("return d", "return d + 0"), BETTER]
    step = discover(
        start=["EDD"], rounds=3, settings=SMALL, proposer=lambda parents, count, rng: texts
    )
    assert step.proposed == 3 * 2 * 3
    assert step.tried == 2
    assert step.refused == 0


def test_bad_proposals_are_refused_and_the_search_goes_on():
    bad = ["import os", "def sequence(p, d):\n    return open('x')\n", "", "\0",
           "def sequence(p, d):\n    return d[0]\n"]  # fmt: skip
    step = discover(
        start=["EDD"], rounds=2, settings=SMALL, proposer=lambda parents, count, rng: bad
    )
    assert step.best.text == START["EDD"]
    assert step.refused == len(bad)


def test_a_start_that_is_no_program_is_refused():
    with pytest.raises(ProgramError, match="not Python"):
        discover(start=["this is no program"], settings=SMALL)


def test_a_stop_and_ctrl_c_keep_the_best():
    stop = Stop()
    step = discover(
        start=["EDD"], settings=SMALL, stop=stop, on_step=lambda step: stop.set(), seed=1
    )
    assert step.round == 1

    def interrupt(step):
        if step.round == 2:
            raise KeyboardInterrupt

    step = discover(start=["EDD"], settings=SMALL, on_step=interrupt, seed=1)
    assert step.round == 2
    assert step.best.value > 0


@pytest.mark.parametrize("ending", ["time", "ctrl-c"])
def test_programs_that_take_long_do_not_hold_up_the_end(ending):
    """Each of them could run for ten minutes."""
    slow = "def sequence(p, d):\n    while True:\n        pass\n"
    settings = replace(SMALL, limits=Limits(cpu_s=600))

    def propose(parents, count, rng):
        if ending == "ctrl-c":
            main = threading.main_thread().ident
            threading.Timer(1, signal.pthread_kill, (main, signal.SIGINT)).start()
        return [slow]

    began = time.perf_counter()
    step = discover(
        start=["EDD"],
        time_limit_s=math.inf if ending == "ctrl-c" else 2,
        settings=replace(settings, prompts=1),
        proposer=propose,
    )
    assert step.best.text == START["EDD"]
    assert step.refused == 0
    assert time.perf_counter() - began < 300


@pytest.mark.parametrize(("name", "value"), [("time_limit_s", -1), ("time_limit_s", math.nan)])
def test_limits_that_make_no_sense_are_refused(name, value):
    with pytest.raises(ConfigError, match=name):
        discover(settings=SMALL, **{name: value})


def test_the_report_compares_with_the_optimum_and_the_file_does_the_same():
    program = Program(START["MDD"])
    rows = held_out(program, instances=50, jobs=10)
    by_rule = {row.rule: row for row in rows}
    assert by_rule["discovered"].mean == by_rule["MDD"].mean
    assert by_rule["MDDC + insertion"].over_sum < by_rule["EDD"].over_sum
    for text in (START["MDD"], BETTER, START["EDD"].replace("return d", "return div(sqrt(d), p)")):
        names: dict[str, object] = {}
        exec(source_of(Program(text), rows), names)
        assert sorted(names["order"]([3, 1, 2], [4, 9, 3])) == [0, 1, 2]
    names = {}
    exec(source_of(program, rows), names)
    for i in training(9, 10, 8):
        assert names["order"](i.work, i.due) == HEURISTICS["MDD"](i.work, i.due).tolist()


@pytest.mark.parametrize("name", ["islands", "prompts", "jobs"])
def test_settings_that_make_no_sense_are_refused(name):
    with pytest.raises(ConfigError, match=name):
        Settings(**{name: 0})
    with pytest.raises(ConfigError, match="workers"):
        discover(workers=0, settings=SMALL)


class Model(BaseHTTPRequestHandler):
    """A language model that always says the same, taken from its server."""

    def do_POST(self):
        length = int(self.headers["Content-Length"])
        self.server.asked.append(
            (self.path, dict(self.headers), json.loads(self.rfile.read(length)))
        )
        status, body = self.server.reply
        self.send_response(status)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


@pytest.fixture
def model():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Model)
    server.asked, server.reply = [], (200, b"")
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


def says(content: object) -> tuple[int, bytes]:
    return 200, json.dumps({"choices": [{"message": {"content": content}}]}).encode()


def test_a_language_model_is_asked_and_its_program_tried(model):
    model.reply = says(f"This should help:\n```python\n{BETTER}```\nGood luck!")
    address = f"http://127.0.0.1:{model.server_port}/v1"
    proposer = ChatProposer(address, "small", key="secret", timeout_s=5)
    step = discover(start=["EDD"], rounds=1, settings=SMALL, proposer=proposer)
    path, headers, question = model.asked[0]
    assert path == "/v1/chat/completions"
    assert headers["Authorization"] == "Bearer secret"
    assert question["model"] == "small"
    assert "mean total tardiness" in question["messages"][-1]["content"]
    assert START["EDD"] in question["messages"][-1]["content"]
    assert step.proposed == len(model.asked) == 8
    assert step.tried == 2


@pytest.mark.parametrize(
    "reply",
    [
        (500, b"out of memory"),
        (200, b"<html>"),
        (200, b"{}"),
        (200, b"\xff\xfe"),
        (200, b'{"choices": []}'),
        (200, b'{"choices": "none"}'),
        (200, b"[" * 100_000),
        says(None),
        says("I cannot help with that."),
        says("```python\nimport os\nos.system('touch harmed')\n```"),
        says("```python\ndef sequence(p, d):\n    import os\n    return os.remove('x')\n```"),
        says("```python\ndef sequence(p, d):\n    return p[0]\n```"),
    ],
)
def test_bad_answers_are_rejected(model, reply, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    model.reply = reply
    proposer = ChatProposer(f"http://127.0.0.1:{model.server_port}", "small", timeout_s=5)
    step = discover(start=["EDD"], rounds=1, settings=SMALL, proposer=proposer)
    assert step.best.text == START["EDD"]
    assert list(tmp_path.iterdir()) == []


def test_keys_are_not_shown_and_answers_of_blanks_take_no_time():
    assert "secret" not in repr(ChatProposer("http://x", "small", key="secret"))
    began = time.process_time()
    assert extracted("```" + "\n" * 50_000) is None
    assert time.process_time() - began < 10


def test_an_endpoint_that_is_not_there_brings_nothing():
    proposer = ChatProposer("http://127.0.0.1:9", "small", timeout_s=1)
    assert list(proposer([Program(START["EDD"])], 1, np.random.default_rng(0))) == []
    with pytest.raises(ConfigError, match="http"):
        ChatProposer("file:///etc/passwd", "small")
