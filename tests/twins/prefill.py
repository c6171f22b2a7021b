"""One prefill instance, second by second: every token takes one, and every second is decided."""

from __future__ import annotations

from math import log2


def serve(
    arrival: list[int],
    tokens: list[int],
    deadline: list[int],
    order: str,
    chunk: int | None = None,
) -> list[int]:
    """Return when each prompt is done, if after every chunk the rules are asked who is next.

    Without chunks they are asked every second.
    """
    n = len(arrival)
    left, end, now, current = list(tokens), [0] * n, 0, None

    def rank(k: int) -> tuple[bool, float]:
        done = tokens[k] - left[k]
        share = 1.0 - done / tokens[k]
        pairs = tokens[k] * (tokens[k] + 1.0) / 2.0
        # A chunk is over with its tokens; a pass that was cut, with layers of all tokens.
        pairs_left = pairs * share if chunk is None else pairs - done * (done + 1.0) / 2.0
        key = {
            "fcfs": arrival[k],
            "edf": deadline[k],
            "s-edf": deadline[k],
            "sjf": tokens[k],
            "srpt": tokens[k] * share,
            "hrrn": -1.0 - (now - arrival[k]) / tokens[k],
            "preflow": log2(pairs) + log2(pairs_left) - (now - arrival[k]) / 10.0,
        }[order]
        return order == "s-edf" and deadline[k] - now - left[k] < 0, key

    while any(left):
        here = [k for k in range(n) if arrival[k] <= now and left[k]]
        if not here:
            now += 1
            continue
        others = [k for k in here if k != current]
        if current is None or not left[current]:
            current = min(others, key=lambda k: (rank(k), k))
        elif others:
            best = min(others, key=lambda k: (rank(k), k))
            late, key = rank(best)
            running_late, running_key = rank(current)
            if not late and (running_late or key < running_key):
                current = best
        size = min(chunk or 1, left[current])
        left[current] -= size
        now += size
        end[current] = now
    return end
