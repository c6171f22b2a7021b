"""What a page holds in itself, so that it opens without a network."""

from __future__ import annotations

import base64
import hashlib
from importlib.resources import files


def asset(name: str) -> str:
    """Return one of our style sheets, scripts or templates."""
    return files("headway.show").joinpath("assets", name).read_text(encoding="utf-8")


def policy_hash(text: str) -> str:
    """Return what a content security policy calls a style or a script."""
    digest = hashlib.sha256(text.encode()).digest()
    return f"sha256-{base64.b64encode(digest).decode()}"


def uri(data: bytes, kind: str) -> str:
    """Return data as an address that holds them."""
    return f"data:{kind};base64,{base64.b64encode(data).decode()}"
