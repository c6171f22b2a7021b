"""A few hundred moves from a plan, which native searches make in milliseconds."""

from __future__ import annotations

from headway import _core
from headway.errors import UnsupportedError
from headway.model import Schedule
from headway.model.tables import Ints
from headway.simulate.reschedule.basis import Basis
from headway.solve.flexible.shop import FlexibleShop
from headway.solve.shop.obstacles import native_shop

_POPULATION = 2
_TENURE = 10


def search(basis: Basis, plan: Schedule) -> Schedule | None:
    """Return what a few moves of tabu search make of a plan; None if none applies."""
    moves = basis.effort.moves
    best: list[tuple[Ints, ...]] = []

    def better(_value: int, *arrays: Ints) -> None:
        best[:] = [arrays]

    flag = _core.StopFlag()
    shop = basis.job_shop
    if shop is not None:
        tabu = _core.JobShopSearch(
            shop.native, _POPULATION, 2 * moves, _core.Neighbourhood.N7, _TENURE
        )
        tabu.offer(shop.order(plan))
        tabu.run(0, moves, flag, better)
        return shop.schedule(*best[0]) if best else None
    try:
        flexible = FlexibleShop(basis.problem)
    except UnsupportedError:
        return _search_any(basis, plan)
    both = _core.FlexibleSearch(flexible.native, _POPULATION, 2 * moves)
    both.offer(flexible.order(plan), plan.mode)
    both.run(0, moves, flag, better)
    return flexible.schedule(*best[0]) if best else None


def _search_any(basis: Basis, plan: Schedule) -> Schedule | None:
    """Return what a few moves make of the plan of any shop."""
    best: list[tuple[Ints, ...]] = []

    def better(_value: int, *arrays: Ints) -> None:
        best[:] = [arrays]

    native = native_shop(basis.problem)
    if isinstance(native, str):
        return None
    general = _core.ShopSearch(native, _POPULATION, 2 * basis.effort.moves)
    general.offer(plan.start, plan.mode)
    general.run(0, basis.effort.moves, _core.StopFlag(), better)
    return Schedule.of(basis.problem, *best[0]) if best else None
