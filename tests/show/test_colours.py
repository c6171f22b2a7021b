from __future__ import annotations

import itertools

import numpy as np
import pytest

from headway.errors import ConfigError
from headway.show.colours import NEUTRAL, PALETTE, colour, text_on, theme

# Linear RGB as people without red or green cones see it (Machado et al. 2009, severity 1).
VISIONS = {
    "normal": np.eye(3),
    "protanopia": np.array(
        [
            [0.152286, 1.052583, -0.204868],
            [0.114503, 0.786281, 0.099216],
            [-0.003882, -0.048116, 1.051998],
        ]
    ),
    "deuteranopia": np.array(
        [
            [0.367322, 0.860646, -0.227968],
            [0.280085, 0.672501, 0.047413],
            [-0.011820, 0.042940, 0.968881],
        ]
    ),
}


def linear(hex_colour: str) -> np.ndarray:
    rgb = np.array([int(hex_colour[k : k + 2], 16) / 255 for k in (1, 3, 5)])
    return np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)


def oklab(rgb: np.ndarray) -> np.ndarray:
    cones = np.array(
        [
            [0.4122214708, 0.5363325363, 0.0514459929],
            [0.2119034982, 0.6806995451, 0.1073969566],
            [0.0883024619, 0.2817188376, 0.6299787005],
        ]
    )
    opponents = np.array(
        [
            [0.2104542553, 0.7936177850, -0.0040720468],
            [1.9779984951, -2.4285922050, 0.4505937099],
            [0.0259040371, 0.7827717662, -0.8086757660],
        ]
    )
    return opponents @ np.cbrt(cones @ np.clip(rgb, 0, 1))


@pytest.mark.parametrize("vision", VISIONS)
def test_the_first_dozen_colours_differ_for_every_eye(vision: str) -> None:
    """A distance of 0.02 in OKLab is the least that people notice side by side."""
    seen = [oklab(VISIONS[vision] @ linear(name)) for name in PALETTE[:12]]
    nearest = min(np.linalg.norm(a - b) for a, b in itertools.combinations(seen, 2))
    assert nearest > 0.05


def test_colours_start_again_after_the_last() -> None:
    assert colour(len(PALETTE)) == colour(0)
    assert colour(-1) == NEUTRAL
    assert len(set(PALETTE)) == len(PALETTE)


@pytest.mark.parametrize("background", [*PALETTE, NEUTRAL])
def test_text_on_a_bar_has_enough_contrast(background: str) -> None:
    """WCAG 2.1 asks for 4.5 to 1 for normal text."""
    weights = np.array([0.2126, 0.7152, 0.0722])
    low, high = sorted(float(weights @ linear(c)) for c in (background, text_on(background)))
    assert (high + 0.05) / (low + 0.05) >= 4.5


def test_an_unknown_theme_is_refused() -> None:
    with pytest.raises(ConfigError, match="sepia"):
        theme("sepia")  # type: ignore[arg-type]
