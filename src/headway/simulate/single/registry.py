"""Policies by name."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import fields
from fractions import Fraction
from types import MappingProxyType
from typing import Any

from headway.errors import ConfigError, UnknownNameError
from headway.simulate.single import policies
from headway.simulate.single.view import Policy

POLICIES: Mapping[str, Callable[..., Policy]] = MappingProxyType(
    {
        "fifo": policies.Fifo,
        "srpt": policies.Srpt,
        "op_srpt": policies.OpSrpt,
        "chunked": policies.Chunked,
        "known_size": policies.KnownSize,
        "slf": policies.ShortestLowerBound,
        "srpt_estimate": policies.SrptEstimate,
        "las": policies.LeastAttained,
        "round_robin": policies.RoundRobin,
        "mlfq": policies.Mlfq,
    }
)
"""Makers of the policies by name."""


def find(text: str | Policy) -> Policy:
    """Return the policy that a text such as ``mlfq(8, 100)`` names.

    Parameters
    ----------
    text
        A name in `POLICIES`, with numbers for its settings in brackets if it has any.

    Raises
    ------
    UnknownNameError
        If there is no such policy.
    ConfigError
        If it cannot have these settings.

    Examples
    --------
    >>> find("slf(0.25)")
    ShortestLowerBound(epsilon=Fraction(1, 4), quantum=1)
    """
    if not isinstance(text, str):
        return text
    match = re.fullmatch(r"\s*(\w+)\s*(?:\(([^()]*)\))?\s*", text)
    if match is None:
        raise ConfigError(f"expected a policy such as 'op_srpt' or 'mlfq(8, 100)', got {text!r}")
    name, inside = match[1], match[2]
    if name not in POLICIES:
        raise UnknownNameError("policy", name, POLICIES)
    try:
        values = [_number(part) for part in inside.split(",")] if inside else []
        return POLICIES[name](*values)
    except (TypeError, ValueError, ZeroDivisionError) as error:
        if isinstance(error, ConfigError):
            raise
        settings = ", ".join(field.name for field in fields(POLICIES[name]))  # type: ignore[arg-type]
        raise ConfigError(f"policy {text!r}: its settings are ({settings})") from None


def _number(text: str) -> Any:
    value = Fraction(text.strip())
    return int(value) if value.denominator == 1 else value
