from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from headway.model.problem import Problem

_Ints = NDArray[np.int64]
_Bools = NDArray[np.bool_]
_Floats = NDArray[np.float64]

def longest_paths(source: _Ints, target: _Ints, length: _Ints, floor: _Ints) -> _Ints | None: ...
def descendant_sums(source: _Ints, target: _Ints, weight: _Ints) -> _Ints: ...

class Generator:
    def __init__(
        self,
        problem: Problem,
        present: _Bools,
        open: _Bools,
        conflict_ptr: _Ints,
        conflict: _Ints,
        budget_mode: _Ints,
        mode_penalty: _Ints,
    ) -> None: ...
    def run(
        self,
        parallel: bool,
        formula: int,
        key: _Floats,
        due: _Floats,
        left: _Floats,
        work: _Floats,
        weight: _Floats,
        scale: float,
        alpha: float,
        seed: int,
        interrupted: Callable[[], bool] | None = None,
    ) -> tuple[_Ints, _Ints, _Ints, int, int]: ...
