"""Problems without a schedule are explained in the user's names, and only they are."""

import pytest

from headway.model import Model, verify
from headway.solve import cpsat
from headway.solve.cpsat import run
from headway.solve.cpsat.reasons import reasons, relaxed
from headway.solve.cpsat.search import Answer, Found
from headway.solve.result import Budget, Status, Stop


def conflict(model: Model) -> set[str]:
    result = cpsat.solve(model.problem(), Budget(30.0))
    assert result.status is Status.INFEASIBLE
    assert result.schedule is None
    return set(result.conflict)


def bakery(deadline: int, rolls: int = 10) -> Model:
    """Two tasks that take 20 and 40, and many that have nothing to do with them."""
    m = Model("bakery")
    oven, mixer = m.machine("oven"), m.machine("mixer")
    loaf = m.job("loaf", deadline=deadline)
    mix = m.task(loaf, "mix").mode({mixer: 1}, 20)
    bake = m.task(loaf, "bake").mode({oven: 1}, 40)
    mix >> bake
    for k in range(rolls):
        job = m.job(f"roll {k}", deadline=1000, release=k)
        m.task(job, "bake").mode({oven: 1}, 3)
    return m


def test_a_deadline_too_early_for_its_chain():
    assert conflict(bakery(59)) == {
        "job 'loaf' must end by 59 ('loaf/bake' takes 40)",
        "'loaf/bake' starts no earlier than 'loaf/mix' ends ('loaf/mix' takes 20)",
    }
    assert cpsat.solve(bakery(60).problem(), Budget(30.0)).status is Status.OPTIMAL


def test_too_much_work_for_a_machine():
    m = Model()
    oven = m.machine("oven")
    for k in range(3):
        m.task(m.job(f"cake {k}", deadline=50), "bake").mode({oven: 1}, 20)
    assert conflict(m) == {
        "machine 'oven' does one task at a time",
        *(f"job 'cake {k}' must end by 50 ('cake {k}/bake' takes 20)" for k in range(3)),
    }


def test_a_circle_of_relations():
    m = Model()
    a, b, c, d = (m.task(name=name).mode({}, 2) for name in "abcd")
    a >> b >> c >> d
    m.start_before_start(c, a, 1)
    assert conflict(m) == {
        "'b' starts no earlier than 'a' ends ('a' takes 2)",
        "'c' starts no earlier than 'b' ends ('b' takes 2)",
        "'a' starts at least 1 after 'c' starts",
    }


def test_a_budget_that_no_choice_of_modes_meets():
    m = Model()
    gold, silver = m.budget("gold", capacity=5), m.budget("silver", capacity=50)
    for k in range(3):
        m.task(name=f"ring {k}").mode({gold: 2, silver: 9}, 1).mode({gold: 3}, 1)
    assert conflict(m) == {
        (
            "the budget of 'gold' is 5 ('ring 0' needs 2 or 3, 'ring 1' needs 2 or 3,"
            " 'ring 2' needs 2 or 3, at least 6 in all)"
        )
    }


def test_selections_against_a_window():
    m = Model()
    choice = [m.task(name=name, optional=True, end=(None, 3)).mode({}, 5) for name in "ab"]
    m.at_least_one(choice)
    assert conflict(m) == {
        "at least one of 'a', 'b' is done",
        "task 'a' must end by 3 (it takes 5)",
        "task 'b' must end by 3 (it takes 5)",
    }


def test_breaks_stock_and_setups_are_named():
    m = Model(horizon=10)
    saw = m.machine("saw", breaks=[(3, 8)])
    m.task(name="cut").mode({saw: 1}, 4)
    assert conflict(m) == {
        "everything must end by 10, the horizon ('cut' takes 4)",
        "the breaks of 'saw' (3 to 8)",
    }
    m = Model()
    tank = m.reservoir("tank", level=1, minimum=0, maximum=5)
    m.task(name="drain").mode({}, 1, consumes={tank: 2})
    assert conflict(m) == {
        "the level of 'tank' stays between 0 and 5 (it starts at 1, 'drain' takes out 2)"
    }
    m = Model(horizon=5)
    saw = m.machine("saw")
    for name in "ab":
        m.task(name=name, family=name).mode({saw: 1}, 2)
    m.setup_times(saw, {("a", "b"): 2, ("b", "a"): 2})
    assert conflict(m) == {
        "everything must end by 5, the horizon",
        "the setup times on machine 'saw' (2 from task to task)",
        "machine 'saw' does one task at a time ('a' takes 2, 'b' takes 2)",
    }


def test_breaks_that_lengthen_work_are_kept_while_others_are_left_out():
    """Without the break the task would end at 4, too early for its window; that is no reason."""
    m = Model()
    saw = m.machine("saw", breaks=[(2, 6)])
    a = m.task(name="a", interruptible=True, start=0, end=(8, 8)).mode({saw: 1}, 4)
    b = m.task(name="b", start=(None, 7)).mode({}, 1)
    a >> b
    lines = conflict(m)
    assert "task 'b' must start by 7" in lines
    breaks = any("the breaks of 'saw'" in line for line in lines)
    assert not breaks or not any("task 'a' must end by 8" in line for line in lines)


def test_work_that_fits_in_no_way_is_explained_by_itself():
    m = Model()
    m.task(name="a", start=3, end=4).mode({}, 9)
    assert any("'a'" in line for line in conflict(m))


def test_every_reason_can_be_left_out():
    problem = bakery(59, rolls=2).problem()
    every = reasons(problem)
    assert len({reason.text for reason in every}) == len(every)
    assert cpsat.solve(relaxed(problem, every), Budget(30.0)).status is Status.INFEASIBLE
    for reason in every:
        rest = [other for other in every if other is not reason]
        needed = "loaf/mix" in reason.text or "by 59" in reason.text
        status = cpsat.solve(relaxed(problem, rest), Budget(30.0)).status
        assert (status is Status.OPTIMAL) == needed


@pytest.fixture
def liar(monkeypatch):
    """Let CP-SAT call a model infeasible the first so many times."""

    def install(times: int) -> None:
        real = run.minimise
        left = [times]

        def wrong(*args, **kwargs):
            if left[0]:
                left[0] -= 1
                return Found(Answer.INFEASIBLE, None, None)
            return real(*args, **kwargs)

        monkeypatch.setattr(run, "minimise", wrong)

    return install


def test_a_wrong_infeasible_is_caught_by_a_second_look(liar):
    liar(1)
    problem = bakery(60).problem()
    result = cpsat.solve(problem, Budget(30.0))
    assert result.status is Status.FEASIBLE
    assert verify(problem, result.schedule).ok
    assert "one is known" in result.reason


def test_a_wrong_infeasible_is_caught_by_a_known_schedule(liar):
    problem = bakery(60).problem()
    known = cpsat.solve(problem, Budget(30.0)).schedule
    liar(5)
    result = cpsat.solve(problem, Budget(30.0), warm_start=known)
    assert result.status is Status.FEASIBLE
    assert result.schedule == known


def test_an_infeasible_that_nobody_confirms_is_not_believed(monkeypatch):
    stop = Stop()

    def once(*args, **kwargs):
        stop.set()
        return Found(Answer.INFEASIBLE, None, None)

    monkeypatch.setattr(run, "minimise", once)
    result = cpsat.solve(bakery(60).problem(), Budget(30.0), stop=stop)
    assert result.status is Status.UNKNOWN
    assert "no time to confirm" in result.reason
