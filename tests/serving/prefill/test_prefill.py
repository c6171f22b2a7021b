"""The face of the room: what it promises is there and documented."""

import inspect

from headway.serving import prefill


def test_every_promised_name_is_there_and_documented() -> None:
    assert sorted(set(prefill.__all__)) == sorted(prefill.__all__)
    for name in prefill.__all__:
        thing = getattr(prefill, name)
        if inspect.isclass(thing) or inspect.isfunction(thing):
            assert inspect.getdoc(thing), f"{name} has no docstring"
