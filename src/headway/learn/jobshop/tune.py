"""How much noise passes of a trained rule need, found on random instances."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import product

from headway import _core
from headway.learn.evolution import Floats
from headway.learn.jobshop.objective import Size, random_shops, split

TEMPERATURES = (0.2, 0.3, 0.45, 0.7, 1.0, 1.5)
SHARES = (0.05, 0.1, 0.2, 0.35)
PASSES = 64

_SIZES: tuple[Size, ...] = ((10, 10), (15, 15), (20, 15), (20, 20), (30, 20), (50, 15))
_EACH, _SEED = 5, 271_828_182


def noise(vector: Floats) -> dict[str, float]:
    """Return the settings of a rule from its parameters, shape (13,).

    Temperatures and shares are those of least mean excess, best of 64 passes, on random instances
    of their own.
    """
    weights, delta = split(vector[None])
    rule = _core.DispatchRule(weights, float(delta[0]))
    shops = random_shops(_SIZES, _EACH, _SEED)
    temperature, _ = _best(shops, rule, product(TEMPERATURES, (1.0,)))
    search_temperature, share = _best(shops, rule, product(TEMPERATURES, SHARES))
    return {
        "delta": float(delta[0]),
        "temperature": temperature,
        "search_temperature": search_temperature,
        "search_share": share,
    }


def _best(
    shops: Sequence[_core.DispatchShop],
    rule: _core.DispatchRule,
    choices: Iterable[tuple[float, float]],
) -> tuple[float, float]:
    return min(choices, key=lambda choice: sum(_excess(shop, rule, *choice) for shop in shops))


def _excess(
    shop: _core.DispatchShop, rule: _core.DispatchRule, temperature: float, share: float
) -> float:
    values: list[int] = []
    _core.dispatch_sampled(
        shop,
        rule,
        passes=PASSES,
        temperature=temperature,
        spread=0.0,
        share=share,
        noisy_first=False,
        seed=0,
        stop=_core.StopFlag(),
        on_improvement=lambda value, _start: values.append(value),
    )
    return values[-1] / shop.bound - 1
