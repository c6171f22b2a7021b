"""The parser of HTTP, or how to get it."""

from __future__ import annotations

from headway.errors import MissingExtraError

try:
    import httptools
except ImportError:
    raise MissingExtraError(
        "speaking HTTP needs more packages; install them with: pip install 'headway[serve]'"
    ) from None

__all__ = ["httptools"]
