"""A policy that walks everywhere its decision leads, in search of what it should not know.

Python cannot lock anything away from code that goes through frames, the garbage collector's list
of everything or modules. What counts is that nothing *hangs on* a decision: not by attribute,
slot, property, closure, default, bound method, base of an array, or reference of the collector.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from types import BuiltinFunctionType, FunctionType, MethodType, ModuleType
from typing import Any

import numpy as np

_ENDS = (type, ModuleType, str, bytes, int, float, complex, bool, type(None))


def reachable(start: object, most: int = 20_000) -> Iterator[object]:
    """Yield everything that an object leads to, itself included."""
    seen: dict[int, object] = {}
    waiting = [start]
    while waiting and len(seen) < most:
        found = waiting.pop()
        if isinstance(found, _ENDS) or id(found) in seen:
            continue
        seen[id(found)] = found
        yield found
        waiting += _neighbours(found)


def _neighbours(found: Any) -> list[Any]:
    if isinstance(found, FunctionType):
        # Not its globals: a module is there for anybody who imports it.
        cells = [cell.cell_contents for cell in found.__closure__ or ()]
        return [*cells, found.__defaults__, found.__kwdefaults__, found.__dict__]
    if isinstance(found, MethodType | BuiltinFunctionType):
        return [found.__self__, getattr(found, "__func__", None)]
    if isinstance(found, np.ndarray):
        return [found.base]
    near = list(gc.get_referents(found))
    if type(found).__module__.startswith("headway"):
        for name in dir(found):
            if not name.startswith("__"):
                value = _told(found, name)
                # What a method is bound to is the object itself.
                near += [] if isinstance(value, MethodType) and value.__self__ is found else [value]
    return near


def _told(found: Any, name: str) -> Any:
    try:
        return getattr(found, name, None)
    except PermissionError:
        return None


class Peeker:
    """Scores like the first come first served, and looks around at every decision."""

    name = "peeker"
    reveal = "none"

    def __init__(self) -> None:
        self.found: set[str] = set()
        self.values: list[np.ndarray] = []
        self.decisions = 0

    def score(self, decision: Any) -> np.ndarray:
        self.decisions += 1
        if self.decisions <= 20:
            self.look(decision)
        return -np.arange(len(decision), dtype=np.float64)

    def look(self, start: object) -> None:
        for thing in reachable(start):
            kind = type(thing)
            if kind.__module__.startswith("headway") or isinstance(thing, np.random.Generator):
                self.found.add(f"{kind.__module__}.{kind.__qualname__}")
            if isinstance(thing, np.ndarray):
                self.values.append(thing)
