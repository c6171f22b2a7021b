"""Who may look after a gateway: tokens, and sessions of browsers that have shown one."""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from headway.errors import ConfigError, FormatError

SESSION_S = 12 * 3600
"""After which a browser has to show its token again."""

_LEAST_LETTERS = 16
_PREFIX = "hwa_"
_OPERATOR = "admin"


@dataclass(frozen=True, slots=True)
class Operator:
    """Somebody who may look after the gateway.

    Attributes
    ----------
    name
        For the log; without spaces and dots.
    token
        A secret.
    """

    name: str
    token: str


class Access:
    """Tells who asks, by a token or by a session that was begun with one.

    A session is a name, an end and a seal made with the token: nothing is kept here, and taking a
    token away ends its sessions.

    Parameters
    ----------
    operators
        That there are.
    made
        The token, if it was made up for this run and is to be shown.

    Raises
    ------
    ConfigError
        If there is nobody, two have one name, or a token is too short to be one.
    """

    def __init__(self, operators: Iterable[Operator], made: str | None = None) -> None:
        self.made = made
        self._operators = {one.name: one for one in operators}
        if not self._operators:
            raise ConfigError("admin: expected at least one token")
        for one in self._operators.values():
            if len(one.token) < _LEAST_LETTERS or not one.token.isascii():
                raise ConfigError(
                    f"admin: the token of {one.name} must have {_LEAST_LETTERS} characters or more"
                )

    @classmethod
    def made_up(cls) -> Access:
        """Return access by a token that nobody has had before."""
        token = _PREFIX + secrets.token_urlsafe(24)
        return cls([Operator(_OPERATOR, token)], token)

    @classmethod
    def of(cls, env: str | None, file: Path | None) -> Access:
        """Return access by what is configured, or by a token made up.

        Parameters
        ----------
        env
            Variable of the environment that holds a token.
        file
            With a line for each operator, ``NAME TOKEN``; lines that begin with ``#`` say nothing.

        Raises
        ------
        ConfigError
            If the variable is not set, or a token cannot be one.
        FormatError
            If the file cannot be read; with the line.
        """
        found: list[Operator] = []
        if env is not None:
            token = os.environ.get(env, "").strip()
            if not token:
                raise ConfigError(f"serve.admin_token_env: {env} is not set")
            found.append(Operator(_OPERATOR, token))
        if file is not None:
            found += _read(file)
        return cls(found) if found else cls.made_up()

    def by_token(self, token: str) -> Operator | None:
        """Return whose token it is; takes as long for one that nobody has."""
        told, found = token.encode(), None
        for one in self._operators.values():
            if hmac.compare_digest(told, one.token.encode()):
                found = one
        return found

    def session(self, operator: Operator, now_s: float) -> str:
        """Return what a browser is to show from now on.

        Parameters
        ----------
        operator
            Who has shown a token.
        now_s
            In seconds since 1970.
        """
        ends_s = int(now_s) + SESSION_S
        return f"{operator.name}.{ends_s}.{_seal(operator, ends_s)}"

    def by_session(self, session: str, now_s: float) -> Operator | None:
        """Return whose session it is, None if it is over or none of ours."""
        name, _, rest = session.partition(".")
        end, _, seal = rest.partition(".")
        operator = self._operators.get(name)
        if operator is None or not end.isdecimal() or len(end) > 12:
            return None
        if not hmac.compare_digest(seal.encode(), _seal(operator, int(end)).encode()):
            return None
        return operator if now_s < int(end) else None


def _seal(operator: Operator, ends_s: int) -> str:
    told = f"headway admin session {operator.name} {ends_s}".encode()
    return hmac.new(operator.token.encode(), told, hashlib.sha256).hexdigest()


def _read(path: Path) -> list[Operator]:
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise FormatError(f"{path}: {error}", path=path) from None
    found: list[Operator] = []
    for number, line in enumerate(lines, 1):
        words = line.split()
        if not words or words[0].startswith("#"):
            continue
        if len(words) != 2 or not words[0].isidentifier():
            raise FormatError("expected a name and a token", path=path, line=number)
        if words[0] in {one.name for one in found}:
            raise FormatError(f"{words[0]} has a token already", path=path, line=number)
        found.append(Operator(*words))
    return found
