"""Names as text in pictures: cleaned, measured, and shortened until they fit."""

from __future__ import annotations

import re
from functools import lru_cache

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]+")
_NUMBERED = re.compile(r"^.*\D(\d+)$", re.DOTALL)


def clean(name: str) -> str:
    """Return a name without line breaks, control characters and broken surrogates."""
    return _CONTROL.sub(" ", name).strip() or "\N{EN DASH}"


def number_of(name: str) -> str:
    """Return the number at the end of a name such as "machine 12", or the name itself."""
    match = _NUMBERED.match(name)
    return match.group(1) if match else name


@lru_cache(maxsize=65536)
def width(text: str, size: float) -> float:
    """Return how wide `text` is in inches if set in `size` points."""
    from matplotlib.font_manager import FontProperties
    from matplotlib.textpath import text_to_path

    points, _, _ = text_to_path.get_text_width_height_descent(
        text, FontProperties(size=size), ismath=False
    )
    return float(points) / 72


def fitted(text: str, size: float, room: float) -> str:
    """Return `text`, cut with an ellipsis where it is wider than `room` inches."""
    text = text[:200]
    if width(text, size) <= room:
        return text
    low, high = 0, len(text)
    while low < high:
        middle = (low + high + 1) // 2
        if width(text[:middle].rstrip() + "…", size) <= room:
            low = middle
        else:
            high = middle - 1
    return text[:low].rstrip() + "…"
