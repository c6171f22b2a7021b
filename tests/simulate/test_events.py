"""Events as records and as documents."""

import json
import string

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headway.errors import FormatError
from headway.simulate.events import (
    KINDS,
    DueDateChange,
    DurationChange,
    Event,
    JobArrival,
    JobCancel,
    MachineChange,
    MachineDown,
    MachineUp,
    Work,
    WorkMode,
    events_from_builtins,
    events_from_json,
    events_to_json,
)

times = st.integers(0, 2**44)
names = st.text(min_size=1, max_size=20)
tasks = st.one_of(names, st.integers(0, 2**31))
modes = st.lists(
    st.builds(WorkMode, times, st.dictionaries(names, st.integers(-9, 9), max_size=2)),
    min_size=1,
    max_size=2,
).map(tuple)
works = st.lists(
    st.builds(Work, modes, st.none() | names, st.none() | st.just((0,)), st.booleans()),
    min_size=1,
    max_size=2,
).map(tuple)
events = st.one_of(
    st.builds(DurationChange, time=times, task=tasks, duration=times, machine=st.none() | names),
    st.builds(MachineChange, time=times, task=tasks, modes=modes),
    st.builds(
        MachineDown,
        time=times,
        machine=names,
        start=times,
        end=times,
        running=st.sampled_from(("resume", "restart", "move")),
    ),
    st.builds(MachineUp, time=times, machine=names),
    st.builds(JobArrival, time=times, job=names, tasks=works, release=st.none() | times),
    st.builds(JobCancel, time=times, job=names),
    st.builds(DueDateChange, time=times, job=names, due=st.none() | st.integers(-99, 99)),
)
junk = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | names,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["kind", "time", "task", "job", "tasks", "modes", "machine", "from"]),
            inner | st.sampled_from(["machine-down", "job-arrival", "duration-change"]),
            max_size=5,
        )
    ),
    max_leaves=12,
)


@given(st.lists(events, max_size=4))
@settings(max_examples=100, deadline=None)
def test_documents_give_back_the_events(given: list[Event]) -> None:
    text = events_to_json(given)
    assert events_from_json(text) == tuple(given)
    assert events_from_builtins(json.loads(text)) == tuple(given)


@given(junk)
@settings(max_examples=300, deadline=None)
def test_junk_is_refused_with_one_of_our_errors(document: object) -> None:
    try:
        found = events_from_builtins(document)
    except FormatError:
        return
    assert all(isinstance(event, KINDS) for event in found)


@given(st.text(alphabet=string.printable, max_size=40) | st.binary(max_size=40))
@settings(max_examples=200, deadline=None)
def test_text_that_is_no_document_is_refused(text: str | bytes) -> None:
    try:
        found = events_from_json(text)
    except FormatError:
        return
    assert found == ()


def test_one_event_needs_no_list() -> None:
    text = '{"kind": "job-cancel", "time": 3, "job": "rolls"}'
    assert events_from_json(text) == (JobCancel(time=3, job="rolls"),)


def test_events_cannot_be_changed() -> None:
    event = MachineUp(time=3, machine="saw")
    with pytest.raises(AttributeError):
        event.time = 4  # type: ignore[misc]


def test_each_kind_has_a_tag_of_its_own() -> None:
    tags = {msgspec.inspect.type_info(kind).tag for kind in KINDS}
    assert len(tags) == len(KINDS)
    assert {"duration-change", "machine-down", "due-date-change"} <= tags


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[\n{", "line 2"),
        ("7", "list of events"),
        ('[{"time": 1}]', "event 1.*'kind'"),
        ('[{"kind": "job-cancle", "time": 1}]', "did you mean job-cancel"),
        ('[{"kind": "job-cancel", "time": 1}]', "event 1: key 'job' is missing"),
        ('[{"kind": "job-cancel", "time": -1, "job": "a"}]', r"\$.time.*at least 0"),
        ('[{"kind": "job-cancel", "time": 1, "jb": "a"}]', "unknown key 'jb'"),
        ("[" * 100_000, "not valid JSON|nested"),
    ],
)
def test_refusals_say_where_and_what(text: str, words: str) -> None:
    with pytest.raises(FormatError, match=words):
        events_from_json(text)
