"""What one kind of engine can take within its limits, by the sizes of requests."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from os import PathLike
from pathlib import Path
from types import MappingProxyType

import msgspec
import numpy as np

from headway.errors import ConfigError, FormatError
from headway.serving.fleet.view import Floats


@dataclass(frozen=True, eq=False)
class Profile:
    """Requests per second that keep the limits, for each length of answers and of prompts.

    Parameters
    ----------
    kind
        Of engines, see `headway.serving.fleet.Member.kind`.
    cost
        Of one engine for an hour, in whatever currency.
    output_tokens, prompt_tokens
        Lengths that were measured, ascending; shapes (n_outputs,) and (n_prompts,).
    rate_per_s
        Most requests per second of such lengths, 0 where no rate keeps the limits; shape
        (n_outputs, n_prompts).
    latency_s
        What a request of such lengths takes at that rate, of the same shape; None if it was not
        measured.

    Raises
    ------
    ConfigError
        If a table has another shape, or a number cannot be.
    """

    kind: str
    cost: float
    output_tokens: Floats
    prompt_tokens: Floats
    rate_per_s: Floats
    latency_s: Floats | None = None

    def __post_init__(self) -> None:
        if not (np.isfinite(self.cost) and self.cost > 0):
            raise ConfigError(f"profile {self.kind!r}: cost: must be positive, got {self.cost}")
        for name in ("output_tokens", "prompt_tokens"):
            ticks = np.asarray(getattr(self, name), dtype=np.float64)
            if ticks.ndim != 1 or not len(ticks) or not np.isfinite(ticks).all():
                raise ConfigError(f"profile {self.kind!r}: {name}: expected a list of lengths")
            if ticks[0] < 1 or (np.diff(ticks) <= 0).any():
                raise ConfigError(f"profile {self.kind!r}: {name}: must be >= 1 and ascend")
            object.__setattr__(self, name, ticks)
        rates = np.asarray(self.rate_per_s, dtype=np.float64)
        shape = (len(self.output_tokens), len(self.prompt_tokens))
        if rates.shape != shape:
            raise ConfigError(
                f"profile {self.kind!r}: rate_per_s: expected shape {shape}, got {rates.shape}"
            )
        if not (np.isfinite(rates) & (rates >= 0)).all():
            raise ConfigError(f"profile {self.kind!r}: rate_per_s: must be finite and not negative")
        object.__setattr__(self, "rate_per_s", rates)
        if self.latency_s is None:
            return
        latency_s = np.asarray(self.latency_s, dtype=np.float64)
        if latency_s.shape != shape or not (np.isfinite(latency_s) & (latency_s >= 0)).all():
            raise ConfigError(f"profile {self.kind!r}: latency_s: expected a time for each rate")
        object.__setattr__(self, "latency_s", latency_s)

    @classmethod
    def read(cls, path: str | PathLike[str], *, cost: float | None = None) -> Profile:
        """Read a profile of AIBrix's GPU optimizer.

        Parameters
        ----------
        path
            JSON with ``gpu``, ``cost``, ``indexes`` (lengths of answers, of prompts), ``tputs`` and
            perhaps ``e2e``; what else it holds is ignored.
        cost
            In place of that in the file.

        Raises
        ------
        FormatError
            If it cannot be read or holds no profile; names the file and what is wrong.
        """
        try:
            document = msgspec.json.decode(Path(path).read_bytes(), type=_Document)
            rates = _table("tputs", document.tputs)
            latency_s = None if document.e2e is None else _table("e2e", document.e2e)
            if len(document.indexes) != 2:
                raise FormatError(f"indexes: expected two lists, got {len(document.indexes)}")
            outputs, prompts = (np.array(ticks) for ticks in document.indexes)
            price = document.cost if cost is None else cost
            return cls(document.gpu, price, outputs, prompts, rates, latency_s)
        except OSError as error:
            raise FormatError(f"cannot read: {error.strerror}", path=path) from None
        except msgspec.DecodeError as error:
            raise FormatError(f"no profile: {error}", path=path) from None
        except UnicodeDecodeError as error:
            raise FormatError(f"no profile: {error}", path=path) from None
        except ConfigError as error:
            raise FormatError(str(error), path=path) from None
        except FormatError as error:
            raise error.located(path) from None

    def cell(self, prompt_tokens: float, output_tokens: float) -> tuple[int, int]:
        """Return the nearest measured lengths, by their logarithms; outside, those at the edge.

        Returns
        -------
        tuple
            Index of the length of answers, and of prompts.
        """
        return _nearest(self.output_tokens, output_tokens), _nearest(
            self.prompt_tokens, prompt_tokens
        )


def read_profiles(
    paths: Mapping[str, str],
    home: Path = Path(),
    costs: Mapping[str, float] = MappingProxyType({}),
) -> list[Profile]:
    """Return the profiles of several kinds of engines; see `Profile.read`.

    Parameters
    ----------
    paths
        By kind, whatever the files call it.
    home
        Folder that paths are relative to.
    costs
        Of an engine for an hour, in place of those in the files, by kind.

    Raises
    ------
    FormatError
        If a file holds no profile.
    """
    return [
        replace(Profile.read(home / path, cost=costs.get(kind)), kind=kind)
        for kind, path in paths.items()
    ]


class _Document(msgspec.Struct):
    gpu: str
    cost: float
    tputs: list[list[float]]
    indexes: list[list[float]]
    e2e: list[list[float]] | None = None


def _table(name: str, rows: list[list[float]]) -> Floats:
    lengths = {len(row) for row in rows}
    if len(lengths) != 1:
        raise FormatError(f"{name}: expected rows of one length, got {sorted(lengths)}")
    return np.array(rows, dtype=np.float64)


def _nearest(ticks: Floats, tokens: float) -> int:
    return int(np.abs(np.log2(ticks) - np.log2(max(tokens, 1.0))).argmin())
