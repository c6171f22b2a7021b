"""Names as text in pictures: cleaned, measured, and shortened until they fit."""

from __future__ import annotations

import re
from functools import cache, lru_cache
from unicodedata import east_asian_width

FONT = "DejaVu Sans"
"""Comes with matplotlib, so that pictures look the same everywhere."""

_WORLD_FONTS = (
    "Noto Sans CJK SC", "Noto Sans CJK JP", "Noto Sans CJK KR", "Noto Sans SC", "Noto Sans JP",
    "Noto Sans KR", "PingFang SC", "Hiragino Sans", "Microsoft YaHei", "Yu Gothic",
    "Malgun Gothic", "WenQuanYi Micro Hei", "WenQuanYi Zen Hei", "Noto Sans Devanagari",
    "Noto Sans Thai", "Noto Sans Bengali", "Noto Sans Tamil", "Arial Unicode MS",
)  # fmt: skip
_FOREIGN = 0x0700
"""From here on, but for symbols, letters are not in `FONT`."""

_CONTROL = re.compile(
    # Control characters, line and paragraph separators, direction overrides, broken surrogates.
    r"[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]+"
)
_NUMBERED = re.compile(r"^.*\D(\d+)$", re.DOTALL)


def clean(name: str) -> str:
    """Return a name without what would break a line, its direction, or the encoding."""
    return _CONTROL.sub(" ", name).strip() or "\N{EN DASH}"


def number_of(name: str) -> str:
    """Return the number at the end of a name such as "machine 12", or the name itself."""
    match = _NUMBERED.match(name)
    return match.group(1) if match else name


@lru_cache(maxsize=65536)
def width(text: str, size: float) -> float:
    """Return how wide `text` is in inches if set in `size` points."""
    if any(ord(letter) >= _FOREIGN and not "\u2000" <= letter < "\u2c00" for letter in text):
        # Scripts that the font lacks are set in another one; a guess must do.
        ems = sum(1.0 if east_asian_width(letter) in "WF" else 0.62 for letter in text)
        return ems * size / 72

    from matplotlib.font_manager import FontProperties
    from matplotlib.textpath import text_to_path

    font = FontProperties(family=FONT, size=size)
    points, _, _ = text_to_path.get_text_width_height_descent(text, font, ismath=False)
    return float(points) / 72


@cache
def families() -> list[str]:
    """Return the fonts to set texts in: ours, then those installed that know more scripts."""
    from matplotlib.font_manager import fontManager

    installed = set(fontManager.get_font_names())
    return [FONT, *(name for name in _WORLD_FONTS if name in installed)]


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
