"""How long one forward pass of a batch takes: the face that every model of it shows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from headway import _core
from headway.serving.step_time.shape import Shape, Value


@dataclass(frozen=True, slots=True)
class Operator:
    """One operator of a forward pass.

    Parameters
    ----------
    name
        As in ``qkv_proj``; the same operator may stand at several places, as norms do.
    seconds
        Duration of one execution.
    repeats
        How often it runs in a step. Neighbours with equal repeats above 1 are the operators of one
        layer: all run once, then all again.
    """

    name: str
    seconds: Value
    repeats: int = 1


class StepTime(Protocol):
    """Anything that tells how long a step takes.

    Subclass it and write `seconds`; the rest follows, though an engine runs faster with a step time
    that has a native form.
    """

    def seconds(self, shape: Shape) -> Value:
        """Return the duration of a step in seconds; of many, where the fields are arrays."""
        ...

    def operators(self, shape: Shape) -> tuple[Operator, ...]:
        """Return what runs in the step, in order of execution: places where it can be cut."""
        return (Operator("step", self.seconds(shape)),)

    def breakdown(self, shape: Shape) -> dict[str, Value]:
        """Return the seconds that each operator takes in the whole step, in order of execution."""
        total: dict[str, Value] = {}
        for operator in self.operators(shape):
            spent = operator.seconds * operator.repeats
            total[operator.name] = total.get(operator.name, 0.0) + spent
        return total

    def native(self) -> _core.StepTime | None:
        """Return the same function as an object of the native core; None if there is none."""
        return None


def as_native(step_time: StepTime) -> _core.StepTime:
    """Return a step time for the native core; one that it does not know is called back.

    A call back costs about a microsecond beyond the Python function itself.
    """
    native = step_time.native()
    if native is not None:
        return native
    return _core.called_time(lambda *values: float(step_time.seconds(Shape(*values))))
