"""From what is written down to the channels of a worker."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from secrets import randbits, token_bytes

from headway.errors import ConfigError
from headway.serving.gateway.board import Board
from headway.serving.gateway.sharing.datagrams import Datagrams
from headway.serving.gateway.sharing.document import RedisSection, SharedSection
from headway.serving.gateway.sharing.loads import Loads
from headway.serving.gateway.sharing.redis import ID_BYTES, RedisChannel, group_key
from headway.serving.gateway.sharing.sharing import Channel
from headway.serving.gateway.usage import Clock


@dataclass(frozen=True, slots=True)
class Common:
    """What all workers of a gateway have in common.

    Attributes
    ----------
    gateway
        Its name for gateways on other machines.
    seed
        Of the names of blocks of prompts.
    folder
        Where the sockets of workers are; None if there is only one worker.
    """

    gateway: bytes
    seed: int
    folder: Path | None = None

    @classmethod
    def new(cls, folder: Path | None = None) -> Common:
        """Return what nobody else has."""
        return cls(token_bytes(ID_BYTES), randbits(64), folder)


def channels(
    section: SharedSection,
    common: Common,
    board: Board,
    worker: int,
    places: Sequence[str],
    clock: Clock,
    agreed: Callable[[int], None],
) -> tuple[Channel, ...]:
    """Return the ways from a worker to others.

    Parameters
    ----------
    section
        What is written down.
    common
        To all workers of this gateway.
    board
        Theirs.
    worker
        Its number.
    places
        Names and addresses of the engines.
    clock
        Seconds that never go back.
    agreed
        Hears the seed of the names of blocks that gateways have agreed on.

    Raises
    ------
    ConfigError
        If an address is none, or the environment does not have it.
    MissingExtraError
        If there is no client for Redis.
    """
    found: list[Channel] = []
    if common.folder is not None and section.workers:
        found.append(Datagrams(common.folder, worker, board.workers))
    redis = section.redis
    if redis is not None:
        loads = Loads(board, clock, redis.forget_s) if worker == 0 else None
        found.append(
            RedisChannel(
                redis,
                _url(redis),
                group_key(redis.group, list(places)),
                common.gateway,
                board.row(worker),
                loads,
                agreed,
                common.seed,
            )
        )
    return tuple(found)


def _url(section: RedisSection) -> str:
    if section.url_env is None:
        return section.url
    url = os.environ.get(section.url_env, "")
    if not url:
        raise ConfigError(
            f"serve.shared.redis.url_env: the environment has no variable {section.url_env!r}"
        )
    return url
