from __future__ import annotations

from headway.model import Schedule, job_shop
from headway.show.labels import key_of, place, texts
from headway.show.layout import arrange
from headway.show.page import paginate
from headway.show.typeset import width


def test_colours_say_what_rows_do_not(bakery: Schedule) -> None:
    by_machine = key_of(arrange(bakery, "machine"))
    assert by_machine.what == "job"
    assert by_machine.of_task[:3].tolist() == [0, 0, 0]
    by_job = key_of(arrange(bakery, "job"))
    assert by_job.what == "resource"
    # Mixing needs mixer (0) and bakers (2), packing the line (3): machines come first.
    assert by_job.of_task[:3].tolist() == [0, 1, 3]
    assert by_job.of_task[13] == -1


def test_labels_get_shorter(bakery: Schedule) -> None:
    layout = arrange(bakery, "machine")
    assert texts(layout, "auto")[0] == ("loaf · mix", "loaf")
    assert texts(layout, "task")[0] == ("mix",)
    assert texts(layout, "none")[0] == ()
    assert texts(arrange(bakery, "job"), "auto")[0] == ("mixer · mix", "mixer")
    assert texts(arrange(bakery, "task"), "auto")[0] == ("mixer, bakers", "mixer, bakers")


def test_numbered_operations_are_not_named_twice() -> None:
    schedule = job_shop([[0, 1]], [[3, 4]]).schedule([0, 3])
    assert texts(arrange(schedule, "machine"), "auto")[1] == ("job 0", "0")


def test_labels_lie_inside_their_bars(bakery: Schedule) -> None:
    layout = arrange(bakery, "machine")
    page = paginate(layout, unit=None, wide=None, high=None, below=1.0)
    labels = place(layout, page, texts(layout, "auto"))
    assert labels
    pieces = list(layout.work)
    for label in labels:
        half = width(label.text, label.size) / 2 / page.per_tick
        if label.upright:
            half = label.size / 72 / 2 / page.per_tick
        assert any(
            task == label.task and start <= label.x - half and label.x + half <= end
            for _, _, start, end, task in pieces
        ), label


def test_labels_avoid_due_dates(bakery: Schedule) -> None:
    """The loaf is packed from 75 to 95 and due at 90: the larger part lies before."""
    layout = arrange(bakery, "job")
    page = paginate(layout, unit=None, wide=20, high=None, below=1.0)
    label = next(x for x in place(layout, page, texts(layout, "auto")) if x.task == 2)
    assert label.x == (75 + 90) / 2
