import numpy as np
from numpy.typing import NDArray

_Ints = NDArray[np.int64]

def longest_paths(
    source: _Ints, target: _Ints, length: _Ints, floor: _Ints
) -> _Ints | None: ...
