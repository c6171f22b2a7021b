"""How many engines of which kinds serve a load at the least cost."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from headway.errors import ConfigError, InfeasibleError
from headway.serving.fleet.scaling.profile import Profile
from headway.serving.fleet.view import Floats, Ints

SLICES = 4


@dataclass(frozen=True, eq=False)
class Allocation:
    """A fleet for a load.

    Attributes
    ----------
    engines
        How many of each kind.
    cost
        Of all, per hour.
    share
        Of each cell's requests, the share that goes to each kind; shape (n_kinds, n_outputs,
        n_prompts), kinds in the order of `engines`.
    """

    engines: Mapping[str, int]
    cost: float
    share: Floats = field(repr=False)


def allocate(
    profiles: Sequence[Profile],
    rate_per_s: Floats,
    *,
    slices: int = SLICES,
    at_most: Mapping[str, int] | None = None,
    idle: int = 0,
) -> Allocation:
    """Return the cheapest engines that keep the limits under a load.

    The requests of each cell are cut in equal slices, each of which is served by one kind; engines
    of a kind are as many as their slices need together.

    Parameters
    ----------
    profiles
        Of the kinds there are, all with the same lengths.
    rate_per_s
        Requests per second of each length; shape (n_outputs, n_prompts).
    slices
        Parts of a cell that may go to different kinds.
    at_most
        Engines there are of a kind; those not named have no limit.
    idle
        Engines of the cheapest kind that are kept when there is no load.

    Raises
    ------
    ConfigError
        If there are no profiles, they differ in lengths or share a name, or the load has another
        shape.
    InfeasibleError
        If no kind keeps the limits for lengths that are asked for, or there are too few engines.

    Notes
    -----
    Melange: min Σ c_g y_g, every slice on one kind, Σ_s x_sg / T_g(s) ≤ y_g, with T the profile's
    rate. Slices of a cell are alike, so that whole numbers of them stand for the binaries: the same
    optimum without its symmetries. HiGHS solves it with gap 0.

    References
    ----------
    Griggs, Liu, Yu, Kim, Chiang, Cheung, Stoica (2024), Melange: cost efficient large language
    model serving by exploiting GPU heterogeneity.
    """
    load = _checked(profiles, rate_per_s, slices)
    kinds = [profile.kind for profile in profiles]
    cells = np.flatnonzero(load)
    share = np.zeros((len(profiles), load.size))
    if not len(cells):
        cheapest = min(range(len(profiles)), key=lambda g: profiles[g].cost)
        engines = {kind: idle * (g == cheapest) for g, kind in enumerate(kinds)}
        cost = idle * profiles[cheapest].cost
        return Allocation(engines, cost, share.reshape(-1, *load.shape))
    capacity = np.stack([profile.rate_per_s.ravel()[cells] for profile in profiles])
    _refuse_unserved(profiles[0], capacity, cells)
    limits = [math.inf if at_most is None else at_most.get(kind, math.inf) for kind in kinds]
    counts, engines_of = _solve(
        np.array([profile.cost for profile in profiles]),
        capacity,
        load.ravel()[cells] / slices,
        slices,
        np.array(limits, dtype=np.float64),
    )
    share[:, cells] = counts / slices
    cost = math.fsum(n * profile.cost for n, profile in zip(engines_of, profiles, strict=True))
    engines = dict(zip(kinds, engines_of.tolist(), strict=True))
    return Allocation(engines, cost, share.reshape(-1, *load.shape))


def _checked(profiles: Sequence[Profile], rate_per_s: Floats, slices: int) -> Floats:
    if not profiles:
        raise ConfigError("profiles: expected at least one")
    if slices < 1:
        raise ConfigError(f"slices: must be positive, got {slices}")
    first, kinds = profiles[0], [profile.kind for profile in profiles]
    if len(set(kinds)) < len(kinds):
        raise ConfigError(f"profiles: a kind is there twice: {', '.join(kinds)}")
    for profile in profiles[1:]:
        for name in ("output_tokens", "prompt_tokens"):
            if not np.array_equal(getattr(profile, name), getattr(first, name)):
                raise ConfigError(f"profiles {first.kind!r} and {profile.kind!r} differ in {name}")
    load = np.asarray(rate_per_s, dtype=np.float64)
    if load.shape != first.rate_per_s.shape:
        raise ConfigError(f"rate_per_s: expected shape {first.rate_per_s.shape}, got {load.shape}")
    if not (np.isfinite(load) & (load >= 0)).all():
        raise ConfigError("rate_per_s: must be finite and not negative")
    return load


def _refuse_unserved(profile: Profile, capacity: Floats, cells: Ints) -> None:
    unserved = cells[~(capacity > 0).any(axis=0)]
    if len(unserved):
        output, prompt = divmod(int(unserved[0]), len(profile.prompt_tokens))
        raise InfeasibleError(
            f"no kind of engine keeps the limits for prompts of"
            f" {profile.prompt_tokens[prompt]:g} and answers of"
            f" {profile.output_tokens[output]:g} tokens"
        )


def _solve(
    cost: Floats, capacity: Floats, slice_per_s: Floats, slices: int, limits: Floats
) -> tuple[Ints, Ints]:
    """Return slices of each cell on each kind, shape (n_kinds, n_cells), and engines of each."""
    from scipy.optimize import Bounds, LinearConstraint, milp

    kinds, cells = capacity.shape
    slots = kinds * cells
    can = capacity > 0
    need = np.divide(slice_per_s, capacity, out=np.zeros_like(capacity), where=can)
    every_slice = np.zeros((cells, slots + kinds))
    enough = np.zeros((kinds, slots + kinds))
    for g in range(kinds):
        columns = slice(g * cells, (g + 1) * cells)
        every_slice[:, columns] = np.eye(cells)
        enough[g, columns] = need[g]
        enough[g, slots + g] = -1
    result = milp(
        np.concatenate([np.zeros(slots), cost]),
        integrality=np.ones(slots + kinds),
        bounds=Bounds(0, np.concatenate([slices * can.ravel(), limits])),
        constraints=[
            LinearConstraint(every_slice, slices, slices),
            LinearConstraint(enough, -np.inf, 0),
        ],
        options={"mip_rel_gap": 0},
    )
    if result.x is None:
        raise InfeasibleError("there are too few engines of the kinds for this load")
    whole = np.rint(result.x).astype(np.int64)
    return whole[:slots].reshape(kinds, cells), whole[slots:]
