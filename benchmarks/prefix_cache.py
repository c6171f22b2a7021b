"""What prefix caches find in Mooncake's traces, by capacity.

::

    python benchmarks/prefix_cache.py

A cache that never forgets, and caches that forget the block used least recently. "reference" are
the shares that an independent program computed from the same traces, to four digits.
The traces are downloaded once, or read from ``HEADWAY_DATA``.
"""

from __future__ import annotations

import time

from table import keep, machine

from headway.serving.workload import prefix_hits, workload

REFERENCE: dict[str, dict[int | None, float]] = {
    "mooncake-conversation": {
        None: 0.3664,
        1_000: 0.0445,
        5_000: 0.1118,
        10_000: 0.2116,
        30_000: 0.3257,
        50_000: 0.3546,
        100_000: 0.3637,
    },
    "mooncake-synthetic": {
        None: 0.6396,
        1_000: 0.0841,
        5_000: 0.2793,
        10_000: 0.4239,
        30_000: 0.6242,
        50_000: 0.6396,
        100_000: 0.6396,
    },
}


def rows(name: str) -> list[dict[str, object]]:
    """Return one line per capacity."""
    work = workload(name)
    lines = []
    for capacity, reference in REFERENCE[name].items():
        begun = time.process_time()
        found = prefix_hits(work, capacity)
        lines.append(
            {
                "trace": name,
                "capacity (blocks)": "unlimited" if capacity is None else f"{capacity:,}",
                "blocks": f"{found.blocks:,}",
                "distinct": f"{found.distinct:,}",
                "hits, measured": f"{found.share:.4f}",
                "hits, reference": f"{reference:.4f}",
                "same": f"{found.share:.4f}" == f"{reference:.4f}",
                "cpu s": round(time.process_time() - begun, 2),
            }
        )
    return lines


if __name__ == "__main__":
    table = [line for name in REFERENCE for line in rows(name)]
    keep("prefix-cache", "Hits of prefix caches in Mooncake's traces", table, **machine("numpy"))
