"""The solver ``shop``."""

from __future__ import annotations

from headway.solve.bounds import value_bound
from headway.solve.searcher import Searcher
from headway.solve.shop.obstacles import obstacle
from headway.solve.shop.search import ShopSearch

solve = Searcher(
    "shop", "tabu search on shops of any kind", obstacle, ShopSearch, value_bound, pace=40_000
)
