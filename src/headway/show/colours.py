"""Colours of bars, and the two themes that pictures come in.

The palette starts with the seven colours of Okabe and Ito; the others were chosen one after the
other as the colour farthest (in OKLab) from all earlier ones, as seen with normal vision and with
simulated protanopia, deuteranopia and tritanopia.

References
----------
Okabe and Ito (2002), Color Universal Design.
Machado, Oliveira and Fernandes (2009), A physiologically-based model for simulation of color
vision deficiency.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Literal

from headway.errors import ConfigError

PALETTE = (
    "#0072b2", "#e69f00", "#009e73", "#d55e00", "#56b4e9", "#cc79a7", "#f0e442", "#6fe0cf",
    "#7c4e5c", "#a6c198", "#8983df", "#9fcdf8", "#a14512", "#b9e8a0", "#9e5881", "#e9c354",
    "#78b173", "#846f52", "#6e4b8c", "#c5a4bb", "#708e44", "#719dc7", "#b59431", "#466931",
)  # fmt: skip
"""Colours of jobs, machines or tasks; after the last one they start again."""

NEUTRAL = "#9aa0a6"
"""Colour of what belongs to nothing that has a colour of its own."""


@dataclass(frozen=True, slots=True)
class Theme:
    """Colours of everything in a picture that is not a bar.

    Attributes
    ----------
    paper, ink, muted
        Background, text, and secondary text.
    line, band
        Grid lines and the tint of every other row.
    rest
        Shading of breaks.
    critical, late
        Outline of critical tasks; due dates and deadlines.
    """

    paper: str
    ink: str
    muted: str
    line: str
    band: str
    rest: str
    critical: str
    late: str


LIGHT = Theme(
    paper="#ffffff",
    ink="#1f2328",
    muted="#667079",
    line="#dfe3e8",
    band="#f6f8fa",
    rest="#d5dae1",
    critical="#16181d",
    late="#c4122f",
)
DARK = Theme(
    paper="#15181d",
    ink="#e8eaed",
    muted="#9aa4af",
    line="#31363e",
    band="#1b1f25",
    rest="#3b424d",
    critical="#ffffff",
    late="#ff6b7d",
)

ThemeName = Literal["light", "dark"]


def theme(name: ThemeName) -> Theme:
    """Return the theme called `name`."""
    themes = {"light": LIGHT, "dark": DARK}
    if name not in themes:
        raise ConfigError(f"theme: expected light or dark, got {name!r}")
    return themes[name]


def colour(index: int) -> str:
    """Return the colour of thing number `index`; negative numbers are neutral."""
    return PALETTE[index % len(PALETTE)] if index >= 0 else NEUTRAL


@cache
def text_on(background: str) -> str:
    """Return whichever of near-black and white reads better on `background`."""
    dark = "#14171a"
    lum, low = _luminance(background), _luminance(dark)
    return "#ffffff" if 1.05 / (lum + 0.05) > (lum + 0.05) / (low + 0.05) else dark


def _luminance(hex_colour: str) -> float:
    """Return the relative luminance of WCAG 2.1."""
    parts = []
    for at in (1, 3, 5):
        value = int(hex_colour[at : at + 2], 16) / 255
        parts.append(value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4)
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]
