"""A finished picture: saved by suffix, shown in notebooks."""

from __future__ import annotations

import io
import threading
import warnings
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

from headway.errors import ConfigError
from headway.files import write_bytes
from headway.show.typeset import families

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Canvas

SUFFIXES = (".png", ".svg", ".pdf")
"""What `Figure.save` writes."""

# Some choices of matplotlib's SVG and PDF writers can only be made in its global settings.
_SETTINGS: Any = {"svg.hashsalt": "headway", "svg.fonttype": "path", "pdf.fonttype": 42}
_one_at_a_time = threading.Lock()


def suffix_of(path: str | PathLike[str]) -> str:
    """Return the suffix of a picture's path, in lower case.

    Raises
    ------
    ConfigError
        If no picture can be saved under it; the message names those that can.
    """
    suffix = Path(path).suffix.lower()
    if suffix not in SUFFIXES:
        raise ConfigError(
            f"{path}: cannot save a picture as {suffix or 'a file without suffix'!r}; "
            f"known: {', '.join(SUFFIXES)}"
        )
    return suffix


class Figure:
    """A picture that can be saved and shown.

    Parameters
    ----------
    canvas
        The matplotlib figure, made without pyplot; change it freely before saving.
    """

    __slots__ = ("canvas",)

    def __init__(self, canvas: Canvas) -> None:
        from matplotlib.text import Text

        self.canvas = canvas
        for text in canvas.findobj(Text):
            text.set_fontfamily(families())

    def save(self, path: str | PathLike[str], *, dpi: float = 150) -> None:
        """Write the picture to `path`, atomically, in the format that its suffix names.

        Parameters
        ----------
        path
            Ends in ``.png``, ``.svg`` or ``.pdf``.
        dpi
            Dots per inch of a PNG, and of the parts of other formats that are stored as pixels.

        Raises
        ------
        ConfigError
            If the suffix is another one.
        FormatError
            If the file cannot be written.
        """
        write_bytes(path, self._render(suffix_of(path)[1:], dpi))

    def to_png(self, *, dpi: float = 150) -> bytes:
        """Return the picture as PNG."""
        return self._render("png", dpi)

    def to_svg(self, *, dpi: float = 150) -> str:
        """Return the picture as SVG text; the same picture gives the same text."""
        return self._render("svg", dpi).decode("utf-8")

    def to_pdf(self, *, dpi: float = 150) -> bytes:
        """Return the picture as PDF; the same picture gives the same bytes."""
        return self._render("pdf", dpi)

    def _render(self, kind: str, dpi: float) -> bytes:
        import matplotlib as mpl

        # No dates and no versions, so that the same picture gives the same bytes.
        metadata: dict[str, Any] = {
            "png": {"Software": None},
            "svg": {"Date": None, "Creator": None},
            "pdf": {"CreationDate": None, "Creator": None, "Producer": None},
        }[kind]
        stream = io.BytesIO()
        with _one_at_a_time, mpl.rc_context(_SETTINGS), warnings.catch_warnings():
            # A letter that no installed font knows becomes a box; nothing else can be done.
            warnings.filterwarnings("ignore", r"Glyph \d+ .* missing from font")
            self.canvas.savefig(stream, format=kind, dpi=dpi, metadata=metadata)
        return stream.getvalue()

    def _repr_png_(self) -> bytes:
        return self.to_png(dpi=110)
