"""What routers learn from one another: who was sent where, and what has ended, in columns."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple, Protocol, runtime_checkable

from headway.serving.fleet.view import Ints


class Origin(Protocol):
    """Whose a request is; `RequestView` is one."""

    @property
    def tenant(self) -> str:
        """Name of the tenant, empty if nobody said."""
        ...

    @property
    def service_class(self) -> int:
        """Number of the class."""
        ...

    @property
    def session(self) -> int:
        """Number of the session, -1 if there is none."""
        ...


class Whence(NamedTuple):
    """The `Origin` of a request that somebody else has."""

    tenant: str
    service_class: int
    session: int


@dataclass(frozen=True, slots=True, eq=False)
class Sent:
    """Requests that others have sent to engines; a row each, in the order of sending.

    Attributes
    ----------
    engine, session, service_class, prompt_tokens, limit_tokens, tries
        As in `RequestView`; shape (n,).
    block_tokens
        Tokens of a block of each prompt; shape (n,).
    tenant
        Names, one a row.
    blocks, offsets
        Names of the blocks of all prompts; those of row i are from ``offsets[i]`` up to
        ``offsets[i + 1]``, and there are none if nobody has looked at them. Shape of the offsets
        (n + 1,).
    """

    engine: Ints
    session: Ints
    service_class: Ints
    prompt_tokens: Ints
    limit_tokens: Ints
    tries: Ints
    block_tokens: Ints
    tenant: tuple[str, ...]
    blocks: Ints
    offsets: Ints

    def __len__(self) -> int:
        return len(self.engine)

    def whence(self) -> Iterator[Whence]:
        """Yield whose each is."""
        rows = (self.tenant, self.service_class.tolist(), self.session.tolist())
        return map(Whence, *rows)


@dataclass(frozen=True, slots=True, eq=False)
class Ended:
    """Requests of others that have left engines; a row each.

    Attributes
    ----------
    engine, session, service_class, prompt_tokens
        As in `RequestView`; shape (n,).
    output_tokens
        Of the answers, 0 of one that failed; shape (n,).
    tenant
        Names, one a row.
    """

    engine: Ints
    session: Ints
    service_class: Ints
    prompt_tokens: Ints
    output_tokens: Ints
    tenant: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.engine)

    def whence(self) -> Iterator[Whence]:
        """Yield whose each was."""
        rows = (self.tenant, self.service_class.tolist(), self.session.tolist())
        return map(Whence, *rows)


@dataclass(frozen=True, slots=True)
class Lessons:
    """What other routers of the same name, before the same engines, have done of late.

    Attributes
    ----------
    at_s
        When this is heard, by the clock of who hears it.
    sent, ended
        What they have done.
    """

    at_s: float
    sent: Sent
    ended: Ended


@runtime_checkable
class Learner(Protocol):
    """A router, or an order of a queue, that learns from what others like it have done.

    Where several processes or machines serve one fleet, each has routers of its own. What one of
    them learns from its requests all others hear a moment later, perhaps not all of it, and perhaps
    in another order than it happened.
    """

    def learned(self, lessons: Lessons) -> None:
        """Learn, without asking anybody anything; what is told are no requests of one's own."""
        ...


def tell_learned(one: object, lessons: Lessons) -> None:
    """Tell a router or an order what others have done, if it wants to know."""
    if isinstance(one, Learner):
        one.learned(lessons)
