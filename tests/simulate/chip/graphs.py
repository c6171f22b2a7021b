"""Random task graphs."""

import numpy as np
from hypothesis import strategies as st

from headway.simulate.chip import UNSUPPORTED, TaskGraph


@st.composite
def graphs(draw: st.DrawFn, most_tasks: int = 8, most_elements: int = 3) -> TaskGraph:
    """Graphs with unsupported pairs, tasks of no duration and delays of none."""
    n = draw(st.integers(1, most_tasks))
    elements = draw(st.integers(1, most_elements))
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    duration = rng.integers(0, 12, (n, elements))
    lost = rng.random((n, elements)) < 0.2
    lost[np.arange(n), rng.integers(elements, size=n)] = False
    duration[lost] = UNSUPPORTED
    # Names are shuffled so that edges do not always lead to larger positions.
    place = rng.permutation(n)
    edges = [(a, b) for b in range(n) for a in range(b) if rng.random() < 0.4]
    delay = rng.integers(0, 9, (len(edges), elements, elements))
    delay[:, np.arange(elements), np.arange(elements)] = 0
    return TaskGraph(
        "random",
        tuple(f"t{k}" for k in range(n)),
        tuple(f"e{k}" for k in range(elements)),
        duration,
        place[[a for a, _ in edges]],
        place[[b for _, b in edges]],
        delay,
    )
